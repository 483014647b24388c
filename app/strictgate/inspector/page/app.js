// The page: its bar, its views by the address behind #, and its keys.

import { h, button, flash, saveFile } from "./dom.js";
import { call, follow, get, key, text } from "./api.js";
import { suggestions } from "./list.js";
import "./detail.js";
import "./models.js";
import "./playground.js";
import { showTips } from "./tip.js";

const THEME = "strictgate.theme";
const VIEWS = ["requests", "models", "playground"];
const HELP = [["j k ↑ ↓", "next and previous request"], ["Enter", "open it again"], ["Esc", "back to the list"], ["/", "filter"],
  ["p", "pause"], ["1 2 3", "requests, models, playground"], ["t", "light or dark"], ["?", "this list"]];

const OF_THE_LIST = ["j", "k", "ArrowDown", "ArrowUp", "Enter", "/", "p"];

class App extends HTMLElement {
  #following = null;

  connectedCallback() {
    setTheme(localStorage.getItem(THEME));
    this.list = document.createElement("sg-list");
    this.detail = document.createElement("sg-detail");
    this.models = document.createElement("sg-models");
    this.models.requests = () => this.list.rows();
    this.playground = document.createElement("sg-playground");
    this.filter = h("input", { type: "search", placeholder: "Filter: words, outcome:invalid, mode:tool, tokens:>500, -word", "aria-label": "Filter", list: "filter-words", onfocus: () => this.#suggest(), oninput: () => this.list.setFilter(this.filter.value) });
    this.words = h("datalist", { id: "filter-words" });
    this.state = h("span", { class: "state", role: "status" }, "connecting");
    this.count = h("span", { class: "count" });
    this.pause = button("Pause", () => this.#pause(), { "aria-pressed": "false", id: "pause" });
    this.links = VIEWS.map((name) => h("a", { href: `#/${name}` }, name[0].toUpperCase() + name.slice(1)));
    this.tools = h("div", { class: "tools" }, this.filter, this.words, this.count, this.pause,
      button("Clear", (event) => attempt(event.target, () => this.#clear()), { title: "forget all that is kept" }),
      button("JSONL", (event) => attempt(event.target, () => download("export.jsonl", "strictgate.jsonl")), { title: "export all as JSON Lines" }),
      button("HAR", (event) => attempt(event.target, () => download("export.har", "strictgate.har")), { title: "export all as an HTTP archive" }));
    this.panes = h("main", {}, h("div", { class: "requests" }, this.list, this.detail), this.models, this.playground);
    this.append(h("header", { class: "bar" }, h("a", { class: "brand", href: "#/requests" }, "Strict", h("b", {}, "gate")),
      h("nav", { "aria-label": "Views" }, this.links), this.state,
      button("◐", () => toggleTheme(), { class: "icon", "aria-label": "Light or dark" }),
      button("?", () => help(), { class: "icon", "aria-label": "Keys" })), this.tools, this.panes);
    this.list.addEventListener("pick", (event) => { location.hash = `#/requests/${encodeURIComponent(event.detail)}`; });
    this.list.addEventListener("count", (event) => this.#counted(event.detail));
    addEventListener("hashchange", () => {
      for (const each of document.querySelectorAll("dialog[open]")) each.close();  // they are of the page before
      this.#route();
    });
    addEventListener("keydown", (event) => this.#onKey(event));
    showTips();
    this.#route();
    this.#start();
  }

  async #start() {
    this.#following?.abort();
    this.#following = new AbortController();
    try {
      this.list.update(await get("requests"));
    } catch (error) {
      this.#refused(error);
      return;
    }
    follow((rows) => { const held = this.list.update(rows); this.#held(held); this.detail.refresh(rows.map((each) => each.id)); this.models.refresh(); },
      (isLive, error) => (isLive ? this.#live() : this.#refused(error)), this.#following.signal);
  }

  async #live() {
    this.state.textContent = "live";
    this.state.dataset.state = "live";
    this.list.update(await get("requests"));
  }

  #refused(error) {
    this.state.textContent = "offline";
    this.state.dataset.state = "offline";
    if (error?.status === 401) askKey(error.message, () => this.#start());
    else if (error?.status === 403) this.panes.replaceChildren(h("div", { class: "empty" }, h("p", { class: "big" }, "Closed from here"), h("p", {}, error.message)));
  }

  #route() {
    const [, view = "requests", id] = location.hash.split("/");
    const name = VIEWS.includes(view) ? view : "requests";
    this.dataset.view = name;
    this.toggleAttribute("data-open", Boolean(id) && name === "requests");
    this.links.forEach((each, at) => { if (VIEWS[at] === name) each.setAttribute("aria-current", "page"); else each.removeAttribute("aria-current"); });
    if (name === "requests" && id) { this.list.select(decodeURIComponent(id)); this.detail.show(decodeURIComponent(id)); } else this.detail.hide();
    if (name === "requests" && !id) this.list.select(null);
    if (name !== "requests") this[name].show();
    if (name !== "models") this.models.hide();
  }

  #pause() {
    const isPaused = !this.list.isPaused;
    this.list.setPaused(isPaused);
    this.pause.setAttribute("aria-pressed", String(isPaused));
    this.#held(0);
  }

  #held(count) { this.pause.textContent = this.list.isPaused ? `Resume${count ? ` (${count})` : ""}` : "Pause"; }

  async #clear() {
    await call("requests", { method: "DELETE" });
    this.list.clear();
    this.#held(0);
    location.hash = "#/requests";
  }

  #suggest() { this.words.replaceChildren(...suggestions(this.list.rows()).map((word) => h("option", { value: word }))); }

  #counted({ shown, all }) { this.count.textContent = shown === all ? `${all}` : `${shown} of ${all}`; }

  #onKey(event) {
    const isTyping = event.target.closest?.("input, textarea, select, dialog");
    if (event.key === "Escape") {
      if (isTyping && !event.target.closest("dialog")) event.target.blur();
      else if (!document.querySelector("dialog[open]")) location.hash = "#/requests";
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      j: () => this.list.move(1), k: () => this.list.move(-1), ArrowDown: () => this.list.move(1), ArrowUp: () => this.list.move(-1),
      Enter: () => this.list.reopen(), "/": () => this.filter.focus(), p: () => this.#pause(), t: toggleTheme, "?": help,
      1: () => { location.hash = "#/requests"; }, 2: () => { location.hash = "#/models"; }, 3: () => { location.hash = "#/playground"; },
    }[event.key];
    if (!action || (this.dataset.view !== "requests" && OF_THE_LIST.includes(event.key))) return;
    if (event.key === "Enter" && event.target.closest?.("a, button, summary")) return;
    event.preventDefault();
    action();
  }
}

/** Do what a button is for; where that fails, say so on it. */
async function attempt(element, action) {
  try {
    await action();
  } catch (error) {
    flash(element, error.message);
  }
}

async function download(path, name) { saveFile(name, await text(path)); }

function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}

function toggleTheme() {
  const isDark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const theme = isDark ? "light" : "dark";
  localStorage.setItem(THEME, theme);
  setTheme(theme);
}

function help() { show("Keys", h("dl", { class: "keys" }, HELP.map(([keys, what]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, what))))); }

function askKey(message, then) {
  const input = h("input", { type: "password", name: "key", autocomplete: "off", placeholder: "client key", "aria-label": "Client key" });
  const why = key.get() ? message : "This gateway answers whoever has one of its client keys. It is kept for this tab alone.";
  const dialog = show("A client key is needed", h("p", {}, why), input, button("Use it", use, { class: "primary" }));
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); use(); } });
  function use() { key.set(input.value.trim()); dialog.close(); then(); }
}

function show(title, ...children) {
  const dialog = h("dialog", { "aria-label": title }, h("form", { method: "dialog" }, h("h2", {}, title), children, h("button", {}, "Close")));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

customElements.define("sg-app", App);
