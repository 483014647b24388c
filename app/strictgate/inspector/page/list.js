// The live list: rows by id, the latest first, filtered by words and by `field:value`.

import { h, timeOf, duration } from "./dom.js";

/** What a word of the filter may name beside the members of a row. */
const FIELDS = { time: (row) => timeOf(row.at), tries: (row) => row.attempts, took: (row) => row.seconds };

/** The words that the filter offers: what the rows have of the fields that are names. */
export function suggestions(rows) {
  const names = ["outcome", "model", "upstream", "mode", "surface", "error", "key"];
  const words = rows.flatMap((row) => [...names.map((name) => row[name] && `${name}:${row[name]}`), ...row.repairs.map((each) => `repairs:${each}`)]);
  return [...new Set(words.filter((word) => word && !/\s/.test(word)))].sort().slice(0, 100);
}

/** Return whether a row has every word of a filter; `-word` is one that it must not have. */
export function matches(row, filter) {
  return filter.trim().toLowerCase().split(/\s+/).filter(Boolean).every((word) => {
    const isNot = word.length > 1 && word.startsWith("-");
    return has(row, isNot ? word.slice(1) : word) !== isNot;
  });
}

function has(row, word) {
  const [, field, wanted] = /^(\w+):(.*)$/.exec(word) ?? [];
  if (field === undefined || !(field in FIELDS || field in row)) return JSON.stringify(row).toLowerCase().includes(word);
  const value = field in FIELDS ? FIELDS[field](row) : row[field];
  const bound = /^([<>])(\d+(?:\.\d+)?)$/.exec(wanted);
  if (bound) return bound[1] === ">" ? value > Number(bound[2]) : value < Number(bound[2]);
  return String(value).toLowerCase().includes(wanted);
}

const GROUPS = { valid: "good", passed: "calm", passed_on: "calm", open: "busy", left: "calm" };
export const groupOf = (outcome) => GROUPS[outcome] ?? "bad";

export class RequestList extends HTMLElement {
  #rows = new Map();
  #items = new Map();
  #filter = "";
  #selected = null;
  #latest = null; // was selected last: keys go on from there
  #list = h("ol", { class: "rows", role: "listbox", tabindex: 0, "aria-label": "Requests" });
  #empty = h("div", { class: "empty" });
  isPaused = false;
  #held = new Map();

  connectedCallback() {
    if (this.childElementCount) return;
    this.append(
      h("div", { class: "row head", "aria-hidden": "true" },
        ["Time", "Outcome", "Model", "Mode", "Tries", "Tokens", "Took", "Prompt"].map((name, at) => h("span", { class: COLUMNS[at] }, name))),
      this.#list, this.#empty);
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** Take in rows that are new or have changed. */
  update(rows) {
    if (this.isPaused) {
      for (const row of rows) this.#held.set(row.id, row);
      return this.#held.size;
    }
    for (const row of rows.sort((one, other) => one.at - other.at)) {
      this.#rows.set(row.id, row);
      this.#draw(row);
    }
    this.#count();
    return 0;
  }

  setPaused(isPaused) {
    this.isPaused = isPaused;
    if (!isPaused) {
      const held = [...this.#held.values()];
      this.#held.clear();
      this.update(held);
    }
  }

  clear() {
    this.#rows.clear();
    this.#items.clear();
    this.#held.clear();
    this.#list.replaceChildren();
    this.#count();
  }

  setFilter(filter) {
    this.#filter = filter;
    for (const [id, item] of this.#items) item.hidden = !matches(this.#rows.get(id), filter);
    this.#count();
  }

  select(id) {
    this.#items.get(this.#selected)?.setAttribute("aria-selected", "false");
    this.#selected = id;
    this.#latest = id ?? this.#latest;
    const item = this.#items.get(id);
    item?.setAttribute("aria-selected", "true");
    item?.scrollIntoView({ block: "nearest" });
    if (item) this.#list.setAttribute("aria-activedescendant", item.id);
  }

  /** Select the next row, or the one before. */
  move(step) {
    const shown = [...this.#list.children].filter((each) => !each.hidden);
    const at = shown.indexOf(this.#items.get(this.#latest));
    const next = shown[at < 0 ? 0 : Math.min(Math.max(at + step, 0), shown.length - 1)];
    if (next) this.#pick(next.dataset.id);
  }

  /** Select again what was selected last. */
  reopen() { if (this.#items.has(this.#latest)) this.#pick(this.#latest); else this.move(0); }

  focusList() { this.#list.focus({ preventScroll: true }); }

  rows() { return [...this.#rows.values()]; }

  #pick(id) {
    this.#latest = id; // at once: the page's address may change again before it is heard of
    this.dispatchEvent(new CustomEvent("pick", { detail: id, bubbles: true }));
  }

  #onKey(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    this.move(step);
  }

  #draw(row) {
    const before = this.#items.get(row.id);
    const item = line(row, () => this.#pick(row.id));
    item.hidden = !matches(row, this.#filter);
    item.setAttribute("aria-selected", String(row.id === this.#selected));
    this.#items.set(row.id, item);
    if (before) before.replaceWith(item);
    else this.#list.prepend(item);
    while (this.#list.childElementCount > MOST) {
      const last = this.#list.lastElementChild;
      this.#items.delete(last.dataset.id);
      this.#rows.delete(last.dataset.id);
      last.remove();
    }
  }

  #count() {
    const shown = [...this.#items.values()].filter((each) => !each.hidden).length;
    this.#empty.hidden = shown > 0;
    this.#empty.replaceChildren(this.#rows.size
      ? h("p", {}, "No request fits the filter.")
      : h("div", {}, h("p", { class: "big" }, "Waiting for the first request"),
        h("p", {}, "Point an OpenAI SDK at ", h("code", {}, `${location.origin}/v1`), " and ask for a JSON Schema, or use the ", h("a", { href: "#/playground" }, "playground"), ".")));
    this.dispatchEvent(new CustomEvent("count", { detail: { shown, all: this.#rows.size } }));
  }
}

const MOST = 2000;
const COLUMNS = ["c-time", "c-dot", "c-model", "c-mode", "c-tries", "c-tokens", "c-took", "c-prompt"];

function line(row, onclick) {
  const tries = row.attempts + (row.continuations ? `+${row.continuations}` : "");
  const cells = [
    h("span", { title: new Date(row.at * 1000).toISOString() }, timeOf(row.at)),
    h("span", { title: row.error ?? row.outcome }, h("i", { class: `dot ${groupOf(row.outcome)}` }), h("em", {}, row.outcome.replaceAll("_", " "))),
    h("span", { title: `${row.model} at ${row.upstream}` }, row.model || "–", row.stream && h("sup", { title: "streamed" }, "≈")),
    h("span", {}, row.mode),
    h("span", { title: `${row.attempts} tries, ${row.continuations} continuations${row.repairs.length ? `; mended: ${row.repairs.join(", ")}` : ""}` },
      tries, row.repairs.length ? h("b", { class: "mend" }, "✎") : null),
    h("span", {}, row.tokens || ""),
    h("span", {}, duration(row.seconds)),
    h("span", { title: row.prompt }, row.prompt),
  ];
  cells.forEach((cell, at) => cell.classList.add(COLUMNS[at]));
  return h("li", { class: `row ${groupOf(row.outcome)}`, role: "option", id: `row-${row.id}`, "data-id": row.id, onclick }, cells);
}

customElements.define("sg-list", RequestList);
