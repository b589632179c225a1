// One run in a list: a line of what matters, what is below it, and all the rest when it is opened.
import { element, setAttribute, setText } from "./dom.js";
import { sentence } from "./evidence.js";
import { duration, moment, rate, time } from "./format.js";
import { icon } from "./icons.js";
import { RunDetail } from "./run-detail.js";
import { isLive, tokensPerSecond } from "./run-store.js";
import { reasonText, stateChip, updateChip } from "./state-chip.js";
import { StopControl } from "./stop-control.js";
import { millisecondsSince } from "./clock.js";

let numbers = 0;

export class RunRow {
  #run;
  #detail = null;

  /** @param store takes in what the row's own answers and events say */
  constructor(run, store) {
    this.store = store;
    numbers += 1;
    const place = `detail-${numbers}`;
    this.stop = new StopControl((answer) => store.merge(answer, "answer"));
    this.chip = stateChip(run);
    this.model = element("span", { class: "model" });
    this.client = element("span", { class: "client" });
    this.toggle = element(
      "button",
      { type: "button", class: "toggle", "aria-expanded": "false", "aria-controls": place, on: { click: () => this.open(!this.#detail) } },
      icon("open"),
      this.model,
    );
    this.rate = element("span", { class: "value" });
    this.first = element("span", { class: "value" });
    this.age = element("span", { class: "value" });
    this.tail = element("span", { class: "tail-text" });
    this.detailPlace = element("div", { id: place, class: "detail-place", hidden: true });
    this.line = element(
      "div",
      { class: "line" },
      element("div", { class: "who" }, this.toggle, this.client),
      element("div", { class: "state" }, this.chip),
      figure("tokens/s", this.rate),
      figure("first token", this.first),
      figure("time", this.age),
      element("div", { class: "tail" }, this.tail),
      element("div", { class: "actions" }, this.stop.node),
    );
    this.node = element("li", { class: "run", "data-run": run.id }, this.line, this.detailPlace);
    this.update(run, 0);
  }

  get run() {
    return this.#run;
  }

  get isOpen() {
    return this.#detail !== null;
  }

  update(run, below, depth = 0) {
    this.#run = run;
    setText(this.model, run.model || "no model named");
    setText(this.client, [run.client, run.kind && run.kind.replaceAll("_", " ")].filter(Boolean).join(" · "));
    setAttribute(this.node, "data-state", run.state);
    this.node.style.setProperty("--depth", Math.min(depth, 6));
    updateChip(this.chip, run);
    setText(this.rate, rate(tokensPerSecond(run)));
    setText(this.first, duration(run.ttft_ms));
    this.tick();
    if (!isLive(run)) this.#drawOutcome();
    else if (!this.tail.textContent || this.tail.dataset.kind === "waiting") this.#drawWaiting();
    this.stop.update(run, below);
    this.#detail?.update(run);
  }

  /** The time it has taken so far, or the time of day it began. */
  tick() {
    const run = this.#run;
    setText(this.age, isLive(run) ? duration(Math.max(1000, millisecondsSince(run.started))) : duration(run.duration_ms));
    if (!this.age.title) this.age.title = moment(run.started);
  }

  /** The end of what it writes. */
  showTail({ content, reasoning, tool_calls: calls }) {
    const call = calls?.at(-1);
    const text = content || (call ? `${call.name} ${call.arguments}` : reasoning) || "";
    if (!text || !isLive(this.#run)) return;
    setAttribute(this.tail, "data-kind", content ? null : call ? "call" : "reasoning");
    setText(this.tail, text.slice(-200).replace(/\s+/g, " "));
  }

  open(wanted) {
    if (wanted === this.isOpen) return;
    setAttribute(this.toggle, "aria-expanded", String(wanted));
    this.node.classList.toggle("open", wanted);
    if (wanted) {
      this.#detail = new RunDetail(this.#run, (name, data) => this.store.apply(name, data));
      this.detailPlace.append(this.#detail.node);
    } else {
      this.#detail.close();
      this.#detail.node.remove();
      this.#detail = null;
    }
    this.detailPlace.hidden = !wanted;
  }

  remove() {
    this.open(false);
    this.node.remove();
  }

  #drawWaiting() {
    const waiting = { queued: "waits for its turn", sent: "the engine reads the prompt" }[this.#run.state];
    setAttribute(this.tail, "data-kind", waiting ? "waiting" : null);
    setText(this.tail, waiting ?? "");
  }

  #drawOutcome() {
    const run = this.#run;
    setAttribute(this.tail, "data-kind", "outcome");
    if (run.detector) {
      const quote = run.evidence?.unit ?? run.evidence?.line ?? run.evidence?.sentence ?? run.evidence?.template;
      const nodes = [`${sentence(run.detector, run.evidence)} `];
      if (quote) nodes.push(element("mark", { class: "even" }, String(quote).replace(/\s+/g, " ").slice(0, 120)));
      this.tail.replaceChildren(...nodes);
    } else {
      setText(this.tail, [time(run.started), reasonText(run)].filter(Boolean).join(" · "));
    }
  }
}

/** A figure carries its name; where there are columns with headings, only for who cannot see them. */
const figure = (name, value) => element("div", { class: "figure" }, element("span", { class: "name" }, `${name} `), value);
