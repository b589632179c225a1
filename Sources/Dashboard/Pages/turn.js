// One turn of the model: what it has written goes into its message, what came after the click on Stop is held.
import { rate, plural } from "./format.js";

export class Turn {
  #held = [];

  constructor(message) {
    this.message = message;
    this.owner = message.owner;
    this.controller = new AbortController();
    this.began = performance.now();
    this.first = null;
    this.tokens = 0;
  }

  get runID() {
    return this.message.runID;
  }

  /** Adds a piece; while a stop is under way it only takes it into keeping. */
  add(piece, isHeld) {
    if (isHeld) this.#held.push(piece);
    else this.#write(piece);
  }

  /** The stop was refused or failed: what was held belongs to the answer. */
  release() {
    for (const piece of this.#held.splice(0)) this.#write(piece);
  }

  #write({ content, reasoning, calls }) {
    this.first ??= performance.now();
    this.last = performance.now();
    this.tokens += 1;
    this.message.content += content;
    this.message.reasoning += reasoning;
    for (const { index = 0, function: { name = "", arguments: text = "" } = {} } of calls) {
      const call = (this.message.calls[index] ??= { name: "", arguments: "" });
      call.name += name ?? "";
      call.arguments += text ?? "";
    }
  }

  /** `379 tokens · 50 tokens/s · first after 82 ms` */
  get figures() {
    if (this.first === null) return null;
    const seconds = (this.last - this.first) / 1000;
    const parts = [plural(this.tokens, "token")];
    if (seconds > 0.2) parts.push(`${rate((this.tokens - 1) / seconds)} tokens/s`);
    parts.push(`first after ${Math.round(this.first - this.began)} ms`);
    return parts.join(" · ");
  }
}
