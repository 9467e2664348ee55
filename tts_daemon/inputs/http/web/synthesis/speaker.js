// The page's side of the synthesis: clauses in, a WAV that comes in as it is made out.

const HEADER_BYTES = 44;
const FULL_SCALE = 32767;
const ENDLESS = 0xffffffff;

/** Speaks in a worker of its own. */
export class Speaker {
  #worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  #place;

  /**
   * @param {() => {voices: string, headers?: object, suffix?: string}} place address of the folder of voice packages,
   *   ended by a slash; headers of requests for them; what is added to the names of graphs
   */
  constructor(place) {
    this.#place = place;
  }

  /**
   * Speak clauses as they come.
   * @param {AsyncIterable<object>} clauses as `POST /api/symbols` gives them
   * @param {AbortSignal} signal ends it
   * @returns {Promise<Response>} at the first sound; rejected where there is none
   */
  async speak(clauses, signal) {
    const port = this.#begin({});
    const sound = arrivals(port, signal);
    feed(port, clauses).catch((error) => sound.fail(error));
    const first = await sound.next();
    if (!first) throw Object.assign(new Error("text: holds nothing to speak"), { code: "invalid_request" });
    const body = new ReadableStream({
      start: (into) => {
        into.enqueue(header(first.rate));
        into.enqueue(pcm(first.samples));
      },
      pull: async (into) => {
        const next = await sound.next();
        if (next) into.enqueue(pcm(next.samples));
        else into.close();
      },
      cancel: () => port.postMessage({ stop: true }),
    });
    return new Response(body, { headers: { "Content-Type": "audio/wav" } });
  }

  /** Have a voice ready before it is asked to speak. */
  async prepare(voice) {
    await arrivals(this.#begin({ voice }), new AbortController().signal).next();
  }

  /** Tell the worker what is wanted; the port by which it is talked about. */
  #begin(wanted) {
    const { port1, port2 } = new MessageChannel();
    const { voices, headers = {}, suffix = "" } = this.#place();
    const place = { voices: new URL(voices, document.baseURI).href, headers, suffix };
    this.#worker.postMessage({ ...wanted, place, port: port2 }, [port2]);
    return port1;
  }
}

async function feed(port, clauses) {
  for await (const clause of clauses) port.postMessage({ clause });
  port.postMessage({ end: true });
}

/** What the worker sends, one by one; `next` resolves to null at the end. */
function arrivals(port, signal) {
  const come = [];
  let wake = () => {};
  let failure = null;
  const fail = (error) => {
    failure ??= error;
    port.postMessage({ stop: true });
    wake();
  };
  port.onmessage = ({ data }) => {
    if (data.error) return fail(Object.assign(new Error(data.error), { code: "synthesis" }));
    come.push(data.end ? null : data);
    wake();
  };
  signal.addEventListener("abort", () => fail(signal.reason));
  if (signal.aborted) fail(signal.reason);
  const next = async () => {
    while (!come.length && !failure) await new Promise((resolve) => (wake = resolve));
    if (failure) throw failure;
    return come.shift();
  };
  return { next, fail };
}

/** A WAV header of a stream whose length nobody knows yet. */
function header(rate) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES));
  const write = (at, text) => [...text].forEach((letter, i) => view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, ENDLESS, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, ENDLESS, true);
  return new Uint8Array(view.buffer);
}

/** 16 bits, little-endian. */
function pcm(samples) {
  const view = new DataView(new ArrayBuffer(2 * samples.length));
  samples.forEach((sample, at) => view.setInt16(2 * at, Math.round(sample * FULL_SCALE), true));
  return new Uint8Array(view.buffer);
}
