/**
 * OpenAI's SDK for Node, unchanged, against a gateway at STRICTGATE_URL whose default upstream is
 * the demonstration. Run by test_openai_node.py.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const client = new OpenAI({ baseURL: `${process.env.STRICTGATE_URL}/v1`, apiKey: "sk-test" });
const messages = [{ role: "user", content: "Answer with JSON, please." }];
const schema = {
  type: "object",
  properties: { choice: { type: "string", enum: ["angry", "calm"] } },
  required: ["choice"],
  additionalProperties: false,
};
const wanted = { type: "json_schema", json_schema: { name: "thechoice", schema, strict: true } };
const review = z.object({
  product_name: z.string(),
  rating: z.number(),
  sentiment: z.enum(["positive", "negative", "neutral"]),
  key_features: z.array(z.string()),
  bought: z.iso.datetime().nullable(),
});
const supportTicket = z.object({
  category: z.enum([
    "api",
    "billing",
    "account",
    "bug",
    "feature_request",
    "integration",
    "security",
    "performance",
  ]),
  priority: z.enum(["low", "medium", "high", "critical"]),
  urgency_score: z.number(),
  customer_info: z.object({
    name: z.string(),
    company: z.string().optional(),
    tier: z.enum(["free", "paid", "enterprise", "trial"]),
  }),
  technical_details: z.array(
    z.object({
      component: z.string(),
      error_code: z.string().optional(),
      description: z.string(),
    }),
  ),
  keywords: z.array(z.string()),
  requires_escalation: z.boolean(),
  estimated_resolution_hours: z.number(),
  follow_up_date: z.string().datetime().optional(),
  summary: z.string(),
});
const seeds = JSON.parse(readFileSync(new URL("../../data/seed_requests.json", import.meta.url)));
const seed = (name) => seeds.requests.find((each) => each.name === name).request;
const ticket = seed("support_ticket_classification");
const thread = { ...seed("thread_choice"), model: "demo/wrong-enum" };
const models = [
  "clean",
  "no-json-schema",
  "no-json-schema+no-json-object",
  "text-only",
  "thinks+fenced",
  "wrong-once",
];

function create(model, changes = {}) {
  const body = { model: `demo/${model}`, messages, response_format: wanted, ...changes };
  return client.chat.completions.create(body);
}

/** The error that `call` rejects with, streamed or not. */
async function failure(call) {
  try {
    for await (const _ of await call());
  } catch (error) {
    return error;
  }
  assert.fail("nothing went wrong");
}

describe("answers", () => {
  test("a completion, complete", async () => {
    const completion = await create("clean");
    assert.equal(completion.choices[0].message.content, '{"choice":"angry"}');
    assert.equal(completion.choices[0].finish_reason, "stop");
    assert.ok(completion.usage.total_tokens > 0);
    assert.match(completion._request_id, /^req_/);
    assert.equal(completion.x_strictgate.mode, "native");
  });

  test("a stream, with its usage", async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = [];
    for await (const chunk of await create("no-json-schema", options)) chunks.push(chunk);
    const last = chunks.pop();
    const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("");
    assert.deepEqual(JSON.parse(text), { choice: "angry" });
    assert.equal(chunks[0].choices[0].delta.role, "assistant");
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
    assert.deepEqual(last.choices, []);
    assert.ok(last.usage.total_tokens > 0);
  });

  for (const model of models) {
    test(`parse() with zod: ${model}`, async () => {
      const completion = await client.chat.completions.parse({
        model: `demo/${model}`,
        messages,
        response_format: zodResponseFormat(review, "product_review"),
      });
      assert.ok(review.parse(completion.choices[0].message.parsed));
    });

    test(`stream() with zod: ${model}`, async () => {
      const stream = client.chat.completions.stream({
        model: `demo/${model}`,
        messages,
        response_format: zodResponseFormat(review, "product_review"),
      });
      let text = "";
      stream.on("content", (delta) => (text += delta));
      const final = await stream.finalChatCompletion();
      assert.deepEqual(final.choices[0].message.parsed, review.parse(JSON.parse(text)));
    });

    test(`the documentation's support ticket: ${model}`, async () => {
      const completion = await client.chat.completions.create({ ...ticket, model: `demo/${model}` });
      assert.ok(supportTicket.parse(JSON.parse(completion.choices[0].message.content)));
    });
  }

  test("the stored schema is the one that zod makes", () => {
    const stored = ticket.response_format.json_schema.schema;
    assert.deepEqual(z.toJSONSchema(supportTicket), stored);
  });

  test("several choices", async () => {
    const completion = await client.chat.completions.parse({
      model: "demo/one-bad-choice",
      messages,
      response_format: zodResponseFormat(review, "product_review"),
      n: 3,
    });
    assert.deepEqual(completion.choices.map((choice) => choice.index), [0, 1, 2]);
    for (const choice of completion.choices) assert.ok(review.parse(choice.message.parsed));
  });

  test("a refusal", async () => {
    const completion = await client.chat.completions.parse({
      model: "demo/refuses",
      messages,
      response_format: zodResponseFormat(review, "product_review"),
    });
    assert.equal(completion.choices[0].message.parsed, null);
    assert.match(completion.choices[0].message.refusal, /can't help/);
  });

  test("models, embeddings and audio", async () => {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    assert.ok(ids.includes("demo/clean"));
    assert.equal((await client.models.retrieve("demo/clean")).id, "demo/clean");
    const embedded = await client.embeddings.create({ model: "demo/clean", input: "one" });
    assert.equal(embedded.data[0].embedding.length, 8);
    const file = await OpenAI.toFile(Buffer.alloc(70000), "sound.wav");
    const told = await client.audio.transcriptions.create({ model: "demo/clean", file });
    assert.ok(Number.parseInt(told.text) > 70000);
  });
});

describe("the request of the thread", () => {
  const repairs = [{ choice: 0, step: "forced", path: "/choice" }];

  test("is answered: its schema leaves one way to go on", async () => {
    const completion = await client.chat.completions.create(thread);
    assert.equal(completion.choices[0].message.content, '{"choice":"angry"}');
    assert.equal(completion.x_strictgate.attempts.length, 1);
    assert.deepEqual(completion.x_strictgate.repairs, repairs);
  });

  test("is answered as a stream", async () => {
    const chunks = [];
    const stream = await client.chat.completions.create({ ...thread, stream: true });
    for await (const chunk of stream) chunks.push(chunk);
    const text = chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("");
    assert.equal(text, '{"choice":"angry"}');
    assert.deepEqual(chunks.at(-1).x_strictgate.repairs, repairs);
  });

  test("fails with repair off, in the thread's words", async () => {
    const error = await failure(() =>
      client.chat.completions.create({ ...thread, strictgate: { repair: "off" } }),
    );
    assert.ok(error instanceof BadRequestError);
    assert.equal(error.error.failed_generation, '{"choice":"happy"}');
    assert.match(error.error.message, /'\/choice' does not validate with .*: value must be "angry"$/);
  });
});

describe("errors", () => {
  for (const stream of [false, true]) {
    test(`an invalid document, ${stream ? "streamed" : "whole"}`, async () => {
      const error = await failure(() => create("wrong-enum", { stream }));
      assert.ok(error instanceof BadRequestError);
      assert.equal(error.status, 400);
      assert.equal(error.code, "json_validate_failed");
      assert.equal(error.error.failed_generation, '{"choice":"happy"}');
      assert.match(error.requestID, /^req_/);
    });

    test(`a truncated document, ${stream ? "streamed" : "whole"}`, async () => {
      const error = await failure(() => create("clean", { stream, max_tokens: 2 }));
      assert.ok(error instanceof BadRequestError);
      assert.match(error.error.failed_generation, /^max completion tokens reached/);
    });
  }

  test("parse() and stream() raise no errors of their own for it", async () => {
    const body = { model: "demo/clean", messages, max_tokens: 2 };
    body.response_format = zodResponseFormat(review, "product_review");
    const parsed = await failure(() => client.chat.completions.parse(body));
    const streamed = await failure(() => client.chat.completions.stream(body).done());
    for (const error of [parsed, streamed]) {
      assert.ok(error instanceof BadRequestError, error.constructor.name);
      assert.match(error.error.failed_generation, /^max completion tokens reached/);
    }
  });

  test("the other classes", async () => {
    assert.ok((await failure(() => create("401"))) instanceof AuthenticationError);
    const unknown = await failure(() => create("there-is-none"));
    assert.ok(unknown instanceof NotFoundError);
    assert.equal(unknown.code, "model_not_found");
  });

  test("a stream that is passed through and breaks", async () => {
    for (const model of ["stream-error", "stream-error-inline", "drops"]) {
      let text = "";
      const error = await failure(async function* () {
        for await (const chunk of await create(model, { stream: true, response_format: undefined }))
          yield (text += chunk.choices[0]?.delta.content ?? "");
      });
      assert.ok(error instanceof APIError, model);
      assert.match(text, /^Hello!/);
    }
  });

  test("leaving a stream early", async () => {
    const stream = await create("endless", { stream: true, response_format: undefined });
    for await (const chunk of stream) {
      assert.ok(chunk.id);
      break;
    }
    assert.equal((await create("clean")).choices[0].message.content, '{"choice":"angry"}');
  });
});

test("fails once: create(), streamed and not, parse() and stream()", async () => {
  const body = { model: "demo/missing-field", messages };
  body.response_format = zodResponseFormat(review, "product_review");
  const errors = [
    await failure(() => client.chat.completions.create(body)),
    await failure(() => client.chat.completions.create({ ...body, stream: true })),
    await failure(() => client.chat.completions.parse(body)),
    await failure(() => client.chat.completions.stream(body).done()),
  ];
  for (const error of errors) assert.ok(error instanceof BadRequestError, error.constructor.name);
});
