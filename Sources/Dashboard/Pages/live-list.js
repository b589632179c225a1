// The runs that are going on, as trees.
import { byId, element, oncePerFrame, setText } from "./dom.js";
import { getRun, getText } from "./api.js";
import { plural } from "./format.js";
import { RunRow } from "./run-row.js";
import { forest, isLive, liveBelow } from "./run-store.js";

/** How long a tree stays after its last run has ended: one wants to see how. */
const lingers = 8_000;

export class LiveList {
  #rows = new Map();
  #ended = new Map();
  #wanted = new Set();
  #looking = new Set();
  #fetching = false;

  constructor(store) {
    this.store = store;
    this.list = byId("live");
    this.draw = oncePerFrame(() => this.#draw());
    store.onChange((run, news) => {
      if (!isLive(run) && !this.#rows.has(run.id) && news === "list") return;
      if (news === "progress") this.#wantTail(run.id);
      if (news === "progress" && run.ttft_ms === null) this.#lookAt(run.id);
      this.draw();
    });
    setInterval(() => this.#tick(), 1000);
  }

  /** When the first token came is only in the run itself. */
  async #lookAt(id) {
    if (this.#looking.has(id)) return;
    this.#looking.add(id);
    await getRun(id).then((run) => this.store.merge(run, "answer"), () => {});
    this.#looking.delete(id);
  }

  #draw() {
    const trees = forest(this.store.all()).filter((node) => this.#stays(node));
    const shown = new Set();
    this.#arrange(this.list, trees, 0, shown);
    for (const [id, row] of this.#rows) {
      if (shown.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
      this.#ended.delete(id);
    }
    for (const run of this.store.all()) if (!isLive(run) && !shown.has(run.id)) this.store.forget(run.id);
    const live = this.store.all().filter(isLive).length;
    setText(byId("live-count"), live ? plural(live, "run") : "");
    byId("nothing-live").hidden = trees.length > 0;
    byId("live-head").hidden = trees.length === 0;
    document.title = live ? `(${live}) loopguard` : "loopguard";
  }

  /** A tree stays while anything in it lives, a little longer, and while somebody looks into it. */
  #stays(node) {
    const { id } = node.run;
    if (isLive(node.run) || liveBelow(node) > 0) {
      this.#ended.delete(id);
      return true;
    }
    const row = this.#rows.get(id);
    if (!row) return false;
    if (!this.#ended.has(id)) this.#ended.set(id, performance.now());
    const attended = row.node.contains(document.activeElement) || row.node.querySelector('[aria-expanded="true"]');
    return attended || performance.now() - this.#ended.get(id) < lingers;
  }

  /** Puts the rows of some nodes into a list, moving only those that are out of place. */
  #arrange(list, nodes, depth, shown) {
    nodes.forEach((node, place) => {
      const row = this.#rowOf(node.run);
      shown.add(node.run.id);
      row.update(node.run, liveBelow(node), depth);
      if (list.children[place] !== row.node) list.insertBefore(row.node, list.children[place] ?? null);
      if (node.children.length) {
        row.below ??= element("ul", { class: "runs", "aria-label": "Runs below" });
        if (row.below.parentNode !== row.node) row.node.append(row.below);
        this.#arrange(row.below, node.children, depth + 1, shown);
      } else {
        row.below?.remove();
        row.below = null;
      }
    });
  }

  #rowOf(run) {
    let row = this.#rows.get(run.id);
    if (!row) {
      row = new RunRow(run, this.store);
      this.#rows.set(run.id, row);
      this.#wantTail(run.id);
    }
    return row;
  }

  #tick() {
    for (const row of this.#rows.values()) if (isLive(row.run)) row.tick();
    if (this.#ended.size) this.draw();
  }

  // What a run writes is only in its own event stream, and a browser has six connections for everything: so the short
  // tails are asked for, one after the other, of the runs in sight that have news.

  #wantTail(id) {
    this.#wanted.add(id);
    if (this.#fetching) return;
    this.#fetching = true;
    // Not before the row has its place.
    setTimeout(() => this.#fetchTails(), 50);
  }

  async #fetchTails() {
    while (this.#wanted.size) {
      const [id] = this.#wanted;
      this.#wanted.delete(id);
      const row = this.#rows.get(id);
      if (!row || !isLive(row.run) || document.hidden || !isInSight(row.line)) continue;
      const text = await getText(id, 240).catch(() => null);
      if (text) row.showTail(text);
    }
    this.#fetching = false;
  }
}

function isInSight(node) {
  const { top, bottom } = node.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}
