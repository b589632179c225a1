// Figures as people read them.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const nothing = "–";

const known = (value) => typeof value === "number" && Number.isFinite(value);

export function count(value) {
  if (!known(value)) return nothing;
  return value < 10_000 ? whole.format(value) : short.format(value);
}

export function rate(value) {
  if (!known(value)) return nothing;
  return value > 0 && value < 10 ? value.toFixed(1) : count(value);
}

/** Milliseconds as `0.4 ms`, `82 ms`, `1.8 s`, `2 m 05 s`. */
export function duration(milliseconds) {
  if (!known(milliseconds)) return nothing;
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 1000) return `${whole.format(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 100) return `${seconds < 10 ? seconds.toFixed(1) : whole.format(seconds)} s`;
  return `${Math.floor(seconds / 60)} m ${String(Math.floor(seconds % 60)).padStart(2, "0")} s`;
}

/** A moment, given in seconds since 1970. */
export const time = (seconds) => (known(seconds) ? clock.format(seconds * 1000) : nothing);
export const moment = (seconds) => (known(seconds) ? day.format(seconds * 1000) : nothing);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Spells a word of the API: `guard:tail_repeat` becomes `tail repeat`. */
export const words = (name) => String(name ?? "").replace(/^guard:/, "").replaceAll("_", " ");
