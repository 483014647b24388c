// The models: how they did, over the requests that are kept, and what was learned of them.

import { h, s, button, duration, timeOf } from "./dom.js";
import { get, post } from "./api.js";
import { groupOf } from "./list.js";

const PAUSE = 1000; // milliseconds between two looks, while requests come

export class ModelTable extends HTMLElement {
  /** Returns the rows of the list, for what client keys have used. */
  requests = () => [];
  #timer = 0;
  #isShown = false;

  /** Requests have come: look again, but not for each of them. */
  refresh() {
    if (this.#isShown && !this.#timer) this.#timer = setTimeout(() => this.show(), PAUSE);
  }

  hide() {
    this.#isShown = false;
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  async show() {
    this.hide();
    this.#isShown = true;
    try {
      const rows = await get("models");
      const open = [...this.querySelectorAll("details[open]")].map((each) => each.dataset.of);
      this.replaceChildren(keys(this.requests()), rows.length ? h("div", { class: "cards" }, rows.map((row) => card(row, () => this.show())))
        : h("div", { class: "empty" }, h("p", {}, "No model has been asked yet.")));
      for (const each of this.querySelectorAll("details")) each.open = open.includes(each.dataset.of);
    } catch (error) {
      this.replaceChildren(h("p", { class: "hint" }, error.message));
    }
  }
}

/** What each client key has used in the requests of the list; "" where none has a name. */
function keys(requests) {
  const found = Map.groupBy(requests.filter((row) => row.key), (row) => row.key);
  if (!found.size) return "";
  const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);
  return h("article", { class: "card keys-used" }, h("h3", {}, "Client keys", h("small", {}, "in the requests of the list")),
    h("table", {}, h("tr", {}, ["key", "requests", "over a limit", "tokens", "cost"].map((name) => h("th", {}, name))),
      [...found].sort().map(([name, rows]) => h("tr", {}, [name, rows.length, rows.filter((row) => row.status === 429).length,
        sum(rows, "tokens"), sum(rows, "cost").toPrecision(3)].map((value) => h("td", {}, value))))));
}

function card(row, again) {
  const share = (count) => (row.requests ? `${Math.round((100 * count) / row.requests)} %` : "–");
  const figures = [
    ["requests", row.requests], ["valid at once", share(row.valid_at_once)], ["valid in the end", share(row.valid)],
    ["tries", row.requests ? (row.attempts / row.requests).toFixed(2) : "–"], ["continuations", row.continuations],
    ["upstream median", row.median === null ? "–" : duration(row.median)], ["p95", row.p95 === null ? "–" : duration(row.p95)], ["tokens", row.tokens],
  ];
  const known = row.facts.length > 0;
  return h("article", { class: "card" },
    h("header", {}, h("h3", {}, row.model), h("small", {}, row.upstream)),
    bar(row), h("dl", { class: "facts" }, figures.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
    plot(row.points),
    h("div", { class: "learned" },
      h("h4", {}, "Learned", known && button("forget", async () => { await post("forget", { upstream: row.upstream, model: row.model }); again(); }, { class: "tiny" })),
      known ? h("ul", {}, row.facts.map((each) => h("li", {}, h("b", {}, each.fact.replaceAll("_", " ")), " ",
        each.details.map((detail) => h("code", {}, detail)), h("small", {}, ` for ${span(each.seconds)}`)))) : h("p", { class: "quiet" }, "nothing beyond its preset"),
      row.lessons.length ? h("details", { "data-of": `${row.upstream} ${row.model}` }, h("summary", {}, "why"), h("ul", {}, row.lessons.map((each) =>
        h("li", {}, h("small", {}, timeOf(each.at)), ` ${each.event} `, h("span", { class: "quiet" }, each.why))))) : null));
}

const span = (seconds) => (seconds > 5400 ? `${Math.round(seconds / 3600)} more hours` : `${Math.round(seconds / 60)} more minutes`);

/** Valid at once, valid in the end, not valid: as one bar. */
function bar(row) {
  const parts = [["once", row.valid_at_once], ["later", row.valid - row.valid_at_once], ["never", row.requests - row.valid]];
  const svg = s("svg", { class: "share", width: "100%", height: 6, role: "img", "aria-label": `${row.valid} of ${row.requests} valid` });
  let at = 0;
  for (const [name, count] of parts) {
    const width = row.requests ? (100 * count) / row.requests : 0;
    svg.append(s("rect", { class: name, x: `${at}%`, y: 0, width: `${width}%`, height: 6 }, s("title", {}, `${name}: ${count}`)));
    at += width;
  }
  return svg;
}

/** Each request as a bar: its height the time it took, its colour what came of it. */
function plot(points) {
  if (!points.length) return null;
  const most = Math.max(...points.map((each) => each.seconds), 0.001);
  const width = 100 / Math.max(points.length, 24);
  return s("svg", { class: "plot", width: "100%", height: 44, role: "img", "aria-label": `time of the latest ${points.length} requests, up to ${duration(most)}` },
    points.map((each, at) => {
      const height = Math.max(2, (40 * each.seconds) / most);
      return s("a", { href: `#/requests/${encodeURIComponent(each.id)}` }, s("rect", { class: groupOf(each.outcome), x: `${at * width}%`, y: 44 - height, width: `${width * 0.8}%`, height },
        s("title", {}, `${timeOf(each.at)}: ${duration(each.seconds)}, ${each.outcome}`)));
    }));
}

customElements.define("sg-models", ModelTable);
