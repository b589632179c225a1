// The last hour, drawn: one figure, one line of words, one picture each.
import { byId, drawing, element, setText } from "./dom.js";
import { count, plural, rate } from "./format.js";

const width = 240;
const height = 44;
const bars = 60;

const sum = (values) => values.reduce((total, value) => total + value, 0);

/** Puts neighbours together until there are `bars` of them at most; the newest is last. */
export function binned(values, most = bars) {
  const size = Math.max(1, Math.ceil(values.length / most));
  const bins = [];
  for (let end = values.length; end > 0; end -= size) bins.unshift(sum(values.slice(Math.max(0, end - size), end)));
  return { bins, size };
}

const kinds = [
  {
    id: "throughput", title: "Throughput", unit: "tokens/s", series: "tokens", line: true,
    figure: ({ values, step }) => rate((values.at(-2) ?? values.at(-1) ?? 0) / step),
    words: ({ values, step }) => `at most ${rate(Math.max(0, ...values) / step)}`,
    told: (value, seconds) => `${rate(value / seconds)} tokens/s`,
  },
  {
    id: "trips", title: "Trips", unit: "found", series: "trips",
    figure: ({ values }) => count(sum(values)),
    words: ({ totals }) => `${count(totals.trips)} in all, ${plural(totals.capped, "run")} cut`,
    told: (value) => plural(value, "trip"),
  },
  {
    id: "cancels", title: "Cancels", unit: "asked for", series: "cancels",
    figure: ({ values }) => count(sum(values)),
    words: ({ totals }) => `${count(totals.cancels)} in all, ${plural(totals.stopped, "run")} stopped`,
    told: (value) => plural(value, "cancel"),
  },
  {
    id: "saved", title: "Tokens saved", unit: "not generated", series: "tokens_saved",
    figure: ({ values }) => count(sum(values)),
    words: ({ totals }) => `${count(totals.tokens_saved)} in all`,
    told: (value) => plural(value, "token"),
  },
];

/** The four cards. `update` takes an answer of `/v1/stats`. */
export class Charts {
  constructor() {
    this.cards = kinds.map((kind) => new Card(kind));
    byId("charts").append(...this.cards.map((card) => card.node));
  }

  update(stats) {
    for (const card of this.cards) card.update(stats);
  }
}

class Card {
  constructor(kind) {
    this.kind = kind;
    this.value = element("span", { class: "big" }, "–");
    this.words = element("p", { class: "muted" }, "");
    this.picture = drawing("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", class: "chart" });
    this.picture.addEventListener("pointermove", (event) => this.#tell(event));
    this.picture.addEventListener("pointerleave", () => setText(this.words, this.said ?? ""));
    this.node = element(
      "section",
      { class: `card card-${kind.id}`, "aria-labelledby": `chart-${kind.id}` },
      element("h3", { id: `chart-${kind.id}` }, kind.title),
      element("p", { class: "reading" }, this.value, element("span", { class: "unit" }, ` ${kind.unit}`)),
      this.words,
      this.picture,
    );
  }

  update({ series, totals, now }) {
    const values = series[this.kind.series] ?? [];
    const facts = { values, totals, step: series.step_s };
    this.now = now;
    this.said = this.kind.words(facts);
    setText(this.value, this.kind.figure(facts));
    setText(this.words, this.said);
    const { bins, size } = binned(values);
    this.bins = bins;
    this.seconds = size * series.step_s;
    this.picture.setAttribute("aria-label", `${this.kind.title}, last hour: ${this.value.textContent} ${this.kind.unit}, ${this.said}`);
    this.picture.replaceChildren(...(this.kind.line ? area(bins) : columns(bins)));
  }

  /** The bar under the pointer, in words. */
  #tell({ offsetX }) {
    if (!this.bins?.length) return;
    const place = Math.floor((offsetX / this.picture.clientWidth) * bars) - (bars - this.bins.length);
    const value = this.bins[place];
    if (value === undefined) return;
    const ago = Math.round(((this.bins.length - 1 - place) * this.seconds) / 60);
    setText(this.words, `${this.kind.told(value, this.seconds)}, ${ago ? `${ago} min ago` : "now"}`);
  }
}

const base = () => drawing("line", { class: "base", x1: 0, y1: height - 0.5, x2: width, y2: height - 0.5 });

function columns(values) {
  const most = Math.max(1, ...values);
  const step = width / bars;
  const first = bars - values.length;
  const rects = values.map((value, index) => {
    if (!value) return null;
    const tall = Math.max(2, (value / most) * (height - 4));
    return drawing("rect", { class: "bar", x: (first + index) * step + 0.5, y: height - tall, width: step - 1, height: tall, rx: 1 });
  });
  return [base(), ...rects.filter(Boolean)];
}

function area(values) {
  if (values.length < 2) return columns(values);
  const most = Math.max(1, ...values);
  const step = width / (bars - 1);
  const first = bars - values.length;
  const across = (index) => ((first + index) * step).toFixed(1);
  const up = (value) => (height - 1 - (value / most) * (height - 5)).toFixed(1);
  const points = values.map((value, index) => `${across(index)},${up(value)}`);
  return [
    base(),
    drawing("path", { class: "area", d: `M${across(0)},${height}L${points.join("L")}L${width},${height}Z` }),
    drawing("polyline", { class: "curve", points: points.join(" ") }),
  ];
}
