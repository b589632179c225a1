// The question where a loop begins.
import { element, setText } from "./dom.js";
import { words } from "./format.js";
import { loopStart } from "./loop-start.js";

const channels = { content: "content", reasoning: "reasoning", arguments: "arguments of a call", calls: "calls" };

let numbers = 0;

export class LoopForm {
  #known;
  #edited = false;

  /** @param run what is known of its loop is filled in: its label, else what a detector found */
  constructor(run, { onSave, onCancel }) {
    const { label } = run;
    this.#known = label?.label === "loop" && label.channel ? { ...label, exact: true } : loopStart(run);
    numbers += 1;
    const [channel, began, hint] = ["channel", "began", "hint"].map((name) => `loop-${name}-${numbers}`);
    const options = Object.entries(channels).map(([value, text]) => element("option", { value }, text));
    this.channel = element("select", { id: channel, on: { change: () => this.#fill() } }, ...options);
    this.channel.value = this.#known?.channel ?? "content";
    this.began = element("input", {
      id: began, type: "number", min: "0", step: "1", inputmode: "numeric", autocomplete: "off", "aria-describedby": hint,
      on: { input: () => (this.#edited = true) },
    });
    this.name = element("label", { for: began });
    this.hint = element("p", { id: hint, class: "muted" });
    const submit = (event) => {
      event.preventDefault();
      onSave(this.#label());
    };
    const escape = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      onCancel();
    };
    this.node = element(
      "form",
      // The gateway says what is wrong, in the same place as everything else that it refuses.
      { class: "loop-form", novalidate: true, on: { submit, keydown: escape } },
      element("div", { class: "field" }, element("label", { for: channel }, "Channel"), this.channel),
      element("div", { class: "field" }, this.name, this.began),
      element(
        "div",
        { class: "marking-place" },
        element("button", { type: "submit", class: "primary" }, "Save"),
        element("button", { type: "button", class: "quiet", on: { click: onCancel } }, "Cancel"),
      ),
      this.hint,
    );
    this.#fill();
  }

  focus() {
    this.channel.focus();
  }

  #label() {
    const label = { label: "loop", channel: this.channel.value };
    // What is no number at all is sent as such, for the gateway to refuse.
    if (this.began.validity.badInput) return { ...label, began: "" };
    return this.began.value === "" ? label : { ...label, began: Number(this.began.value) };
  }

  /** What is known belongs to one channel; what was typed stays. */
  #fill() {
    const calls = this.channel.value === "calls";
    const known = this.#known?.channel === this.channel.value ? this.#known : null;
    if (!this.#edited) this.began.value = known?.began ?? "";
    setText(this.name, calls ? "Calls before it" : "Begins at byte");
    const counts = calls
      ? "Counts the calls of the response that come before the loop."
      : "Counts the bytes (UTF-8) of this channel's own text that come before the first repeated part, without the JSON around it.";
    setText(this.hint, `${counts} ${origin(known)}`);
  }
}

/** Where the number comes from. */
function origin(known) {
  if (!known?.detector) return "Left empty, it counts from the beginning.";
  const detector = words(known.detector);
  if (known.began === null) return `Where it began, ${detector} does not tell; left empty, it counts from the beginning.`;
  return known.exact ? `Filled in from what ${detector} found.` : `An estimate from what ${detector} found.`;
}
