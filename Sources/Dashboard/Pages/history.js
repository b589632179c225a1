// The runs that have ended, newest first, narrowed down by a form whose fields are also in the page's address.
import { listRuns } from "./api.js";
import { byId, setText } from "./dom.js";
import { RunRow } from "./run-row.js";
import { isLive } from "./run-store.js";

const page = 50;

export class History {
  #rows = new Map();
  #asked = 0;

  constructor(store) {
    this.store = store;
    this.form = byId("filters");
    this.list = byId("ended");
    this.more = byId("more");
    this.#readAddress();
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.form.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.#changed(), 250);
    });
    this.form.addEventListener("reset", () => setTimeout(() => this.#changed()));
    this.more.addEventListener("click", () => this.#load(this.list.lastElementChild?.dataset.run));
    store.onChange((run, news) => this.#take(run, news));
  }

  reload() {
    return this.#load();
  }

  get filter() {
    return Object.fromEntries([...new FormData(this.form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value));
  }

  #readAddress() {
    for (const [name, value] of new URLSearchParams(location.search)) {
      const field = this.form.elements.namedItem(name);
      if (field) field.value = value;
    }
  }

  #changed() {
    const query = new URLSearchParams(this.filter).toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    this.#load();
  }

  async #load(before) {
    this.#asked += 1;
    const asked = this.#asked;
    const { state = "ended", ...rest } = this.filter;
    let answer;
    try {
      answer = await listRuns({ state, ...rest, limit: page, before });
    } catch (failure) {
      if (asked === this.#asked) setText(byId("history-note"), failure.message);
      return;
    }
    // An answer that was overtaken by a later question is of no interest.
    if (asked !== this.#asked) return;
    if (!before) this.#clear(new Set(answer.data.map((run) => run.id)));
    for (const run of answer.data) this.#add(run, before ? null : undefined);
    if (!before) this.#sort(answer.data);
    this.more.hidden = !answer.has_more;
    this.#note();
  }

  /** A run has ended, or more has become known of one that had. */
  #take(run, news) {
    if (isLive(run)) return;
    const row = this.#rows.get(run.id);
    if (row) return row.update(run, 0);
    if (news === "list" || !this.#matches(run)) return;
    this.list.prepend(this.#add(run).node);
    this.#note();
  }

  #add(run) {
    let row = this.#rows.get(run.id);
    if (row) {
      row.update(run, 0);
    } else {
      row = new RunRow(run, this.store);
      this.#rows.set(run.id, row);
      this.list.append(row.node);
    }
    return row;
  }

  #sort(runs) {
    runs.forEach((run, place) => {
      const { node } = this.#rows.get(run.id);
      if (this.list.children[place] !== node) this.list.insertBefore(node, this.list.children[place] ?? null);
    });
  }

  #clear(kept) {
    for (const [id, row] of this.#rows) {
      if (kept.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
  }

  #matches(run) {
    const { state, detector, model, session, tree } = this.filter;
    return (
      (!state || run.state === state) &&
      (!detector || run.detector === detector) &&
      (!model || run.model === model) &&
      (!session || run.session === session) &&
      (!tree || run.tree === tree)
    );
  }

  #note() {
    const filtered = Object.keys(this.filter).length > 0;
    setText(byId("history-note"), this.#rows.size ? "" : filtered ? "No run matches." : "Nothing has ended yet.");
    byId("ended-head").hidden = this.#rows.size === 0;
    byId("clear-filters").hidden = !filtered;
  }
}
