// A request as something to run elsewhere. The key is the reader's own to fill in: none is kept.

const PATHS = { responses: "/v1/responses", chat: "/v1/chat/completions" };

export const pathOf = (data) => PATHS[data.surface] ?? (data.surface.includes("groq") ? "/openai/v1/chat/completions" : PATHS.chat);

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

export function curl(data) {
  return `curl ${location.origin}${pathOf(data)} \\\n  -H 'content-type: application/json' -H "authorization: Bearer $KEY" \\\n  -d ${quoted(data.body.text)}`;
}

export function python(data) {
  const body = JSON.parse(data.body.text);
  const { strictgate, ...known } = body;
  const extra = strictgate === undefined ? "" : `, extra_body=${literal({ strictgate })}`;
  const method = data.surface === "responses" ? "responses" : "chat.completions";
  return `import os\n\nfrom openai import OpenAI\n\nclient = OpenAI(base_url="${location.origin}/v1", api_key=os.environ["KEY"])\n`
    + `request = ${literal(known)}\nprint(client.${method}.create(**request${extra}))\n`;
}

/** A JSON value as Python writes it. */
export function literal(value, indent = "") {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const isList = Array.isArray(value);
  const more = `${indent}    `;
  const inner = Object.entries(value).map(([name, each]) => `${more}${isList ? "" : `${JSON.stringify(name)}: `}${literal(each, more)},\n`);
  if (!inner.length) return isList ? "[]" : "{}";
  return `${isList ? "[" : "{"}\n${inner.join("")}${indent}${isList ? "]" : "}"}`;
}
