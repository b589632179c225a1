// What a person says of a recorded run: that it is healthy, or where it begins to loop.
import { labelRun } from "./api.js";
import { element, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { LoopForm } from "./loop-form.js";
import { announce } from "./toast.js";

let numbers = 0;

/** A label in words. */
export function labelWords({ label, channel, began = 0 }) {
  if (label === "healthy") return "marked healthy";
  if (!channel) return "marked as a loop";
  if (channel === "calls") return `marked as a loop after ${began} ${began === 1 ? "call" : "calls"}`;
  return `marked as a loop from byte ${began} of ${channel}`;
}

export class Marking {
  #run;
  #asks = false;
  #form = null;
  #busy = false;

  /** @param onLabel called with the label once the gateway has kept it */
  constructor(run, onLabel) {
    this.onLabel = onLabel;
    numbers += 1;
    const title = `marking-${numbers}`;
    this.healthy = this.#button("", "Healthy", () => this.#save({ label: "healthy" }));
    this.loop = this.#button("", "Loop…", () => this.#open());
    this.back = this.#button("quiet", "Cancel", () => this.#choose(false));
    this.change = this.#button("quiet", "Change", () => this.#choose(true));
    this.chip = element("span", { class: "chip" }, element("span", { class: "chip-word" }));
    this.place = element("div", { class: "marking-place" });
    this.problem = element("p", { class: "problem", role: "alert" });
    this.node = element(
      "div",
      { class: "marking", role: "group", "aria-labelledby": title, hidden: true },
      element("span", { id: title, class: "marking-title" }, "Mark this recording"),
      this.place,
      this.problem,
    );
    this.update(run);
  }

  update(run) {
    this.#run = run;
    this.node.hidden = run.recorded !== true;
    this.#draw();
  }

  /** Shows the choice, or what was chosen. */
  #choose(asks) {
    this.#asks = asks;
    this.#close();
    (asks ? this.healthy : this.change).focus();
  }

  #open() {
    this.#complain("");
    this.#form = new LoopForm(this.#run, {
      onSave: (label) => this.#save(label),
      onCancel: () => {
        this.#close();
        this.loop.focus();
      },
    });
    this.#draw();
    this.#form.focus();
  }

  #close() {
    this.#form = null;
    this.#complain("");
    this.#draw();
  }

  async #save(label) {
    if (this.#busy) return;
    this.#hold(true);
    this.#complain("");
    try {
      const kept = await labelRun(this.#run.id, label);
      this.onLabel(kept);
      this.#run = { ...this.#run, label: kept };
      // Whoever has gone elsewhere meanwhile is left there.
      const hadFocus = this.node.contains(document.activeElement) || document.activeElement === document.body;
      this.#asks = false;
      this.#close();
      if (hadFocus) this.change.focus();
      announce(`${this.#run.model || "The run"}: ${labelWords(kept)}`);
    } catch (failure) {
      this.#complain(failure.message);
    }
    this.#hold(false);
  }

  #complain(text) {
    setText(this.problem, text);
  }

  #hold(busy) {
    this.#busy = busy;
    const buttons = [this.healthy, this.loop, this.back, this.change, ...(this.#form?.node.querySelectorAll("button") ?? [])];
    for (const button of buttons) setAttribute(button, "aria-disabled", busy ? "true" : null);
  }

  #draw() {
    const { label } = this.#run;
    const choice = [this.healthy, this.loop, label ? this.back : null].filter(Boolean);
    const shown = this.#form ? [this.#form.node] : label && !this.#asks ? [this.chip, this.change] : choice;
    if (label) this.#drawChip(label);
    // What is there already stays, and with it the focus.
    const isShown = shown.length === this.place.children.length && shown.every((node, at) => this.place.children[at] === node);
    if (!isShown) this.place.replaceChildren(...shown);
  }

  #drawChip(label) {
    const picture = label.label === "healthy" ? "check" : "loop";
    if (!this.chip.querySelector(`.icon-${picture}`)) {
      this.chip.querySelector("svg")?.remove();
      this.chip.prepend(icon(picture));
    }
    setText(this.chip.lastChild, labelWords(label));
    setAttribute(this.change, "aria-label", `Change: ${labelWords(label)}`);
  }

  #button(kind, text, act) {
    const click = () => this.#busy || act();
    return element("button", { type: "button", class: kind || null, on: { click } }, text);
  }
}
