// Elements, made without markup: text only ever becomes text.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children. `on` holds listeners; null and false leave an attribute or a child out. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for what is drawn. */
export function drawing(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, { on = {}, ...attributes }, children) {
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  for (const [type, listener] of Object.entries(on)) node.addEventListener(type, listener);
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets, or with null and false removes; leaves alone what is so already, so that nothing is announced twice. */
export function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value)) node.setAttribute(name, value === true ? "" : value);
}

/** Sets the text where it differs. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Lets a text node grow to `text`: what is there already stays, so a long answer costs no more than its last piece. */
export function growText(node, text) {
  const shown = node.data;
  if (shown.length && text.length >= shown.length && text.startsWith(shown)) {
    if (text.length > shown.length) node.appendData(text.slice(shown.length));
  } else if (shown !== text) {
    node.data = text;
  }
}

export const byId = (id) => document.getElementById(id);

/** Runs a function once per frame at most, however often it is asked to. */
export function oncePerFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    // A hidden page draws no frames, and must not fall behind for that.
    const soon = document.hidden ? (run) => setTimeout(run, 100) : requestAnimationFrame;
    soon(() => {
      asked = false;
      work();
    });
  };
}
