// Sessions with tools, as the Vercel AI SDK and OpenAI's SDK for Node hold them by themselves.
import { createGroq } from "@ai-sdk/groq";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { z } from "zod";

const url = process.env.STRICTGATE_URL;
const model = process.env.STRICTGATE_MODEL;
const sessions = JSON.parse(process.env.STRICTGATE_SESSIONS);
const city = z.object({ city: z.string() });
const report = z.object({ sky: z.enum(["sunny", "grey"]), degrees: z.number() });
const weather = ({ city }) => `Sunny, 21 degrees in ${city}.`;

const providers = {
  "responses": ["@ai-sdk/openai", createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" })],
  "chat": ["@ai-sdk/openai", createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" }).chat],
  "compatible": ["@ai-sdk/openai-compatible", createOpenAICompatible({ name: "strictgate", baseURL: `${url}/v1`, apiKey: "k", supportsStructuredOutputs: true })],
  "groq": ["@ai-sdk/groq", createGroq({ baseURL: `${url}/openai/v1`, apiKey: "k" })],
};
const ways = [];
for (const [face, [client, provider]] of Object.entries(providers)) {
  for (const [name, ask] of [["generateText", generateText], ["streamText", streamText]]) {
    ways.push([client, `${face} ${name}`, async (prompts, wantsDocument) => {
      const called = [];
      const failures = [];
      const messages = [];
      let got;
      for (const prompt of prompts) {
        messages.push({ role: "user", content: prompt });
        got = await ask({
          model: provider(model), messages, maxRetries: 0, stopWhen: stepCountIs(5),
          tools: { get_weather: tool({ description: "Tell the weather.", inputSchema: city, execute: (given) => { called.push(given); return weather(given); } }) },
          onError: ({ error }) => { failures.push(error); },
          ...(wantsDocument ? { output: Output.object({ schema: report }) } : {}),
        });
        if (ask === streamText) await got.consumeStream();
        if (failures.length) throw failures[0];
        messages.push(...(await got.response).messages);
      }
      return { called, said: wantsDocument ? await got.output : await got.text };
    }]);
  }
}
const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
for (const stream of [false, true]) {
  ways.push(["openai", `runTools${stream ? " streamed" : ""}`, async (prompts, wantsDocument) => {
    const called = [];
    let messages = [];
    let said;
    for (const prompt of prompts) {
      messages.push({ role: "user", content: prompt });
      const runner = openai.chat.completions.runTools({
        model, stream, messages,
        tools: [{ type: "function", function: { name: "get_weather", description: "Tell the weather.", parse: JSON.parse, parameters: z.toJSONSchema(city), function: (given) => { called.push(given); return weather(given); } } }],
        ...(wantsDocument ? { response_format: { type: "json_schema", json_schema: { name: "report", schema: z.toJSONSchema(report) } } } : {}),
      });
      said = await runner.finalContent();
      messages = [...runner.messages];
    }
    return { called, said: wantsDocument ? JSON.parse(said) : said };
  }]);
}

process.on("unhandledRejection", () => {});
const version = (name) =>
  JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;
const only = process.argv[2];
for (const [client, way, run] of ways) {
  if (only && !way.includes(only)) continue;
  for (const [name, prompts] of Object.entries(sessions)) {
    const row = { client: `${client} (Node)`, version: version(client), way, case: name };
    try {
      console.log(JSON.stringify({ ...row, value: await run(prompts, name === "document") }));
    } catch (error) {
      console.log(JSON.stringify({ ...row, raised: error?.constructor?.name ?? typeof error, cause: error?.cause?.constructor?.name ?? null, message: String(error?.message).slice(0, 500) }));
    }
  }
}
