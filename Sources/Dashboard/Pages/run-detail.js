// All that is known about one run: its text as it comes, what was found in it, its figures.
import { getRun, getText, runEvents } from "./api.js";
import { element, setText } from "./dom.js";
import { facts, markedText, sentence } from "./evidence.js";
import { EventFeed } from "./events.js";
import { count, duration, moment, words } from "./format.js";
import { Marking } from "./marking.js";
import { isLive, isTerminalEvent } from "./run-store.js";
import { reasonText } from "./state-chip.js";

const remembered = 4096;

/** The one opened run whose own stream is read; a browser has six connections for all its pages. */
let followed = null;

export class RunDetail {
  #run;
  #text = null;
  #feed = null;
  #loading = false;
  #wanted = false;
  #heard = 0;

  /** @param onEvent called with the events of this run's own stream */
  constructor(run, onEvent) {
    this.#run = run;
    this.onEvent = onEvent;
    this.finding = element("div", { class: "finding", hidden: true });
    this.warnings = element("div", { class: "warnings", hidden: true });
    this.reasoning = element("pre", { tabindex: "0", "aria-label": "Reasoning" });
    const summary = element("summary", {}, "Reasoning");
    this.folded = element("details", { class: "reasoning", hidden: true }, summary, this.reasoning);
    this.content = element("pre", { class: "text", tabindex: "0", "aria-label": "Text" });
    this.calls = element("div", { class: "calls" });
    this.note = element("p", { class: "muted note" });
    this.figures = element("div", { class: "figures" });
    this.marking = new Marking(run, (label) => this.onEvent("label", { run_id: this.#run.id, label }));
    this.node = element(
      "div",
      { class: "detail" },
      this.finding,
      element("div", { class: "said" }, this.folded, this.content, this.calls, this.note),
      this.figures,
      this.warnings,
      this.marking.node,
    );
    this.#drawFacts();
    this.#load();
    this.#learnOfRecording();
    if (isLive(run)) this.#follow();
  }

  update(run) {
    const was = this.#run;
    this.#run = run;
    const drawn = ["state", "detector", "engine", "warnings"];
    if (drawn.some((name) => was[name] !== run[name])) this.#drawFacts();
    this.marking.update(run);
    // Where only runs are recorded in which something was found, this is when it begins.
    if (was.warnings !== run.warnings) this.#learnOfRecording();
    if (isLive(was) && (!isLive(run) || !this.#feed)) this.#load();
  }

  close() {
    this.#leave();
  }

  /** No event tells that a live run is being recorded. */
  async #learnOfRecording() {
    if (!isLive(this.#run) || this.#run.recorded) return;
    const run = await getRun(this.#run.id).catch(() => null);
    if (run?.recorded) this.onEvent("answer", { run });
  }

  /** From here on the text is asked for when there is news. */
  #leave() {
    this.#feed?.stop();
    this.#feed = null;
    if (followed === this) followed = null;
  }

  #follow() {
    followed?.#leave();
    followed = this;
    this.#feed = new EventFeed(runEvents(this.#run.id), {
      onEvent: (name, data) => {
        if (name === "text") {
          this.#heard += 1;
          this.#show(data);
        } else {
          this.onEvent(name, data);
        }
        if (isTerminalEvent(name)) this.#feed?.endWithNextClose();
      },
    });
    this.#feed.start();
  }

  /** Asks for the text; once more when there was news meanwhile. What the stream has said since is newer. */
  async #load() {
    this.#wanted = true;
    if (this.#loading) return;
    this.#loading = true;
    while (this.#wanted) {
      this.#wanted = false;
      const heard = this.#heard;
      try {
        const text = await getText(this.#run.id, remembered);
        if (heard === this.#heard) this.#show(text);
      } catch (failure) {
        if (!this.#text) setText(this.note, failure.status === 404 ? "Nothing of its text is remembered." : failure.message);
      }
    }
    this.#loading = false;
  }

  #show(text) {
    this.#text = text;
    const evidence = isLive(this.#run) ? null : this.#run.evidence;
    const following = this.content.scrollTop + this.content.clientHeight >= this.content.scrollHeight - 24;
    this.#fill(this.content, text.content, evidence);
    this.#fill(this.reasoning, text.reasoning, evidence);
    this.folded.hidden = !text.reasoning;
    // A loop in the reasoning is what one came to see.
    if (evidence && this.reasoning.querySelector("mark") && !this.folded.dataset.opened) {
      this.folded.open = true;
      this.folded.dataset.opened = "once";
    }
    const calls = (text.tool_calls ?? []).map((call) => ({ ...call, executed: isLive(this.#run) || call.complete !== false }));
    this.calls.replaceChildren(...calls.map((call) => toolCall(call, evidence)));
    this.content.hidden = !text.content;
    const empty = !text.content && !text.reasoning && !text.tool_calls?.length;
    const none = isLive(this.#run) ? "No text yet." : "No text came.";
    setText(this.note, empty ? none : text.truncated ? "The end of a longer text." : "");
    if (following) this.content.scrollTop = this.content.scrollHeight;
    if (evidence) this.reasoning.scrollTop = this.reasoning.scrollHeight;
  }

  #fill(box, text = "", evidence) {
    // Without marks the text is set only where it differs, so that a selection in it stays.
    if (evidence) box.replaceChildren(...markedText(text ?? "", evidence));
    else setText(box, text ?? "");
  }

  #drawFacts() {
    const run = this.#run;
    const warnings = run.warnings ?? [];
    this.finding.hidden = !run.detector;
    this.finding.replaceChildren(...(run.detector ? [finding(run, "capped")] : []));
    this.warnings.hidden = !warnings.length;
    this.warnings.replaceChildren(...warnings.map((warning) => finding(warning, "warned")));
    this.figures.replaceChildren(runFacts(run));
    if (this.#text) this.#show(this.#text);
  }
}

function finding({ detector, mode, evidence = {} }, kind) {
  const said = sentence(detector, evidence);
  const title = kind === "warned" ? `${words(mode)}: ${said}` : said;
  return element("section", { class: `found ${kind}` }, element("h3", {}, title), facts(evidence));
}

export function toolCall({ name, arguments: text, executed = true }, evidence = null) {
  return element(
    "div",
    { class: executed ? "call" : "call cut" },
    element("span", { class: "call-name" }, name || "tool call"),
    executed ? null : element("span", { class: "call-note" }, "not executed"),
    element("pre", { tabindex: "0", "aria-label": "Arguments" }, ...markedText(text ?? "", evidence)),
  );
}

const given = (value) => value !== null && value !== undefined;

function runFacts(run) {
  const { engine } = run;
  const tokens = [count(run.tokens), run.max_tokens && `of at most ${count(run.max_tokens)}`].filter(Boolean).join(" ");
  const rows = [
    ["Run", run.id],
    ["Why it ended", reasonText(run)],
    ["Engine's stop", engine && engineStop(engine)],
    ["Client", run.client],
    ["Path", run.path],
    ["Session", run.session],
    ["Tree", run.tree],
    ["Node", run.node],
    ["Parent", run.parent],
    ["Started", moment(run.started)],
    ["Took", given(run.duration_ms) && duration(run.duration_ms)],
    ["First token after", given(run.ttft_ms) && duration(run.ttft_ms)],
    ["Tokens", given(run.tokens) && tokens],
    ["Events", count(run.events)],
    ["Bytes", count(run.bytes)],
    ["Engine", engine?.name],
    ["Engine's id", engine?.upstream_id],
  ];
  const known = rows.filter(([, value]) => value);
  const pairs = known.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, String(value))]);
  return element("dl", { class: "facts" }, ...pairs);
}

/** `confirmed, by board, after 1.2 ms`; null while nothing has been said about it. */
function engineStop({ confirmed, via, after_ms: after, outcome }) {
  if (!given(confirmed) && !outcome) return null;
  const word = confirmed === true ? "confirmed" : confirmed === false ? "not confirmed" : outcome;
  return [word, via && `by ${via}`, given(after) && `after ${duration(after)}`].filter(Boolean).join(", ");
}
