// Buttons that stop one run, driven by the machine in stop-button.js.
import { getRun, stopRun } from "./api.js";
import { element, setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { idle, isStopping, label, next, reasons } from "./stop-button.js";
import { isLive } from "./run-store.js";
import { announce, toast } from "./toast.js";

/** How long an end may take before the gateway is asked how it stands. */
export const patience = () => Number(document.documentElement.dataset.stopPatienceMs ?? 10_000);

export class StopControl {
  #state = idle;
  #run;
  #below = 0;
  #owners = new Map();

  /** @param onRun called with a run object that the gateway has given in an answer */
  constructor(onRun) {
    this.onRun = onRun;
    this.main = this.#button("stop", () => this.#ask(this.#below > 0 ? "tree" : "run"));
    this.single = this.#button("stop quiet", () => this.click({ scope: "run" }));
        this.node = element("div", { class: "stop-control" }, this.main, this.single);
  }

  /** Takes note of the run as it is now. */
  update(run, below) {
    const owner = `${run.id} ${run.generation}`;
    this.#run = run;
    this.#below = below;
    if (this.#state.owner !== owner && isLive(run)) {
      this.#owners.set(owner, { id: run.id, generation: run.generation });
      this.#send({ type: "start", owner });
    }
    if (run.state === "stopping") this.#send({ type: "observed", owner });
    else if (!isLive(run)) this.#send({ type: "terminal", owner });
    this.#draw();
  }

  click({ scope = "tree", mode = "immediate" } = {}) {
    this.#send({ type: "click", owner: this.#state.owner, scope, mode });
  }

  /** More than one run below is a reason to ask first. */
  #ask(scope) {
    if (this.#below < 2 || this.#state.phase !== "running") return this.click({ scope });
    confirmTree(this.#run, this.#below).then((mode) => mode && this.click({ scope, mode }));
  }

  #send(event) {
    const [state, effects] = next(this.#state, event);
    this.#state = state;
    const owner = state.owner;
    for (const effect of effects) this.#do(effect, owner);
    this.#draw();
  }

  async #do(effect, owner) {
    switch (effect.type) {
      case "post": return this.#post(owner, effect);
      case "force": return this.#post(owner, { scope: "run", mode: "immediate" });
      case "watch": return setTimeout(() => this.#send({ type: "late", owner }), patience());
      case "poll": return getRun(this.#owners.get(owner).id).then(this.onRun, () => {});
      case "release": return this.#owners.delete(effect.owner);
      case "toast": return this.#say(effect);
    }
  }

  async #post(owner, { scope, mode }) {
    const { id, generation } = this.#owners.get(owner);
    try {
      const answer = await stopRun(id, { scope, mode, generation });
      const ended = !["queued", "sent", "streaming", "stopping"].includes(answer.state);
      if (answer.cancelled) this.#send({ type: "accepted", owner });
      else this.#send({ type: "refused", owner, reason: answer.reason, ended });
    } catch {
      this.#send({ type: "failed", owner });
    }
  }

  #say({ reason, retry }) {
    const text = reasons[reason] ?? reason;
    if (!retry) return toast(text);
    toast(text, { kind: "alarm", action: { label: "Retry", run: () => this.click() } });
  }

  #draw() {
    const stopping = isStopping(this.#state);
    const overdue = this.#state.phase === "overdue";
    const live = stopping || this.#state.phase === "running";
    const words = label(this.#state, this.#below);
    const name = this.#run?.model ? `${words}, ${this.#run.model}` : words;
    this.#paint(this.main, words, stopping && !overdue, name);
    this.single.hidden = this.#below === 0;
    this.#paint(this.single, "Only this", stopping, `Stop only this run, ${this.#run?.model ?? ""}`);
    this.#show(live);
  }

  #paint(button, words, busy, name) {
    if (button.lastChild.textContent !== words) button.lastChild.textContent = words;
    setAttribute(button, "aria-label", name);
    setAttribute(button, "aria-disabled", busy ? "true" : null);
    setAttribute(button, "data-busy", busy);
    const picture = busy ? "wait" : "stop";
    if (!button.querySelector(`.icon-${picture}`)) button.querySelector("svg").replaceWith(icon(picture));
  }

  /** Whoever has the focus on a button that goes keeps a place in the row. */
  #show(live) {
    if (this.node.hidden === !live) return;
    if (!live && this.node.contains(document.activeElement)) this.node.closest(".run")?.querySelector(".toggle")?.focus();
    this.node.hidden = !live;
    if (!live && this.wasStopping) announce(`${this.#run.model || "The run"}: ${this.#run.state}`);
  }

  #button(kind, act) {
    const click = () => {
      if (!isStopping(this.#state) || this.#state.phase === "overdue") {
        this.wasStopping = true;
        act();
      }
    };
    return element("button", { type: "button", class: kind, on: { click } }, icon("stop"), document.createTextNode("Stop"));
  }
}

/** Asks before several runs are stopped. Resolves to the mode, or to null. */
function confirmTree(run, below) {
  return new Promise((resolve) => {
    const choice = (value, kind, text) => element("button", { type: "submit", class: kind, value }, text);
    const dialog = element(
      "dialog",
      { "aria-labelledby": "confirm-title" },
      element(
        "form",
        { method: "dialog" },
        element("h2", { id: "confirm-title" }, `Stop ${below + 1} runs?`),
        element("p", {}, `The run of ${run.model || "this client"} and the ${below} below it that are still going. Their text is kept.`),
        element(
          "div",
          { class: "buttons" },
          choice("", "quiet", "Keep running"),
          choice("boundary", "quiet", "After the current calls"),
          choice("immediate", "primary danger", `Stop ${below + 1} runs`),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue || null);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector(".danger").focus();
  });
}
