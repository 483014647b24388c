// A request asked again with something changed, and both answers side by side.

import { h, button, duration } from "./dom.js";
import { ask, get } from "./api.js";
import { painted } from "./paint.js";
import { pathOf } from "./snippets.js";

const MODES = ["", "native", "json_object", "tool", "prompt"];
const REPAIRS = ["", "off", "syntax", "lossless", "lenient"];

export function openReplay(data) {
  const body = JSON.parse(data.body.text);
  const model = h("input", { name: "model", value: body.model ?? "", spellcheck: "false" });
  const mode = select("mode", MODES);
  const repair = select("repair", REPAIRS);
  const temperature = h("input", { name: "temperature", type: "number", min: 0, max: 2, step: 0.1, value: body.temperature ?? "" });
  const result = h("section", { class: "side", id: "replay-result", "aria-live": "polite" }, h("h3", {}, "Now"), h("p", { class: "hint" }, "not asked yet"));
  const send = button("Ask again", run, { class: "primary", id: "replay-send" });
  const dialog = h("dialog", { class: "replay", "aria-label": "Replay with changes" },
    h("form", { method: "dialog" },
      h("h2", {}, "Replay with…"),
      h("div", { class: "fields" }, field("Model", model), field("Mode", mode), field("Repair", repair), field("Temperature", temperature)),
      h("div", { class: "sides" }, side("Before", data), result),
      h("div", { class: "actions" }, send, button("Close", () => dialog.close()))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  model.focus();

  async function run() {
    const changed = structuredClone(body);
    changed.model = model.value;
    changed.stream = false;
    delete changed.stream_options;
    const knobs = { ...changed.strictgate };
    if (mode.value) knobs.modes = [mode.value];
    if (repair.value) knobs.repair = repair.value;
    if (Object.keys(knobs).length) changed.strictgate = knobs;
    if (temperature.value !== "") changed.temperature = Number(temperature.value);
    send.disabled = true;
    result.replaceChildren(h("h3", {}, "Now"), h("p", { class: "hint" }, "asking…"));
    try {
      const { response, id } = await ask(pathOf(data), changed);
      await response.text();
      const now = await over(id);
      result.replaceChildren(...side("Now", now).childNodes);
      result.dataset.done = "";
    } catch (error) {
      result.replaceChildren(h("h3", {}, "Now"), h("p", { class: "hint" }, error.message));
    }
    send.disabled = false;
  }
}

/** Return a request's details once it is over: the answer may be here a moment before that. */
async function over(id) {
  for (let tries = 0; ; tries += 1) {
    const data = await get(`requests/${encodeURIComponent(id)}`);
    if (data.outcome !== "open" || tries > 20) return data;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function side(name, data) {
  const error = data.error_body?.error;
  const last = data.attempts_made.at(-1);
  return h("section", { class: "side" },
    h("h3", {}, name, h("small", {}, data.outcome.replaceAll("_", " "))),
    h("dl", { class: "facts" },
      [["model", data.model], ["mode", data.mode || "–"], ["tries", data.attempts + (data.continuations ? ` + ${data.continuations}` : "")],
        ["repairs", data.repairs.join(", ") || "none"], ["tokens", data.tokens || "–"], ["took", duration(data.seconds)]]
        .map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value)))),
    data.documents.length ? data.documents.map((each) => painted(each)) : error ? h("p", { class: "bad" }, error.message) : h("pre", { class: "text" }, last?.texts[0] ?? ""),
    data.id && h("a", { href: `#/requests/${encodeURIComponent(data.id)}` }, data.id));
}

const select = (name, values) => h("select", { name }, values.map((each) => h("option", { value: each }, each || "as before")));
const field = (name, input) => h("label", {}, h("span", {}, name), input);
