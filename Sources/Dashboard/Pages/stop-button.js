// What a stop button does, as a function from a state and an event to the next state and what is to be done.
//
// Two rules make it safe. "Stopping…" is shown at once, "stopped" only when the gateway has said so. And every event
// names the run it is about, its owner: news of another run, an earlier one above all, changes nothing. A button
// without a run belongs to nobody, so news for nobody changes nothing either.

/**
 * phases: `idle` no run yet · `running` · `requesting` clicked, no answer yet · `stopping` the gateway has taken it ·
 * `overdue` the end has not come for too long · `settled` the run is over
 */
export const idle = Object.freeze({ phase: "idle", owner: null, boundary: false });

export const isStopping = ({ phase }) => phase === "requesting" || phase === "stopping" || phase === "overdue";
export const isLive = (state) => state.phase === "running" || isStopping(state);

const stay = (state, ...effects) => [state, effects];

/**
 * @returns [the next state, effects]. Effects: `post` (ask the gateway), `force` (cut it off), `watch` (look again when
 * the end is late), `poll` (ask how it stands), `toast`, `release` (let go of what belonged to an earlier owner)
 */
export function next(state, event) {
  if (event.type === "start") return stay({ phase: "running", owner: event.owner, boundary: false });
  if (state.owner === null) return stay(state);
  if (event.owner !== state.owner) return stay(state, { type: "release", owner: event.owner });
  switch (event.type) {
    case "click": return click(state, event);
    case "accepted": return accepted(state, event);
    case "refused": return refused(state, event);
    case "failed": return failed(state);
    case "observed": return observed(state);
    case "late": return late(state);
    case "terminal": return stay({ ...state, phase: "settled" });
    default: return stay(state);
  }
}

function click(state, { scope = "tree", mode = "immediate" }) {
  if (state.phase === "overdue") return stay({ ...state, phase: "stopping" }, { type: "force" }, { type: "watch" });
  if (state.phase !== "running") return stay(state);
  return stay({ ...state, phase: "requesting", boundary: mode === "boundary" }, { type: "post", scope, mode });
}

function accepted(state) {
  if (state.phase !== "requesting") return stay(state);
  // What stops at the next call may rightly take long.
  return stay({ ...state, phase: "stopping" }, ...(state.boundary ? [] : [{ type: "watch" }]));
}

/** The cancel came too late, or another was first. */
function refused(state, { reason, ended }) {
  const phase = ended || state.phase === "settled" ? "settled" : reason === "already_stopping" ? "stopping" : "running";
  return stay({ ...state, phase, boundary: false }, { type: "toast", reason }, { type: "poll" });
}

function failed(state) {
  if (state.phase !== "requesting") return stay(state);
  return stay({ ...state, phase: "running", boundary: false }, { type: "toast", reason: "failed", retry: true });
}

/** Somebody else stops it. */
function observed(state) {
  if (state.phase !== "running") return stay(state);
  return stay({ ...state, phase: "stopping" }, { type: "watch" });
}

function late(state) {
  return state.phase === "stopping" ? stay({ ...state, phase: "overdue" }, { type: "poll" }) : stay(state);
}

/** The words for an answer that was not a yes. */
export const reasons = {
  already_finished: "Already finished",
  already_stopped: "Already stopped",
  already_stopping: "Already being stopped",
  stale_owner: "Belongs to another run",
  unknown: "No longer known to the gateway",
  failed: "Cancel failed.",
};

/** What a button shows in a state. */
export function label(state, descendants = 0) {
  switch (state.phase) {
    case "requesting":
    case "stopping": return state.boundary ? "Stopping… (after current LLM call completes)" : "Stopping…";
    case "overdue": return "Force stop";
    default: return descendants > 0 ? `Stop run + ${descendants}` : "Stop";
  }
}
