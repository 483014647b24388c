// Texts in parts, each painted by what it is; JSON in colours; the schema with the place that failed.

import { h, s, duration } from "./dom.js";

export const ORIGINS = {
  model: "the model’s own",
  continued: "written when it went on",
  forced: "forced by the schema",
  chosen: "chosen by the model among what is allowed",
  mended: "mended",
};

export function legend(kinds) {
  return h("p", { class: "legend" }, kinds.map((kind) =>
    h("span", {}, h("b", { class: `o-${kind}` }, "abc"), ` ${ORIGINS[kind] ?? kind}`)));
}

/** A document in parts: `[origin, text]`. */
export function painted(parts) {
  return h("pre", { class: "text painted", tabindex: 0, "aria-label": "the document, painted by origin" },
    parts.map(([origin, text]) => h("span", { class: `o-${origin || "none"}`, title: ORIGINS[origin] ?? origin }, text)));
}

/** An answer as the guard read it: around, good, refused. */
export function examined(found, prefix = "") {
  const tip = allowedText(found) || found.problems[0] || "refused";
  let skip = prefix.length;
  const spans = found.parts.flatMap(([kind, text]) => {
    const before = text.slice(0, skip);
    const after = text.slice(skip);
    skip = Math.max(0, skip - text.length);
    const refused = kind === "refused";
    return [
      before && h("span", { class: "p-sent", title: "sent to the model, to go on from" }, before),
      after && h(refused ? "del" : "span",
        refused ? { class: "p-refused", tabindex: 0, "data-tip": tip, "aria-label": `refused: ${after}. ${tip}` } : { class: `p-${kind}` },
        after),
    ];
  });
  return h("pre", { class: "text" }, spans);
}

export function allowedText(found) {
  if (!found.allowed.length) return "";
  return `${found.path || "the root"}: allowed ${found.allowed.length === 1 ? "is" : "are"} ${found.allowed.join("  ")}`;
}

export function allowedLine(found) {
  if (!found.allowed.length) return null;
  return h("p", { class: "allowed" },
    h("code", { class: "path" }, found.path || "/"), " allowed there ",
    found.allowed.map((each) => h("code", { class: "choice" }, each)));
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

/** JSON text in colours; any other text as it is. */
export function code(text) {
  const spans = [];
  let last = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [all, string, colon, number] = found;
    spans.push(text.slice(last, found.index));
    const kind = string ? (colon ? "j-key" : "j-string") : number ? "j-number" : "j-word";
    spans.push(h("span", { class: kind }, string ?? all), colon ?? "");
    last = found.index + all.length;
  }
  return [...spans, text.slice(last)];
}

export function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

/** A JSON value by lines, those at one of `marked` (JSON Pointers) marked. */
export function marked(value, pointers) {
  const lines = [];
  write(value, "", "", "", lines);
  const isMarked = (pointer) => pointers.includes(pointer);
  return h("pre", { class: "text schema" }, lines.map(([pointer, text]) =>
    h("span", { class: isMarked(pointer) ? "line failed" : "line" }, code(text), "\n")));
}

function write(value, pointer, indent, label, lines, comma = "") {
  const isList = Array.isArray(value);
  if (value === null || typeof value !== "object" || !Object.keys(value).length || isShort(value)) {
    lines.push([pointer, `${indent}${label}${inline(value)}${comma}`]);
    return;
  }
  lines.push([pointer, `${indent}${label}${isList ? "[" : "{"}`]);
  const members = Object.entries(value);
  members.forEach(([name, each], at) => {
    const step = name.replaceAll("~", "~0").replaceAll("/", "~1");
    write(each, `${pointer}/${step}`, `${indent}  `, isList ? "" : `${JSON.stringify(name)}: `, lines, at < members.length - 1 ? "," : "");
  });
  lines.push([pointer + "\u0000", `${indent}${isList ? "]" : "}"}${comma}`]);
}

const inline = (value) => (Array.isArray(value) ? `[${value.map((each) => JSON.stringify(each)).join(", ")}]` : JSON.stringify(value));
const isShort = (value) => Array.isArray(value) && value.every((each) => each === null || typeof each !== "object") && inline(value).length < 70;

/** The schema paths that problems name: `… does not validate with /properties/x/enum: …`. */
export function schemaPaths(problems) {
  return problems.flatMap((each) => [...each.matchAll(/validate with (\/\S*?):/g)].map((found) => found[1]));
}

/** The attempts over time. */
export function timeline(attempts, total, onPick) {
  const height = 22;
  const end = Math.max(total ?? 0, ...attempts.map((each) => each.at + (each.seconds ?? 0)), 0.001);
  const x = (seconds) => `${(100 * seconds / end).toFixed(3)}%`;
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  const svg = s("svg", { class: "timeline", width: "100%", height: attempts.length * height + 18, role: "img",
    "aria-label": `${attempts.length} upstream requests within ${duration(end)}` });
  svg.append(...ticks.map((part) => s("line", { class: "grid", x1: x(end * part), x2: x(end * part), y1: 0, y2: attempts.length * height })),
    ...ticks.map((part) => s("text", { class: "tick", x: x(end * part), y: attempts.length * height + 13,
      "text-anchor": part === 0 ? "start" : part === 1 ? "end" : "middle" }, duration(end * part))));
  attempts.forEach((each, row) => {
    const y = row * height + 3;
    const took = each.seconds ?? end - each.at;
    const wait = each.first ?? took;
    const group = s("g", { class: `bar b-${each.outcome}`, onclick: () => onPick(each.number) },
      s("title", {}, `${each.number}. ${each.purpose}, ${each.mode}: ${each.outcome}, ${duration(each.seconds)}${each.first === null ? "" : `, first byte ${duration(each.first)}`}`),
      s("rect", { class: "wait", x: x(each.at), y, width: x(wait), height: height - 6, rx: 2 }),
      s("rect", { class: "read", x: x(each.at + wait), y, width: x(Math.max(took - wait, 0)), height: height - 6, rx: 2 }));
    // Behind the bar where there is room in a narrow window too, else before it, else on it.
    const [from, to] = [each.at / end, (each.at + took) / end];
    const [side, at, step] = to < 0.66 ? ["start", each.at + took, 6] : from > 0.34 ? ["end", each.at, -6] : ["start", each.at, 6];
    group.append(s("text", { class: to < 0.66 || from > 0.34 ? "label" : "label inside", x: x(at), dx: step, y: y + 12, "text-anchor": side },
      `${each.purpose} · ${each.outcome}`));
    svg.append(group);
  });
  return svg;
}
