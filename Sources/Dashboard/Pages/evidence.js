// A loop, marked in the text it was found in.
import { element } from "./dom.js";
import { count, words } from "./format.js";

/** The fact of a detector's evidence that can be found again in the text. */
const repeated = ({ unit, line, sentence, text }) => unit ?? line ?? sentence ?? text ?? null;

/**
 * Cuts a text into pieces `{text, turn}`: `turn` counts the repeats of the unit from 0, and is null outside of them.
 * A unit longer than what the evidence may quote is known by its beginning; then a piece reaches to the next one.
 */
export function pieces(text, evidence) {
  const found = occurrences(text, evidence ?? {});
  if (!found.length) return text ? [{ text, turn: null }] : [];
  const cut = [];
  let at = 0;
  found.forEach(({ start, end }, turn) => {
    const before = text.slice(at, start);
    // A text that is only the end of a longer one may begin in the middle of a turn.
    if (before) cut.push({ text: before, turn: turn === 0 && evidence.period && evidence.unit?.endsWith(before) ? 1 : null });
    const following = found[turn + 1]?.start ?? text.length;
    // Characters, where the evidence counts bytes: a character has one at least.
    at = following - start <= (evidence.period ?? 0) ? following : end;
    cut.push({ text: text.slice(start, at), turn });
  });
  if (at < text.length) {
    // The last, unfinished turn of an exact repeat is part of it.
    const rest = text.slice(at);
    cut.push({ text: rest, turn: evidence.period && evidence.unit?.startsWith(rest) ? found.length : null });
  }
  return cut;
}

/** Where the repeated text is. Units are exact; lines and sentences were compared without regard to case and spacing. */
function occurrences(text, evidence) {
  const unit = repeated(evidence);
  const parts = unit?.trim().split(/\s+/).map(escaped) ?? [];
  const pattern = evidence.unit ? escaped(evidence.unit) : parts.filter(Boolean).join("\\s+");
  if (!pattern) return [];
  const matches = text.matchAll(new RegExp(pattern, evidence.unit ? "g" : "gi"));
  return [...matches].map((match) => ({ start: match.index, end: match.index + match[0].length }));
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** The text as nodes, its repeats in marks of two tints that alternate, so that each can be told from the next. */
export function markedText(text, evidence) {
  return pieces(text, evidence).map(({ text, turn }) =>
    turn === null ? document.createTextNode(text) : element("mark", { class: turn % 2 ? "odd" : "even" }, text),
  );
}

/** What was found, in a sentence: `tail repeat: 62 bytes, 25 times`. */
export function sentence(detector, evidence = {}) {
  const parts = [];
  if (evidence.period) parts.push(`${count(evidence.period)} bytes, ${count(evidence.repeats)} times`);
  else if (evidence.tool) parts.push(`${evidence.tool}, ${count(evidence.count)} times`);
  else if (evidence.count) parts.push(`${count(evidence.count)} times`);
  else if (evidence.lines) parts.push(`${count(evidence.lines)} lines`);
  else if (evidence.matches) parts.push(`${count(evidence.matches)} alike`);
  else if (evidence.deltas) parts.push(`${count(evidence.deltas)} in a row`);
  else if (evidence.whitespace) parts.push(`${count(evidence.whitespace)} bytes of white space`);
  else if (evidence.limit) parts.push(`limit of ${count(evidence.limit)} bytes`);
  return parts.length ? `${words(detector)}: ${parts[0]}` : words(detector);
}

/** All facts, as a list of terms. */
export function facts(evidence) {
  const pairs = Object.entries(evidence).map(([name, value]) => {
    const quoted = typeof value === "string" ? "quoted" : null;
    return element("div", {}, element("dt", {}, words(name)), element("dd", { class: quoted }, String(value)));
  });
  return element("dl", { class: "facts" }, ...pairs);
}
