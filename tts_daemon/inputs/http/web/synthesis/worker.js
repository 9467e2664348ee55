// Makes sound beside the page, in a worker.
//
// `{port, place: {voices, headers, suffix}}` begins an utterance, and says where voice packages are. By its port come
// `{clause}` and at last `{end: true}`, or `{stop: true}`; back go `{samples, rate}` and at last `{end: true}` or
// `{error}`. With `voice` it only makes that voice ready.

import { Engine } from "./engine.js";
import { content, object } from "./files.js";
import { Levels } from "./levels.js";
import { Mailbox } from "./mailbox.js";
import { synthesize } from "./synthesizer.js";
import { Voice } from "./voice.js";

const ORT = new URL("../engine/ort.js", import.meta.url);
const BINARY = new URL("../engine/ort.wasm.packed", import.meta.url);
const MOST_THREADS = 4;

let place = null;
let engine = null;
const voices = new Map();

self.onmessage = ({ data }) => {
  place = data.place;
  const work = data.voice ? voiceOf(data.voice) : utter(data.port);
  work
    .then(() => data.port.postMessage({ end: true }))
    .catch((error) => data.port.postMessage({ error: String(error.message ?? error) }))
    .finally(() => data.port.close());
};

/** The engine and a voice, ready to speak; tried anew where it failed. */
function voiceOf(name) {
  if (!voices.has(name)) {
    const loading = load(name);
    loading.catch(() => voices.delete(name));
    voices.set(name, loading);
  }
  return voices.get(name);
}

async function load(name) {
  const at = (file) => new URL(`${encodeURIComponent(name)}/${file}`, place.voices);
  const [ready, stated] = await Promise.all([started(), object(at("voice.json"), place.headers)]);
  const graphs = Object.entries(stated.graphs).map(async ([graph, { file }]) => {
    const bytes = await content(at(file + place.suffix), place.headers);
    return [graph, await ready.load(new Uint8Array(bytes))];
  });
  const voice = new Voice(stated, Object.fromEntries(await Promise.all(graphs)));
  await voice.warmUp();
  return voice;
}

function started() {
  engine ??= start();
  engine.catch(() => (engine = null));
  return engine;
}

async function start() {
  const [ort, binary] = await Promise.all([import(ORT), content(BINARY)]);
  // Threads share memory, which only pages that are isolated from others may do.
  const threads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;
  return new Engine(ort, { binary, threads });
}

async function utter(port) {
  const clauses = new Mailbox();
  let isStopped = false;
  port.onmessage = ({ data }) => {
    isStopped ||= Boolean(data.stop);
    if (data.clause) clauses.put(data.clause);
    else clauses.end();
  };
  const levels = new Levels();
  for await (const chunk of synthesize(clauses, voiceOf)) {
    if (isStopped) return;
    send(port, levels.process(chunk), chunk.rate);
    await breath();
  }
  send(port, levels.finish(), levels.rate);
}

function send(port, samples, rate) {
  if (samples.length) port.postMessage({ samples, rate }, [samples.buffer]);
}

/** Let messages in: WebAssembly never waits for anything. */
function breath() {
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      done();
    };
    port2.postMessage(null);
  });
}
