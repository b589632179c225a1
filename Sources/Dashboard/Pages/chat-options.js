// What a request is made of besides the conversation.
import { byId, element, setAttribute, setText } from "./dom.js";

const keyPlace = "loopguard.engine-key";
const modelPlace = "loopguard.model";

export class ChatOptions {
  onKey = () => {};

  constructor() {
    const toggle = byId("options-toggle");
    toggle.addEventListener("click", () => this.#show(byId("options").hidden));
    const key = byId("engine-key");
    key.value = sessionStorage.getItem(keyPlace) ?? "";
    key.addEventListener("change", () => {
      sessionStorage.setItem(keyPlace, key.value.trim());
      this.onKey();
    });
    byId("model").addEventListener("change", (event) => sessionStorage.setItem(modelPlace, event.target.value));
    byId("extra").addEventListener("input", () => this.check());
  }

  #show(shown) {
    byId("options").hidden = !shown;
    setAttribute(byId("options-toggle"), "aria-expanded", String(shown));
  }

  /** Fills the list of models; the one used last is chosen. */
  offer(models) {
    const last = sessionStorage.getItem(modelPlace);
    const select = byId("model");
    if (models.length) select.replaceChildren(...models.map((id) => element("option", { value: id }, id)));
    if (models.includes(last)) select.value = last;
  }

  get engineKey() {
    return byId("engine-key").value.trim();
  }

  get system() {
    return byId("system").value.trim();
  }

  get image() {
    return byId("image-mode").checked;
  }

  /** The engine has said that it makes none. */
  withoutImages() {
    byId("image-mode").checked = false;
    byId("image-mode").disabled = true;
  }

  /** Whether the free part of the request can be read; says so where not. */
  check() {
    try {
      this.#extra();
      setText(byId("extra-problem"), "");
      setAttribute(byId("extra"), "aria-invalid", null);
      return true;
    } catch (error) {
      this.#show(true);
      setText(byId("extra-problem"), `This is not a JSON object: ${error.message}`);
      setAttribute(byId("extra"), "aria-invalid", "true");
      return false;
    }
  }

  #extra() {
    const text = byId("extra").value.trim();
    const value = text ? JSON.parse(text) : {};
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("it needs braces");
    return value;
  }

  /** All members but the messages. */
  get request() {
    const request = {};
    const model = byId("model").value;
    const temperature = byId("temperature").valueAsNumber;
    const most = byId("max-tokens").valueAsNumber;
    if (model) request.model = model;
    if (!Number.isNaN(temperature)) request.temperature = temperature;
    if (!Number.isNaN(most)) request.max_tokens = most;
    return { ...request, ...this.#extra() };
  }
}
