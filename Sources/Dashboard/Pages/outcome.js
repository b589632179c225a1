// How a turn ended, as it is kept with the message and told in a line.
import { plural, words } from "./format.js";

const byUser = (reason, clicked) => clicked && reason === "user_stop";

/** What is kept of a run object, or of what a stream said at its end. */
export function outcomeOf(run, clicked) {
  const { state, reason, detector, evidence, lost = false } = run;
  const elsewhere = state === "stopped" && reason && !byUser(reason, clicked);
  return { state, reason, detector, evidence, lost, clicked, text: run.text ?? (elsewhere ? otherStop(run) : null) };
}

/** Adds what only a later word tells: a stream knows that it was stopped, the run's event also from where. */
export function completeOutcome(outcome, run) {
  const later = outcomeOf(run, outcome.clicked);
  outcome.evidence ??= later.evidence;
  if (later.state === outcome.state && run.cancel?.source) outcome.text = later.text;
  else outcome.text ??= later.text;
}

function otherStop({ reason, cancel }) {
  if (reason !== "user_stop") return `${words(reason)}.`;
  return cancel?.source ? `Stopped elsewhere, from the ${cancel.source}.` : "Stopped elsewhere.";
}

/** The line below the message field. */
export function summary({ state, reason, detector, text, clicked }, { tokens }) {
  switch (state) {
    case "completed": return text ?? "Answered.";
    case "stopped": return `${byUser(reason, clicked) ? "Stopped by you." : text ?? "Stopped."} ${plural(tokens, "token")} kept.`;
    case "capped": return `Cut by loop guard: ${words(detector ?? reason)}.`;
    case "failed": return `Failed: ${text ?? words(reason)}`;
    default: return text ?? `Ended: ${words(reason)}`;
  }
}
