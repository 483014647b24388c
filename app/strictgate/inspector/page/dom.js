// Elements made of text nodes and attributes alone. What models and clients have written is hostile:
// nothing of it is ever read as HTML, and the page's policy (require-trusted-types-for) forbids it.

const SVG = "http://www.w3.org/2000/svg";

/** Make an element. Props: `class`, `on…` listeners, `data-…` and other attributes; null is left out. */
export function h(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Make an SVG element. */
export function s(tag, props = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((each) => each !== null && each !== undefined && each !== false));
  return element;
}

export function button(label, onclick, props = {}) {
  return h("button", { type: "button", onclick, ...props }, label);
}

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });

export const timeOf = (at) => clock.format(new Date(at * 1000));

export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "…";
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

export function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`;
}

/** Copy text, and say so on the button. */
export async function copy(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    flash(element, "Copied");
  } catch {
    flash(element, "Not allowed by the browser");
  }
}

export function flash(element, message) {
  if (!element) return;
  const before = element.textContent;
  element.textContent = message;
  setTimeout(() => { element.textContent = before; }, 1200);
}

export function saveFile(name, text, type = "application/json") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
