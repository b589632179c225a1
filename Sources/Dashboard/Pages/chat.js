// The page of a chat: one conversation, one button that sends and stops.
import { drawAction } from "./action-button.js";
import { allEvents, getRun, getText, stopRun } from "./api.js";
import { ChatOptions } from "./chat-options.js";
import { listModels, newRunID } from "./completion.js";
import { answer, load, question, save } from "./conversation.js";
import { byId, oncePerFrame, setAttribute, setText } from "./dom.js";
import { EventFeed, followWhileVisible } from "./events.js";
import { converse, paint } from "./generation.js";
import { MessageView } from "./message-view.js";
import { completeOutcome, outcomeOf, summary } from "./outcome.js";
import { isLive, isTerminalEvent } from "./run-store.js";
import { idle, isLive as isBusy, isStopping, next, reasons } from "./stop-button.js";
import { patience } from "./stop-control.js";
import { toast } from "./toast.js";
import { Turn } from "./turn.js";

const messages = load();
const views = new Map();
const options = new ChatOptions();
const prompt = byId("prompt");
const action = byId("action");

let machine = idle;
/** The turn that the button is about, and those before it that still hold a connection. */
let turn = null;
const turns = new Map();
/** Messages to draw anew with the next frame. */
const changed = new Set();

// Drawing

const draw = oncePerFrame(() => {
  const box = byId("scroll");
  const following = box.scrollTop + box.clientHeight >= box.scrollHeight - 48;
  for (const message of messages) viewOf(message);
  for (const message of changed) views.get(message)?.update();
  changed.clear();
  drawButton();
  for (const view of views.values()) view.offerAgain(!isBusy(machine) && view.message === messages.at(-1));
  byId("welcome").hidden = messages.length > 0;
  byId("log").setAttribute("aria-busy", String(isBusy(machine)));
  if (following) box.scrollTop = box.scrollHeight;
});

function viewOf(message) {
  let view = views.get(message);
  if (!view) {
    view = new MessageView(message, { again: () => regenerate(message) });
    views.set(message, view);
    byId("log").append(view.node);
  }
  return view;
}

const drawButton = () => drawAction(action, machine, prompt.value.trim() !== "");
const say = (text) => setText(byId("turn-status"), text);

// The button

function send(event) {
  const [state, effects] = next(machine, event);
  machine = state;
  for (const effect of effects) perform(effect, effect.owner ?? event.owner);
  const about = turns.get(machine.owner);
  if (about && !isStopping(machine)) {
    about.release();
    changed.add(about.message);
  }
  if (machine.phase === "requesting") say("Stopping…");
  draw();
}

function perform(effect, owner) {
  const about = turns.get(owner);
  switch (effect.type) {
    case "post": return post(about);
    case "force": return about.controller.abort();
    case "watch": return setTimeout(() => send({ type: "late", owner }), patience());
    case "poll": return about && look(about);
    case "release": return letGo(owner);
    case "toast": {
      if (effect.reason !== "failed") return toast(reasons[effect.reason] ?? effect.reason);
      say("Generating");
      return toast(reasons.failed, { kind: "alarm", action: { label: "Retry", run: () => send({ type: "click", owner }) } });
    }
  }
}

async function post({ owner, runID }) {
  try {
    const said = await stopRun(runID, { scope: "tree" });
    if (said.cancelled) send({ type: "accepted", owner });
    else send({ type: "refused", owner, reason: said.reason, ended: said.state !== null && !isLive(said) });
  } catch {
    send({ type: "failed", owner });
  }
}

/** An earlier turn's late news: its own connection is closed if it is over, and nothing else is touched. */
function letGo(owner) {
  const old = turns.get(owner);
  if (!old || old === turn || old.message.pending) return;
  old.controller.abort();
  turns.delete(owner);
}

/** Asks the gateway how a run stands. */
async function look(about) {
  try {
    const run = await getRun(about.runID);
    if (!isLive(run)) learn(about, run);
  } catch {
    // Its own stream will tell.
  }
}

// A turn

function take(message) {
  turn = new Turn(message);
  turns.set(turn.owner, turn);
  send({ type: "start", owner: turn.owner });
}

/** Has the answer made, and follows it to its end. */
async function follow(current) {
  const before = messages.slice(0, messages.indexOf(current.message));
  const hear = (part) => {
    if (!current.message.pending) return;
    current.add(part, machine.owner === current.owner && isStopping(machine));
    changed.add(current.message);
    draw();
  };
  settle(current, await (current.message.image ? paint(current, before, options) : converse(current, before, options, hear)));
  if (current !== turn) turns.delete(current.owner);
}

/** The gateway says that a run is over. One that ended by itself is over here when its text is, which may come later. */
function learn(about, run) {
  if (run.state !== "completed" || about.message.restored) settle(about, run);
  else if (isStopping(machine)) send({ type: "terminal", owner: about.owner });
}

/** How a turn ended. The first to say so is believed; what comes later only completes it. */
function settle(current, run) {
  const { message } = current;
  send({ type: "terminal", owner: current.owner });
  if (message.outcome) {
    completeOutcome(message.outcome, run);
  } else {
    if (run.state !== "stopped") current.release();
    message.pending = false;
    message.figures = current.figures;
    message.outcome = outcomeOf(run, current.clicked);
  }
  if (current === turn) say(summary(message.outcome, current));
  changed.add(message);
  save(messages);
  draw();
}

function submit() {
  const text = prompt.value.trim();
  if (!text || isBusy(machine) || !options.check()) return;
  prompt.value = "";
  messages.push(question(text));
  reply(options.image);
}

function reply(image) {
  const message = answer(newRunID(), image);
  messages.push(message);
  take(message);
  say("Generating");
  save(messages);
  follow(turn);
  byId("scroll").scrollTop = byId("scroll").scrollHeight;
}

function regenerate(message) {
  if (isBusy(machine) || messages.at(-1) !== message || !options.check()) return;
  messages.pop();
  views.get(message).node.remove();
  views.delete(message);
  prompt.focus();
  reply(message.image);
}

function stop() {
  if (machine.phase !== "running" && machine.phase !== "overdue") return;
  turn.clicked = true;
  send({ type: "click", owner: turn.owner });
}

action.addEventListener("click", () => (isBusy(machine) ? stop() : submit()));
byId("composer").addEventListener("submit", (event) => event.preventDefault());
prompt.addEventListener("input", drawButton);
prompt.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "Escape" && machine.phase === "running") {
    event.preventDefault();
    stop();
  } else if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    submit();
  }
});
byId("clear").addEventListener("click", () => {
  if (isBusy(machine)) return toast("Stop the answer first");
  messages.length = 0;
  views.clear();
  byId("log").replaceChildren();
  say("");
  save(messages);
  draw();
  prompt.focus();
});

// What the gateway says

const feed = new EventFeed(allEvents(), {
  onEvent(name, data) {
    const about = [...turns.values()].find(({ runID }) => runID === data.run_id);
    if (!about) return;
    if (name === "state" && data.state === "stopping") send({ type: "observed", owner: about.owner });
    if (name === "state" && data.state === "queued" && about === turn) say("Queued");
    if (isTerminalEvent(name)) learn(about, { ...data.run, state: data.run?.state ?? data.state ?? "stopped" });
  },
  onStatus(state, failure) {
    const text = { live: "Live", waiting: "Reconnecting…", refused: failure?.message ?? "Not allowed" }[state];
    setText(byId("connection-word"), text);
    setAttribute(byId("connection"), "data-state", state);
    if (state === "live") for (const about of turns.values()) if (about.message.restored || isStopping(machine)) restore(about);
  },
});

/** After a reload: an answer that was being written. Its connection is gone, its run is looked up. */
async function restore(about) {
  if (!about.message.pending) return;
  try {
    const run = await getRun(about.runID);
    if (run.state === "stopping") send({ type: "observed", owner: about.owner });
    if (isLive(run)) return;
    if (about.message.restored) await recall(about);
    settle(about, run);
  } catch (failure) {
    if (failure.status === 404 && about.message.restored) settle(about, { state: "disconnected", text: "The page was left." });
  }
}

/** What the gateway remembers of the text, where it is more than we do. */
async function recall({ runID, message }) {
  const text = await getText(runID, 100_000).catch(() => null);
  if (text && !text.truncated && text.content.length > message.content.length) message.content = text.content;
}

function resume() {
  const message = messages.at(-1);
  // A page that is left loses its connections first, and has noted that as a failure.
  if (!message?.pending && !message?.outcome?.lost) return;
  Object.assign(message, { restored: true, pending: true, outcome: null });
  take(message);
}

addEventListener("pagehide", () => save(messages));
listModels(options.engineKey).then(
  (models) => options.offer(models),
  ({ status, message }) => say(status === 401 ? "The engine wants a key: put it under Options." : `No models: ${message}`),
);
options.onKey = () => listModels(options.engineKey).then((models) => options.offer(models), () => {});
resume();
followWhileVisible(feed);
draw();
