// The gateway's API, from its own page. Where the gateway has client keys, one is asked for and kept
// for this tab alone.

const BASE = "/inspector/api/";
const KEY = "strictgate.key";

export const key = {
  get: () => sessionStorage.getItem(KEY) ?? "",
  set: (value) => sessionStorage.setItem(KEY, value),
};

export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? `The gateway answered ${status}.`);
    this.status = status;
    this.code = error?.code ?? null;
  }
}

export function headers(more = {}) {
  return key.get() ? { authorization: `Bearer ${key.get()}`, ...more } : more;
}

export async function call(path, { method = "GET", body } = {}) {
  const response = await fetch(BASE + path, {
    method,
    headers: headers(body === undefined ? {} : { "content-type": "application/json" }),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Refused(response.status, (await json(response))?.error);
  return response;
}

export const get = async (path) => (await call(path)).json();
export const post = async (path, body) => (await call(path, { method: "POST", body })).json();
export const text = async (path) => (await call(path)).text();

async function json(response) {
  try { return await response.json(); } catch { return null; }
}

/** Yield the data of server-sent events. fetch, since an EventSource cannot send a key. */
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      let end;
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const event = rest.slice(0, end);
        rest = rest.slice(end + 2);
        const data = event.split("\n").filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
        if (data.length) yield data.join("\n");
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Follow the list for ever: `onRows` gets what has changed, `onState` whether it is connected. */
export async function follow(onRows, onState, signal) {
  while (!signal.aborted) {
    try {
      const response = await fetch(BASE + "live", { headers: headers(), signal });
      if (!response.ok) throw new Refused(response.status, (await json(response))?.error);
      onState(true);
      for await (const data of events(response)) onRows(JSON.parse(data));
    } catch (error) {
      if (signal.aborted) return;
      onState(false, error);
      if (error.status === 401 || error.status === 403) return;
    }
    await new Promise((resolve) => setTimeout(resolve, 1500));
  }
}

/** Ask the gateway itself, as any client does. */
export async function ask(path, body, signal) {
  const began = performance.now();
  const response = await fetch(path, {
    method: "POST",
    headers: headers({ "content-type": "application/json" }),
    body: JSON.stringify(body),
    signal,
  });
  return { response, id: response.headers.get("x-request-id"), began };
}
