// A schema and a prompt: the answer is watched while it is written, and judged as it stands.

import { h, button, duration } from "./dom.js";
import { ask, events, headers, post } from "./api.js";
import { examined, allowedLine } from "./paint.js";

const SCHEMA = `{
  "type": "object",
  "properties": {
    "mood": { "type": "string", "enum": ["happy", "angry", "calm"] },
    "words": { "type": "array", "items": { "type": "string" }, "minItems": 2 },
    "score": { "type": "number", "minimum": 0, "maximum": 10 }
  },
  "required": ["mood", "words", "score"],
  "additionalProperties": false
}`;

export class Playground extends HTMLElement {
  #stop = null;
  #turn = 0;

  connectedCallback() {
    if (this.childElementCount) return;
    const keep = (name, fallback) => localStorage.getItem(`strictgate.play.${name}`) ?? fallback;
    this.model = h("input", { name: "model", value: keep("model", ""), placeholder: "model", spellcheck: "false", list: "play-models" });
    this.models = h("datalist", { id: "play-models" });
    this.prompt = h("textarea", { name: "prompt", rows: 3 }, keep("prompt", "How is Rico today?"));
    this.schema = h("textarea", { name: "schema", rows: 14, spellcheck: "false", class: "mono" }, keep("schema", SCHEMA));
    this.draft = h("textarea", { name: "text", rows: 5, spellcheck: "false", class: "mono", placeholder: "or type a document here: each key is judged" });
    this.verdict = h("div", { class: "verdict", "aria-live": "polite" }, h("p", { class: "hint" }, "Nothing has been written yet."));
    this.send = button("Ask", () => (this.#stop ? this.#stop.abort() : this.#ask()), { class: "primary", id: "play-send" });
    this.draft.addEventListener("input", () => this.#judge(this.draft.value, false));
    this.append(h("div", { class: "play" },
      h("form", { onsubmit: (event) => event.preventDefault() },
        h("label", {}, h("span", {}, "Model"), this.model), this.models,
        h("label", {}, h("span", {}, "Prompt"), this.prompt),
        h("label", {}, h("span", {}, "JSON Schema"), this.schema), h("div", { class: "actions" }, this.send)),
      h("section", {}, h("h3", {}, "Written"), this.verdict, h("label", {}, h("span", {}, "Your own document"), this.draft))));
    this.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !this.#stop) this.#ask(); });
  }

  async show() {
    try {
      const response = await fetch("/v1/models", { headers: headers() });
      const listed = response.ok ? (await response.json()).data : [];
      this.models.replaceChildren(...listed.slice(0, 200).map((each) => h("option", { value: each.id })));
      if (!this.model.value && listed.length) this.model.value = listed[0].id;
    } catch { /* the name can be typed */ }
  }

  async #ask() {
    let schema;
    try {
      schema = JSON.parse(this.schema.value);
    } catch (error) {
      this.verdict.replaceChildren(h("p", { class: "bad" }, `The schema is not JSON: ${error.message}`));
      return;
    }
    for (const name of ["model", "prompt", "schema"]) localStorage.setItem(`strictgate.play.${name}`, this[name].value);
    this.#stop = new AbortController();
    this.send.textContent = "Stop";
    const body = {
      model: this.model.value, stream: true, messages: [{ role: "user", content: this.prompt.value }],
      response_format: { type: "json_schema", json_schema: { name: "play", schema } }, strictgate: { stream: "guarded" },
    };
    try {
      const { response, id, began } = await ask("/v1/chat/completions", body, this.#stop.signal);
      await this.#watch(response, id, began);
    } catch (error) {
      if (error.name !== "AbortError") this.verdict.replaceChildren(h("p", { class: "bad" }, error.message));
    }
    this.#stop = null;
    this.send.textContent = "Ask";
  }

  async #watch(response, id, began) {
    const link = () => h("p", { class: "quiet" }, `${duration((performance.now() - began) / 1000)} · `, h("a", { href: `#/requests/${encodeURIComponent(id)}` }, id));
    if (!response.ok) {
      const error = (await response.json()).error;
      this.verdict.replaceChildren(h("p", { class: "bad" }, error.message), link());
      return;
    }
    let written = "";
    for await (const data of events(response)) {
      if (data === "[DONE]") break;
      const chunk = JSON.parse(data);
      if (chunk.error) {
        this.verdict.append(h("p", { class: "bad" }, chunk.error.message), link());
        return;
      }
      const more = chunk.choices?.[0]?.delta?.content ?? "";
      if (more) { written += more; await this.#judge(written, false); }
    }
    await this.#judge(written, true);
    this.verdict.append(link());
  }

  /** Show what the guard makes of a text; a later one takes its place. */
  async #judge(text, isOver) {
    const turn = (this.#turn += 1);
    try {
      const found = await post("judge", { schema: JSON.parse(this.schema.value), text, over: isOver });
      if (turn !== this.#turn) return;
      const state = found.whole ? h("span", { class: "chip good" }, "valid") : found.parts.some(([kind]) => kind === "refused")
        ? h("span", { class: "chip bad" }, "refused") : h("span", { class: "chip busy" }, "can become valid");
      this.verdict.replaceChildren(h("p", {}, state, " ", h("code", { class: "path" }, found.path || "/")), examined(found),
        allowedLine(found) ?? "", found.problems.length ? h("ul", { class: "problems" }, found.problems.map((each) => h("li", {}, each))) : "");
    } catch (error) {
      if (turn === this.#turn) this.verdict.replaceChildren(h("p", { class: "bad" }, error.message));
    }
  }
}

customElements.define("sg-playground", Playground);
