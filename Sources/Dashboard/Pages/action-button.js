// The chat's one button: it sends, it stops, and it says that it is stopping.
import { setAttribute } from "./dom.js";
import { icon } from "./icons.js";
import { isLive, isStopping } from "./stop-button.js";

const faces = {
  send: ["send", "Send", "Send message"],
  stop: ["stop", "Stop", "Stop generation"],
  wait: ["wait", "Stopping…", "Stopping…"],
  force: ["stop", "Force stop", "Force stop"],
};

function faceOf(machine) {
  if (machine.phase === "overdue") return "force";
  if (isStopping(machine)) return "wait";
  return isLive(machine) ? "stop" : "send";
}

/** Draws the state of the machine; always in the same element, so that the focus stays where it is. */
export function drawAction(button, machine, canSend) {
  const face = faceOf(machine);
  const [image, text, name] = faces[face];
  if (button.dataset.face !== face) button.replaceChildren(icon(image), text);
  button.dataset.face = face;
  setAttribute(button, "aria-label", name);
  setAttribute(button, "aria-disabled", face === "wait" || (face === "send" && !canSend) ? "true" : null);
  setAttribute(button, "data-busy", face === "wait");
  setAttribute(button, "data-phase", face === "send" ? null : "live");
  button.classList.toggle("primary", face === "send");
}
