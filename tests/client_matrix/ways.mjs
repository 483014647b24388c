// Clients for Node: OpenAI's and Groq's SDKs, and the Vercel AI SDK through three providers.
import { createGroq } from "@ai-sdk/groq";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, Output, streamObject, tool } from "ai";
import Groq from "groq-sdk";
import { readFileSync } from "node:fs";
import OpenAI from "openai";
import { zodFunction, zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

process.on("unhandledRejection", () => {}); // streamObject rejects promises that nobody asked for

const url = process.env.STRICTGATE_URL;
const cases = JSON.parse(process.env.STRICTGATE_CASES);
const schema = z.object({ choice: z.enum(["angry", "calm"]) });
const prompt = "Which mood? Answer in JSON.";
const messages = [{ role: "user", content: prompt }];

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
const groq = new Groq({ baseURL: url, apiKey: "k", maxRetries: 0 });
const held = (message) =>
  message.tool_calls?.length
    ? JSON.parse(message.tool_calls[0].function.arguments)
    : message.refusal
      ? { refusal: message.refusal }
      : JSON.parse(message.content);
const format = zodResponseFormat(schema, "mood");
const tools = [zodFunction({ name: "mood", parameters: schema })];

const ways = {
  openai: {
    create: async (model, more) =>
      held((await openai.chat.completions.create({ model, messages, response_format: format, ...more })).choices[0].message),
    parse: async (model, more) =>
      held((await openai.chat.completions.parse({ model, messages, response_format: format, ...more })).choices[0].message),
    stream: async (model, more) =>
      held((await openai.chat.completions.stream({ model, messages, response_format: format, ...more }).finalChatCompletion()).choices[0].message),
    zodFunction: async (model, more) =>
      held((await openai.chat.completions.parse({ model, messages, tools, tool_choice: "required", ...more })).choices[0].message),
    "responses.parse": async (model, { max_tokens } = {}) => {
      const got = await openai.responses.parse({ model, input: messages, text: { format: zodTextFormat(schema, "mood") }, max_output_tokens: max_tokens });
      const part = got.output[0].content[0];
      return part.type === "refusal" ? { refusal: part.refusal } : got.output_parsed;
    },
    "responses.stream": async (model, { max_tokens } = {}) => {
      const stream = openai.responses.stream({ model, input: messages, text: { format: zodTextFormat(schema, "mood") }, max_output_tokens: max_tokens });
      const got = await stream.finalResponse();
      const part = got.output[0].content[0];
      return part.type === "refusal" ? { refusal: part.refusal } : got.output_parsed;
    },
  },
  "groq-sdk": {
    create: async (model, more) =>
      held((await groq.chat.completions.create({ model, messages, response_format: format, ...more })).choices[0].message),
  },
};

const providers = {
  "@ai-sdk/openai": createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" }),
  "@ai-sdk/openai-compatible": createOpenAICompatible({ name: "strictgate", baseURL: `${url}/v1`, apiKey: "k", supportsStructuredOutputs: true }),
  "@ai-sdk/groq": createGroq({ baseURL: `${url}/openai/v1`, apiKey: "k" }),
};
for (const [name, provider] of Object.entries(providers)) {
  const options = (model, { max_tokens } = {}) => ({ model: provider(model), prompt, maxRetries: 0, maxOutputTokens: max_tokens });
  ways[name] = {
    generateObject: async (model, more) => (await generateObject({ ...options(model, more), schema })).object,
    streamObject: async (model, more) => {
      let failure;
      const got = streamObject({ ...options(model, more), schema, onError: ({ error }) => { failure = error; } });
      for await (const _ of got.partialObjectStream);  // without a reader it waits for ever
      if (failure) throw failure;
      return await got.object;
    },
    "Output.object": async (model, more) =>
      (await generateText({ ...options(model, more), output: Output.object({ schema }) })).output,
    tools: async (model, more) => {
      const got = await generateText({ ...options(model, more), tools: { mood: tool({ inputSchema: schema }) }, toolChoice: "required" });
      if (!got.toolCalls.length) throw new Error(`no call: ${got.finishReason}`);
      return got.toolCalls[0].input;
    },
  };
  if (name === "@ai-sdk/openai") {
    const chat = (model, more) => ({ ...options(model, more), model: provider.chat(model) });
    ways[name]["chat generateObject"] = async (model, more) => (await generateObject({ ...chat(model, more), schema })).object;
  }
}

const version = (name) =>
  JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;
for (const [client, tried] of Object.entries(ways)) {
  for (const [way, run] of Object.entries(tried)) {
    for (const [name, [model, more]] of Object.entries(cases)) {
      const row = { client: `${client} (Node)`, version: version(client), way, case: name };
      try {
        console.log(JSON.stringify({ ...row, value: await run(model, more) }));
      } catch (error) {
        console.log(JSON.stringify({ ...row, raised: error?.constructor?.name ?? typeof error, cause: error?.cause?.constructor?.name ?? null, message: String(error?.message).slice(0, 300) }));
      }
    }
  }
}
