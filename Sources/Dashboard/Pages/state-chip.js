// The state of a run: a colour, a picture and, always, a word.
import { element, setAttribute, setText } from "./dom.js";
import { icon } from "./icons.js";
import { words } from "./format.js";

const pictures = {
  queued: "queue", sent: "queue", streaming: "flow", stopping: "wait", completed: "check",
  stopped: "stop", capped: "loop", disconnected: "gone", failed: "cross",
};

const titles = {
  queued: "Waits for its turn", sent: "The engine reads the prompt", streaming: "The engine writes",
  stopping: "Being stopped", completed: "Ended by itself", stopped: "Stopped by a person, a tree, a deadline or a shutdown",
  capped: "Cut by the loop guard", disconnected: "The client left", failed: "Failed",
};

/** `capped · tail repeat` for what a detector ended, else the state. */
export const stateWord = (run) =>
  run.state === "capped" && (run.detector || run.reason) ? `capped · ${words(run.detector ?? run.reason)}` : run.state;

export function stateChip(run) {
  const chip = element("span", { class: "chip" }, element("span", { class: "chip-word" }));
  updateChip(chip, run);
  return chip;
}

export function updateChip(chip, run) {
  if (chip.dataset.state !== run.state) {
    chip.dataset.state = run.state;
    chip.querySelector("svg")?.remove();
    chip.prepend(icon(pictures[run.state] ?? "queue"));
    setAttribute(chip, "title", titles[run.state]);
  }
  setText(chip.querySelector(".chip-word"), stateWord(run));
}

const sayings = {
  user_stop: "Stopped by a person", tree_stop: "Stopped with its tree", client_disconnect: "The client left",
  deadline: "Past its deadline", shutdown: "The gateway shut down", upstream_lost: "The engine was lost",
};

/** Why a run ended, for people. */
export function reasonText(run) {
  if (!run.reason) return null;
  if (run.reason.startsWith("guard:")) return `Cut by loop guard: ${words(run.reason)}`;
  const said = sayings[run.reason] ?? words(run.reason);
  const source = run.cancel?.source;
  return source && run.reason === "user_stop" ? `${said}, from the ${source}` : said;
}
