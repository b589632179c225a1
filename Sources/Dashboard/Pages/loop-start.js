// Where a loop began, as far as what a detector tells shows it.

const told = (value) => Number.isInteger(value) && value >= 0;

/**
 * `{detector, channel, began, exact}` of the verdict that ended a run, else of its first warning; null when there is neither.
 * `began` counts what a label counts: the bytes of the channel before the loop; among calls, the calls before it. It is null
 * where the verdict does not tell, and an estimate where it is not `exact`.
 */
export function loopStart(run) {
  const verdict = run.detector && run.evidence ? run : run.warnings?.[0];
  if (!verdict) return null;
  const { detector, byte, evidence = {} } = verdict;
  // A verdict without a channel is about calls, and its byte counts those.
  const channel = verdict.channel ?? (told(byte) ? "calls" : "content");
  const found = { detector, channel, began: null, exact: true };
  if (told(evidence.start)) return { ...found, began: evidence.start };
  const [length, exact] = lengthOf(evidence, channel);
  return told(byte) && told(length) ? { ...found, began: Math.max(0, byte - length), exact } : found;
}

/** How much of the channel before the verdict is the loop, and whether that is exact. */
function lengthOf({ span, period, repeats, bytes, window, count }, channel) {
  if (channel === "calls") return [count, false];
  if (told(span)) return [span, true];
  if (told(period) && told(repeats)) return [period * repeats, true];
  // Lines of one template, all of them; and the stretch of text that the repeated lines nearly fill.
  return told(bytes) ? [bytes, true] : [window, false];
}
