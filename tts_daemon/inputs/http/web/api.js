// Asks the daemon, and listens to it.

let token = sessionStorage.getItem("token") ?? "";

/** What the daemon refused, with its short name as `code`. */
export class Refusal extends Error {
  constructor(status, told) {
    super(told.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = told.error;
  }
}

/** Use this token from now on. */
export function setToken(value) {
  token = value;
  sessionStorage.setItem("token", value);
}

/** Ask for a path; with a body it is sent as JSON. Throws Refusal. */
export async function ask(path, { body, signal } = {}) {
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (body) headers["Content-Type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) };
  const response = await fetch(path, options);
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return response;
}

/**
 * Server-sent events until the connection ends, by fetch: an EventSource cannot send a token.
 * @param {{[kind: string]: (message: object) => void}} listeners by the kind of event
 */
export async function follow(listeners) {
  const reader = (await ask("api/events")).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const pieces = (text + value).split("\n\n");
    text = pieces.pop();
    for (const piece of pieces) {
      const [, kind, data] = piece.match(/^event: (\w+)\ndata: (.*)$/) ?? [];
      if (kind) listeners[kind]?.(JSON.parse(data));
    }
  }
}
