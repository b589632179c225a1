// The control key: asked for when the gateway wants one, kept for this tab only.
import { element } from "./dom.js";

const place = "loopguard.control-key";
let asking = null;

export const controlKey = {
  headers() {
    const key = sessionStorage.getItem(place);
    return key ? { "X-Loopguard-Key": key } : {};
  },

  /** Shows the question, once for all who wait. True when there is a key to try. */
  ask(again) {
    asking ??= askForKey({
      title: "Control key",
      text: again
        ? "The gateway does not know this key."
        : "This gateway shows its runs only to who has its control key.",
      place,
    }).finally(() => (asking = null));
    return asking;
  },
};

/** A dialog with one secret in it. Resolves to whether one was entered. */
export function askForKey({ title, text, place }) {
  return new Promise((resolve) => {
    const input = element("input", { id: "key", type: "password", name: "key", autocomplete: "off", required: true });
    const form = element(
      "form",
      { method: "dialog" },
      element("h2", { id: "key-title" }, title),
      element("p", {}, text),
      element("label", { for: "key" }, "Key"),
      input,
      element(
        "div",
        { class: "buttons" },
        element("button", { type: "button", class: "quiet", on: { click: () => dialog.close("") } }, "Cancel"),
        element("button", { type: "submit", class: "primary", value: "ok" }, "Use key"),
      ),
    );
    const dialog = element("dialog", { "aria-labelledby": "key-title" }, form);
    dialog.addEventListener("close", () => {
      const entered = dialog.returnValue === "ok" && input.value.trim();
      if (entered) sessionStorage.setItem(place, entered);
      dialog.remove();
      resolve(Boolean(entered));
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
