// One request: what came of it, the painted document beside its schema, each attempt, the raw bodies.

import { h, button, copy, duration, size, timeOf, saveFile, flash } from "./dom.js";
import { get, text } from "./api.js";
import { groupOf } from "./list.js";
import { painted, legend, examined, allowedLine, code, pretty, marked, schemaPaths, timeline } from "./paint.js";
import { curl, python } from "./snippets.js";
import { openReplay } from "./replay.js";

export class RequestDetail extends HTMLElement {
  #id = null;
  #shown = "";
  #timer = 0;

  /** Show a request; `isQuiet`: it is shown already, and may have changed. */
  async show(id, isQuiet = false) {
    clearTimeout(this.#timer);
    this.#id = id;
    if (!isQuiet) this.replaceChildren(h("p", { class: "hint" }, "…"));
    let data;
    try {
      data = await get(`requests/${encodeURIComponent(id)}`);
    } catch (error) {
      this.#shown = "";
      this.replaceChildren(back(), h("p", { class: "hint" }, error.message));
      return;
    }
    if (id !== this.#id) return;
    const now = JSON.stringify(data);
    if (now !== this.#shown || !isQuiet) {
      this.replaceChildren(...view(data));
      for (const each of this.querySelectorAll("pre.schema")) showFailure(each);
    }
    this.#shown = now;
    if (data.outcome === "open") this.#timer = setTimeout(() => this.show(id, true), 500);
  }

  /** A row has changed; if it is the one that is shown, so does this. */
  refresh(ids) {
    if (ids.includes(this.#id)) this.show(this.#id, true);
  }

  hide() {
    clearTimeout(this.#timer);
    this.#id = null;
    this.replaceChildren();
  }
}

const back = () => button("←", () => { location.hash = "#/requests"; }, { class: "back", "aria-label": "Back to the list" });

/** Scroll a long schema, and nothing around it, to the first line that failed. */
function showFailure(schema) {
  const failed = schema.querySelector(".failed");
  if (failed) schema.scrollTop = failed.offsetTop - schema.offsetTop - schema.clientHeight / 2;
}

function view(data) {
  const problems = data.attempts_made.flatMap((each) => each.problems);
  return [head(data), h("div", { class: "scroll" },
    fault(data),
    documents(data, problems),
    section("Timeline", `${data.attempts_made.length} upstream request${data.attempts_made.length === 1 ? "" : "s"}`,
      timeline(data.attempts_made, data.seconds, (number) => reveal(number))),
    data.attempts_made.map((each) => attempt(each, data)),
    raw(data))];
}

function reveal(number) {
  const found = document.getElementById(`attempt-${number}`);
  if (!found) return;
  found.open = true;
  found.scrollIntoView({ block: "start", behavior: "smooth" });
}

function head(data) {
  const facts = [
    data.target && ["upstream", data.target.upstream], ["surface", data.surface], data.mode && ["mode", data.mode],
    ["tries", data.attempts + (data.continuations ? ` + ${data.continuations} continued` : "")],
    data.tokens && ["tokens", data.tokens], ["took", duration(data.seconds)], ["at", timeOf(data.at)],
    data.key && ["key", data.key], data.cost && ["cost", data.cost.toPrecision(3)],
    data.repairs.length && ["repairs", data.repairs.join(", ")],
  ].filter(Boolean);
  const canSend = data.body.whole && data.body.size > 0;
  return h("header", { class: "detail-head" },
    h("div", { class: "title" },
      back(),
      h("span", { class: `chip ${groupOf(data.outcome)}` }, data.outcome.replaceAll("_", " ")),
      h("h2", {}, data.model || "(no model)"),
      h("code", { class: "id" }, data.id)),
    h("dl", { class: "facts" }, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    h("div", { class: "actions" },
      button("Replay with…", () => openReplay(data), { disabled: !canSend, class: "primary", id: "replay" }),
      button("Save as test", (event) => save(data, event.target), {
        disabled: Boolean(data.cannot_be_saved), id: "save-test", title: data.cannot_be_saved || "a file that `strictgate replay` runs" }),
      button("Copy curl", (event) => copy(curl(data), event.target), { disabled: !canSend }),
      button("Copy Python", (event) => copy(python(data), event.target), { disabled: !canSend })));
}

async function save(data, element) {
  try {
    saveFile(`${data.id.replace(/[^\w.-]/g, "_")}.json`, await text(`test/${encodeURIComponent(data.id)}`));
    flash(element, "Saved");
  } catch (error) {
    flash(element, error.message);
  }
}

function fault(data) {
  const error = data.error_body?.error;
  if (!error && !data.error && !data.notes.length) return null;
  return h("section", { class: "fault" },
    h("strong", {}, `${data.status || ""} ${error?.code ?? data.error ?? ""}`),
    h("p", {}, error?.message ?? ""),
    data.notes.map((each) => h("p", { class: "quiet" }, `${each.error}: ${each.message}`)));
}

function documents(data, problems) {
  const shown = data.documents;
  const failing = schemaPaths(problems);
  let schema = null;
  if (data.schema !== null) {
    try { schema = marked(JSON.parse(data.schema), failing); } catch { schema = h("pre", { class: "text" }, data.schema); }
  }
  if (!shown.length && !schema) return null;
  return h("div", { class: "pair" },
    h("section", {}, h("h3", {}, shown.length > 1 ? "Documents" : "Document", h("small", {}, shown.length ? shares(shown) : "none came")),
      shown.length ? [shown.map((each) => painted(each)), legend(kindsOf(shown))] : h("p", { class: "hint" }, "No valid document; what was written is below."),
      data.steps.length ? h("p", { class: "steps" }, data.steps.map((each) => h("span", {}, h("code", {}, each.path || "/"), ` ${each.step.replaceAll("_", " ")}`))) : null),
    schema && h("section", {}, h("h3", {}, "Schema", h("small", {}, failing.length ? `${new Set(failing).size} failing` : data.draft)), schema));
}

const kindsOf = (shown) => [...new Set(shown.flat().map(([origin]) => origin).filter(Boolean))];

/** How much of the documents is the model's own. */
function shares(shown) {
  const lengths = shown.flat().map(([origin, text]) => [["model", "continued"].includes(origin), text.length]);
  const all = lengths.reduce((sum, [, length]) => sum + length, 0);
  const own = lengths.reduce((sum, [isOwn, length]) => sum + (isOwn ? length : 0), 0);
  return own === all ? "all of it the model’s own" : `${Math.round((100 * own) / all)} % the model’s own`;
}

function attempt(each, data) {
  const prefix = each.prefix;
  const isOpen = data.attempts_made.length <= 3 || each.outcome !== "valid";
  const asked = data.attempts_made;
  const whom = asked.some((other) => other.model !== each.model || other.upstream !== each.upstream) && `${each.model} at ${each.upstream}`;
  const about = [whom, each.mode, `HTTP ${each.status || "–"}`, duration(each.seconds), each.first !== null && `first byte ${duration(each.first)}`,
    each.pieces && `${each.pieces} pieces`, each.usage && `${each.usage.total_tokens ?? each.usage.completion_tokens ?? "?"} tokens`,
    each.end === "stopped" && "stopped early", each.end === "broken" && "broke off"].filter(Boolean);
  return h("details", { class: "attempt", id: `attempt-${each.number}`, open: isOpen },
    h("summary", {}, h("span", { class: "number" }, each.number), h("b", {}, NAMES[each.purpose] ?? each.purpose),
      h("span", { class: `chip small ${groupOf(each.outcome === "answered" ? "valid" : each.outcome)}` }, each.outcome.replaceAll("_", " ")),
      h("span", { class: "about" }, about.join(" · "))),
    h("div", { class: "inner" },
      each.examined ? [examined(each.examined, prefix), allowedLine(each.examined)] : each.texts.map((one) => h("pre", { class: "text" }, one)),
      each.examined?.problems.length ? list(each.examined.problems) : each.problems.length ? list(each.problems) : null,
      each.fault && h("pre", { class: "text bad" }, each.fault),
      body("Sent", each.sent), each.reply && body(each.pieces ? "Answer, merged from the stream" : "Answer", each.reply)));
}

const NAMES = { try: "Try", continuation: "Continuation", question: "Question" };

const list = (problems) => h("ul", { class: "problems" }, problems.map((each) => h("li", {}, each)));

function raw(data) {
  return section("Raw", "", body("Request", data.body), (data.contents ?? []).map((text, at) => body(data.contents.length > 1 ? `Answer ${at}` : "Answer", { text, whole: true, size: text.length })),
    data.error_body && body("Error", { text: JSON.stringify(data.error_body), whole: true, size: JSON.stringify(data.error_body).length }));
}

function body(name, value) {
  if (!value.size) return null;
  const shown = h("pre", { class: "text raw" });
  const made = h("details", { class: "raw" },
    h("summary", {}, name, h("small", {}, size(value.size) + (value.whole ? "" : ", cut")),
      button("copy", (event) => { event.preventDefault(); copy(value.text, event.target); }, { class: "tiny" })), shown);
  made.addEventListener("toggle", () => { if (made.open && !shown.childNodes.length) shown.append(...code(pretty(value.text))); });
  return made;
}

const section = (name, note, ...children) => h("section", {}, h("h3", {}, name, h("small", {}, note)), children);

customElements.define("sg-detail", RequestDetail);
