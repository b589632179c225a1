// The page of runs: what goes on, what has ended, the last hour.
import { agentAddress, allEvents, getRun, getStats, listRuns } from "./api.js";
import { Charts } from "./charts.js";
import { setGatewayTime } from "./clock.js";
import { byId, setAttribute, setText } from "./dom.js";
import { sentence } from "./evidence.js";
import { EventFeed, followWhileVisible } from "./events.js";
import { History } from "./history.js";
import { LiveList } from "./live-list.js";
import { RunStore, isLive } from "./run-store.js";
import { announce } from "./toast.js";

const statsEvery = 5_000;

const store = new RunStore();
new LiveList(store);
const ended = new History(store);
const charts = new Charts();

for (const place of document.querySelectorAll(".agent-address")) setText(place, agentAddress());
byId("copy-address")?.addEventListener("click", () => {
  navigator.clipboard?.writeText(agentAddress()).then(() => announce("Copied"));
});

async function loadLive() {
  const answer = await listRuns({ state: "live", limit: 500 });
  setGatewayTime(answer.now);
  const live = new Set(answer.data.map((run) => run.id));
  for (const run of answer.data) store.merge(run);
  // What was live when the connection broke, and is not any more, ended unseen.
  for (const run of store.all()) if (isLive(run) && !live.has(run.id)) reread(run.id);
}

async function reread(id) {
  try {
    store.merge(await getRun(id), "answer");
  } catch (failure) {
    if (failure.status === 404) store.forget(id);
  }
}

async function loadStats() {
  if (document.hidden) return;
  try {
    const stats = await getStats();
    setGatewayTime(stats.now);
    charts.update(stats);
    setText(byId("engine-name"), [stats.engine !== "generic" && stats.engine, stats.upstream].filter(Boolean).join(" at "));
    setText(byId("version"), stats.version ? `loopguard ${stats.version}` : "loopguard");
  } catch {
    // The state of the connection is shown already.
  }
}

function showConnection(state, failure) {
  const text = { live: "Live", waiting: "Reconnecting…", refused: failure?.message ?? "Not allowed" }[state];
  setText(byId("connection-word"), text);
  setAttribute(byId("connection"), "data-state", state);
}

const feed = new EventFeed(allEvents(), {
  onEvent(name, data) {
    store.apply(name, data);
    if (name === "trip" && data.mode === "stop") announce(`Loop found, ${sentence(data.detector, data.evidence)}`);
  },
  onStatus(state, failure) {
    showConnection(state, failure);
    if (state === "live") refresh();
  },
});

function refresh() {
  loadLive().catch((failure) => showConnection("refused", failure));
  ended.reload();
  loadStats();
}

followWhileVisible(feed);
setInterval(loadStats, statsEvery);
