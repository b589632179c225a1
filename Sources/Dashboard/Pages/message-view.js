// One message of a conversation, as it grows.
import { element, growText, setText } from "./dom.js";
import { facts, markedText, sentence } from "./evidence.js";
import { icon } from "./icons.js";
import { toolCall } from "./run-detail.js";
import { stateChip } from "./state-chip.js";
import { withoutThinking } from "./conversation.js";

export class MessageView {
  /** @param actions `{again}`: what the buttons below a message do */
  constructor(message, actions = {}) {
    this.message = message;
    this.actions = actions;
    this.text = document.createTextNode("");
    this.body = element("div", { class: "body" }, this.text);
    this.node = element("li", { class: `message ${message.role}` });
    if (message.role === "user") {
      this.text.data = message.content;
      this.node.append(element("span", { class: "unseen" }, "You: "), this.body);
      return;
    }
    this.thinking = element(
      "span",
      { class: "thinking", role: "img", "aria-label": "Waiting for the first token" },
      element("i"), element("i"), element("i"),
    );
    this.reasoningText = document.createTextNode("");
    this.summary = element("summary", {}, "Reasoning");
    this.reasoning = element(
      "details",
      { class: "reasoning", hidden: true },
      this.summary,
      element("pre", { tabindex: "0", "aria-label": "Reasoning" }, this.reasoningText),
    );
    this.calls = element("div", { class: "calls" });
    this.below = element("div", { class: "below" });
    this.node.append(element("span", { class: "unseen" }, "Model: "), this.thinking, this.reasoning, this.body, this.calls, this.below);
    this.update();
  }

  update() {
    const { message } = this;
    if (message.role === "user") return;
    const { content, reasoning } = withoutThinking(message);
    this.thinking.hidden = !message.pending || Boolean(content || reasoning || message.calls.length);
    this.reasoning.hidden = !reasoning;
    growText(this.reasoningText, reasoning);
    setText(this.summary, message.pending && !content ? "Reasoning…" : "Reasoning");
    if (message.pending) growText(this.text, content);
    this.#showCalls();
    if (!message.pending) this.#finish(content);
  }

  /** Whether the answer can be asked for again: only the last one, and while nothing is being written. */
  offerAgain(offered) {
    const button = this.below?.querySelector(".again");
    if (button) button.hidden = !offered;
  }

  #showCalls() {
    const { calls, pending, outcome } = this.message;
    const drawn = JSON.stringify([calls, pending, outcome?.state]);
    if (drawn === this.drawnCalls) return;
    this.drawnCalls = drawn;
    this.calls.replaceChildren(...calls.map((call) => toolCall({ ...call, executed: pending || isWhole(call) })));
  }

  /** Once it is over: code in boxes, a loop marked, how it ended, and what can be done now. */
  #finish(content) {
    const { outcome, image, picture, figures } = this.message;
    const evidence = outcome?.state === "capped" ? outcome.evidence : null;
    this.body.replaceChildren(...(evidence ? markedText(content, evidence) : formatted(content)));
    this.node.querySelector(".made")?.remove();
    if (image) {
      const missing = outcome?.state === "failed" ? "No picture" : "Cancelled";
      this.body.after(
        picture
          ? element("img", { class: "made", src: picture, alt: "What the model has drawn" })
          : element("div", { class: "made placeholder" }, missing),
      );
    }
    const parts = [];
    if (outcome && outcome.state !== "completed") parts.push(stateChip(outcome));
    if (outcome?.text) parts.push(element("span", {}, outcome.text));
    if (figures) parts.push(element("span", {}, figures));
    if (evidence) parts.push(found(outcome));
    parts.push(...this.#buttons(content));
    this.below.replaceChildren(...parts);
  }

  #buttons(content) {
    const copy = () => navigator.clipboard?.writeText(content);
    const again = this.message.outcome?.state === "failed" ? "Retry" : "Regenerate";
    const button = (picture, text, click) => element("button", { type: "button", class: "quiet", on: { click } }, icon(picture), text);
    return [
      content && navigator.clipboard && button("copy", "Copy", copy),
      this.actions.again && Object.assign(button("again", again, this.actions.again), { className: "quiet again" }),
    ].filter(Boolean);
  }
}

const found = ({ detector, reason, evidence }) =>
  element("details", {}, element("summary", {}, sentence(detector ?? reason, evidence)), facts(evidence));

/** A call that was cut in the middle is no call. */
function isWhole({ arguments: text }) {
  try {
    JSON.parse(text || "{}");
    return true;
  } catch {
    return false;
  }
}

/** Text with its fenced code in boxes. */
function formatted(content) {
  return content.split(/^```[^\n]*\n?/m).map((part, index) => {
    if (index % 2 === 0) return document.createTextNode(index ? part.replace(/^\n/, "") : part);
    return element("pre", { tabindex: "0", "aria-label": "Code" }, element("code", {}, part.replace(/\n$/, "")));
  });
}
