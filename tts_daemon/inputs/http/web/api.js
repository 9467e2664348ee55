// Asks the daemon, and listens to it.

import { languageTag } from "./shared/words.js";

const KEPT = "token";
let token = localStorage.getItem(KEPT) ?? "";

/** What the daemon refused, with its short name as `code`; its message is in the page's language. */
export class Refusal extends Error {
  constructor(status, told) {
    super(told.message ?? `HTTP ${status}`);
    this.status = status;
    this.code = told.error ?? "http";
  }
}

/** Whether a token is known. */
export function hasToken() {
  return token !== "";
}

/** Use this token from now on, also after the browser was closed; empty: none. */
export function setToken(value) {
  token = value;
  if (value) localStorage.setItem(KEPT, value);
  else localStorage.removeItem(KEPT);
}

/** Headers that let a request in. */
export function authorization() {
  return token ? { Authorization: `Bearer ${token}` } : {};
}

/** Ask for a path; with a body it is sent as JSON. Throws Refusal. */
export async function ask(path, { body, signal } = {}) {
  const headers = { "Accept-Language": languageTag(), ...authorization() };
  if (body) headers["Content-Type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, signal, body: body && JSON.stringify(body) };
  const response = await fetch(path, options);
  if (!response.ok) throw new Refusal(response.status, await response.json().catch(() => ({})));
  return response;
}

/** Ask for a path, and read the answer as JSON. Throws Refusal. */
export async function tell(path, options) {
  return (await ask(path, options)).json();
}

/**
 * Server-sent events until the connection ends, by fetch: an EventSource cannot send a token.
 * @param {{[kind: string]: (message: object) => void}} listeners by the kind of event
 * @param {AbortSignal} signal ends it
 */
export async function follow(listeners, signal) {
  const reader = (await ask("api/events", { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
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
