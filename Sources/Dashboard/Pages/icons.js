// The few pictures of the pages, drawn in a square of 16. They say nothing that words beside them do not say.
import { drawing } from "./dom.js";

const shapes = {
  send: ["M8 13V3M3.5 7.5 8 3l4.5 4.5"],
  stop: ["M4.5 4.5h7v7h-7z"],
  wait: ["M8 2a6 6 0 1 1-6 6"],
  check: ["m3.5 8.5 3 3 6-7"],
  loop: ["M4 6a4.5 4.5 0 0 1 8-1M12 10a4.5 4.5 0 0 1-8 1M12 2v3H9M4 14v-3h3"],
  cross: ["m4.5 4.5 7 7M11.5 4.5l-7 7"],
  gone: ["M6.5 4.5H5a3.5 3.5 0 0 0 0 7h1.5M9.5 4.5H11a3.5 3.5 0 0 1 0 7H9.5"],
  flow: ["M2 8h2l2-4 3 8 2-4h3"],
  queue: ["M8 4.5V8l2.5 1.5M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2z"],
  open: ["m6 3.5 4.5 4.5L6 12.5"],
  again: ["M13 8a5 5 0 1 1-1.5-3.5L13 6M13 2.5V6H9.5"],
  copy: ["M6 6h7.5v7.5H6zM3.5 10H2.5V2.5H10v1"],
  tool: ["M6 3 2.5 8 6 13M10 3l3.5 5-3.5 5"],
};

export function icon(name) {
  const paths = shapes[name].map((d) => drawing("path", { d }));
  return drawing("svg", { viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true" }, ...paths);
}
