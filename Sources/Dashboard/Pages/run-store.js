// What is known about runs. Lists, answers and events may come late, twice and out of order; a run only ever moves on.
import { millisecondsSince } from "./clock.js";

const order = ["queued", "sent", "streaming", "stopping"];
const rank = (state) => (order.includes(state) ? order.indexOf(state) : order.length);

export const isLive = (run) => order.includes(run.state);

const terminals = { done: "completed", failed: "failed", disconnected: "disconnected", cancel: "stopped" };
export const isTerminalEvent = (name) => name in terminals;

export class RunStore {
  #runs = new Map();
  #listeners = [];

  /** Calls back with the run whenever one has changed; `news` is the name of the event it was changed by. */
  onChange(listener) {
    this.#listeners.push(listener);
  }

  get(id) {
    return this.#runs.get(id);
  }

  all() {
    return [...this.#runs.values()];
  }

  forget(id) {
    this.#runs.delete(id);
  }

  /** Takes in a run object. An older picture of a run does not undo a newer one; a new generation is a new run. */
  merge(run, news = "list") {
    const known = this.#runs.get(run.id);
    if (known && run.generation < known.generation) return;
    const goesOn = known && known.generation === run.generation;
    if (goesOn && rank(run.state) < rank(known.state)) return;
    this.#keep(goesOn ? { ...known, ...run } : { ...run }, news);
  }

  /** Takes in an event of `/v1/runs/events`. */
  apply(name, data) {
    if (data.run) return this.merge({ ...data.run, ...(isTerminalEvent(name) ? ending(name, data) : {}) }, name);
    const run = this.#runs.get(data.run_id);
    if (!run) return;
    switch (name) {
      case "state":
        if (rank(data.state) >= rank(run.state)) this.#keep({ ...run, state: data.state, reason: data.reason ?? run.reason }, name);
        break;
      case "progress": {
        const { events, bytes, tokens_per_second: rate } = data;
        if (isLive(run)) this.#keep({ ...run, events, bytes, rate }, name);
        break;
      }
      case "trip": {
        const { detector, mode, evidence, channel, byte } = data;
        const verdict = { detector, mode, evidence, channel, byte };
        if (mode === "stop") this.#keep({ ...run, ...verdict }, name);
        else if (!warned(run, data)) this.#keep({ ...run, warnings: [...(run.warnings ?? []), verdict] }, name);
        break;
      }
      case "label":
        this.#keep({ ...run, label: data.label }, name);
        break;
      case "engine":
        this.#keep({ ...run, engine: data.engine }, name);
        break;
      default:
        if (isTerminalEvent(name)) this.#keep({ ...run, ...ending(name, data) }, name);
    }
  }

  #keep(run, news) {
    this.#runs.set(run.id, run);
    for (const listener of this.#listeners) listener(run, news);
  }
}

/** Whether a warning is known already: what is told again after a break was in the list as well. */
const warned = ({ warnings = [] }, { detector, evidence }) =>
  warnings.some((one) => one.detector === detector && JSON.stringify(one.evidence) === JSON.stringify(evidence));

/** How a terminal event says that a run ended. */
function ending(name, data) {
  const end = { state: data.state ?? data.run?.state ?? terminals[name] };
  if (rank(end.state) < order.length) end.state = terminals[name];
  if (data.reason) end.reason = data.reason;
  if (data.engine) end.engine = data.engine;
  return end;
}

/** Runs as trees, newest first: `[{run, children}]`. A run whose parent is not among them is a root. */
export function forest(runs) {
  const nodes = new Map(runs.map((run) => [run.id, { run, children: [] }]));
  const roots = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.run.parent);
    if (parent && !descends(parent, node, nodes)) parent.children.push(node);
    else roots.push(node);
  }
  const byStart = (direction) => (left, right) => direction * (left.run.started - right.run.started);
  for (const node of nodes.values()) node.children.sort(byStart(1));
  return roots.sort(byStart(-1));
}

/** Whether `node` lies above itself; what clients say about their parents is not to be believed. */
function descends(from, node, nodes) {
  for (let depth = 0, at = from; at && depth < 64; depth += 1, at = nodes.get(at.run.parent)) if (at === node) return true;
  return false;
}

/** How many runs below a node are live. */
export const liveBelow = (node) =>
  node.children.reduce((sum, child) => sum + (isLive(child.run) ? 1 : 0) + liveBelow(child), 0);

/** How fast a run writes: as last measured while it is live, else on the whole of the time it has taken. */
export function tokensPerSecond(run) {
  if (isLive(run) && run.rate !== undefined) return run.rate;
  const taken = isLive(run) ? millisecondsSince(run.started) : run.duration_ms;
  const seconds = (taken - (run.ttft_ms ?? 0)) / 1000;
  const tokens = run.tokens ?? run.events;
  return run.ttft_ms && seconds > 0.05 && tokens ? tokens / seconds : null;
}
