// The page's side of the front end: requests in, clauses and readings out.

import { Mailbox } from "./synthesis/mailbox.js";

/** Reads in a worker of its own. */
export class Reader {
  #worker = new Worker(new URL("reader-worker.js", import.meta.url), { type: "module" });

  /** The voices that are here, as `GET /api/voices` says it; they come when everything is loaded. */
  voices() {
    return all(this.#begin("voices"));
  }

  /** How a request is read, as `POST /api/reading` says it. */
  read(request) {
    return all(this.#begin("reading", request));
  }

  /** The clauses of a request, as they are read. */
  symbols(request) {
    return this.#begin("symbols", request);
  }

  async *#begin(work, request = null) {
    const { port1, port2 } = new MessageChannel();
    const answers = new Mailbox();
    port1.onmessage = ({ data }) => {
      answers.put(data);
      if (data.end || data.error) answers.end();
    };
    this.#worker.postMessage({ port: port2, work, request }, [port2]);
    for await (const message of answers) {
      if (message.error) throw Object.assign(new Error(message.error), { code: message.code });
      if (!message.end) yield message.answer;
    }
  }
}

async function all(messages) {
  const found = [];
  for await (const message of messages) found.push(message);
  return found;
}
