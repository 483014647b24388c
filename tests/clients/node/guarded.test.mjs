/**
 * OpenAI's SDK for Node, unchanged, reading guarded streams of a gateway at STRICTGATE_URL that
 * knows that its upstream, the demonstration, goes on from what it has written. Run by
 * test_openai_node.py.
 */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import OpenAI, { APIError, BadRequestError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const client = new OpenAI({ baseURL: `${process.env.STRICTGATE_URL}/v1`, apiKey: "sk-test" });
const report = z.object({
  text: z.string().min(300),
  mood: z.enum(["angry", "calm"]),
  items: z.array(z.object({ name: z.string(), colour: z.enum(["red", "green", "blue"]) })).min(2),
  score: z.number(),
  sure: z.boolean(),
});
const long = z.object({
  pages: z.array(z.string().min(1000)).min(20),
  mood: z.enum(["angry", "calm"]),
});
const models = [
  "continues+slips-20",
  "echoes+slips-20",
  "continues+wrong-case-enum",
  "continues+trickles",
  "text-only+continues+slips-20",
  "blank-loop+continues",
  "ignores-prefill+wrong-once",
];

function body(model, schema = report, number = 0) {
  return {
    model: `demo/${model}`,
    messages: [{ role: "user", content: `Write report number ${number}, please.` }],
    response_format: zodResponseFormat(schema, "report"),
  };
}

function create(model, schema, changes = {}) {
  return client.chat.completions.create({ ...body(model, schema), stream: true, ...changes });
}

/** The texts of the choices of a stream. */
async function texts(stream) {
  const found = [];
  for await (const chunk of stream)
    for (const { index, delta } of chunk.choices)
      found[index] = (found[index] ?? "") + (delta.content ?? "");
  return found;
}

describe("documents", () => {
  for (const model of models) {
    test(`the deltas make up a document: ${model}`, async () => {
      const [text] = await texts(await create(model, report));
      assert.ok(report.parse(JSON.parse(text)));
    });

    test(`the helper parses it: ${model}`, async () => {
      const stream = client.chat.completions.stream(body(model, report, 1));
      let text = "";
      stream.on("content", (delta) => (text += delta));
      const final = await stream.finalChatCompletion();
      assert.deepEqual(final.choices[0].message.parsed, report.parse(JSON.parse(text)));
      assert.equal(final.choices[0].finish_reason, "stop");
    });
  }

  test("several choices, with usage and log-probabilities", async () => {
    const changes = { n: 2, stream_options: { include_usage: true }, logprobs: true };
    const chunks = [];
    for await (const chunk of await create("continues", report, changes)) chunks.push(chunk);
    const last = chunks.at(-1);
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.total_tokens > 0);
    for (const index of [0, 1]) {
      const choices = chunks.flatMap((chunk) => chunk.choices).filter((c) => c.index === index);
      const text = choices.map((choice) => choice.delta.content ?? "").join("");
      const tokens = choices.flatMap((choice) => choice.logprobs?.content ?? []);
      assert.ok(report.parse(JSON.parse(text)));
      assert.equal(tokens.map((entry) => entry.token).join(""), text);
    }
  });
});

describe("errors", () => {
  test("what goes wrong after bytes went out raises", async () => {
    let text = "";
    const error = await (async () => {
      for await (const chunk of await create("continues+wrong-enum", long))
        text += chunk.choices[0].delta.content ?? "";
    })().catch((raised) => raised);
    assert.ok(error instanceof APIError, `${error}`);
    assert.equal(error.code, "json_validate_failed");
    assert.match(text, /^{"pages":\["Page/);
  });

  test("the helper raises it too", async () => {
    const stream = client.chat.completions.stream(body("continues+wrong-enum", long));
    await assert.rejects(stream.done(), { code: "json_validate_failed" });
  });

  test("buffered, it has a status", async () => {
    const buffered = { strictgate: { stream: "buffered" } };
    await assert.rejects(create("continues+wrong-enum", long, buffered), BadRequestError);
    const [text] = await texts(await create("continues", long, buffered));
    assert.ok(long.parse(JSON.parse(text)));
  });
});

test("leaving early leaves nothing behind", async () => {
  const schema = { type: "json_schema", json_schema: { name: "text", schema: { type: "string" } } };
  const endless = { response_format: schema, strictgate: { modes: ["prompt"] } };
  let text = "";
  for await (const chunk of await create("endless", report, endless)) {
    text += chunk.choices[0].delta.content ?? "";
    if (text.length > 100) break;
  }
  assert.match(text, /^"Valuexxxx/);
  assert.ok(report.parse(JSON.parse((await texts(await create("continues", report)))[0])));
});

test("comments are passed over", async () => {
  const [text] = await texts(await create("continues+slow+slips-20", report));
  assert.ok(report.parse(JSON.parse(text)));
  const error = await texts(await create("continues+slow+wrong-enum", report)).catch((e) => e);
  assert.equal(error.code, "json_validate_failed");
});
