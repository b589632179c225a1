// Short messages at the edge of the page, and the line that a screen reader reads.
import { byId, element } from "./dom.js";

const shownFor = 2_000;
const shownWithAction = 10_000;

/** Says it politely, without showing it. What follows closely is said as well, not instead. */
export function announce(text) {
  const line = element("span", {}, `${text}. `);
  byId("status").append(line);
  setTimeout(() => line.remove(), 5_000);
}

/**
 * Shows a message. It stays while the pointer or the focus is on it.
 * @param action `{label, run}` for a button in it
 */
export function toast(text, { kind = "note", action = null } = {}) {
  const box = element("div", { class: `toast ${kind}` }, element("span", {}, text));
  const close = () => box.remove();
  if (action) {
    const act = () => {
      close();
      action.run();
    };
    box.append(element("button", { type: "button", class: "quiet", on: { click: act } }, action.label));
  }
  const expire = () => {
    if (box.matches(":hover, :focus-within")) setTimeout(expire, 500);
    else close();
  };
  byId(kind === "alarm" ? "alarms" : "toasts").append(box);
  setTimeout(expire, action ? shownWithAction : shownFor);
  if (kind !== "alarm") announce(text);
}
