// Reads texts beside the page: the project's front end in Python (Pyodide), with the segmenter as WebAssembly.
//
// `{port, work, request}`: `symbols`, `reading` or `voices` (page_reader.py) is answered with `{answer}` for each clause,
// sentence or voice, and at last with `{end: true}` or `{error, code}`.

import { content, object } from "./synthesis/files.js";

const place = (name) => new URL(name, import.meta.url);

let starting = null;

self.onmessage = async ({ data: { port, work, request } }) => {
  try {
    starting ??= start();
    starting.catch(() => (starting = null));
    const made = (await starting).answers(work, JSON.stringify(request));
    for (const message of made) port.postMessage(JSON.parse(message));
    made.destroy();
    port.postMessage({ end: true });
  } catch (error) {
    port.postMessage({ error: String(error.message ?? error), code: "reading" });
  } finally {
    port.close();
  }
};

async function start() {
  const [python, segmenter, simplify] = await Promise.all([startPython(), startSegmenter(), startConverter()]);
  python.registerJsModule("page", {
    tag: (text, hmm) => python.toPy(segmenter.tag(text, hmm).map(({ word, tag }) => [word, tag])),
    addWord: (word, frequency, pos) => void segmenter.add_word(word, frequency < 0 ? undefined : frequency, pos || undefined),
    hasWord: (word) => segmenter.cut_all(word).includes(word),
    simplified: simplify,
  });
  python.unpackArchive(await content(place("frontend.zip")), "zip", { extractDir: "/frontend" });
  python.runPython("import sys; sys.path.insert(0, '/frontend')");
  const reader = python.pyimport("page_reader");
  for (const _ of reader.answers("reading", '{"text": "好"}')); // what is loaded on first use is loaded now
  return reader;
}

async function startPython() {
  const [{ loadPyodide }, { default: createPyodideModule }] = await Promise.all([
    import(place("pyodide/pyodide.mjs")),
    imported("pyodide/pyodide.asm.mjs.packed"),
  ]);
  const lock = await object(place("pyodide/pyodide-lock.json"));
  serve(place("pyodide/pyodide.asm.wasm"), "application/wasm");
  return loadPyodide({ indexURL: place("pyodide/").href, createPyodideModule, lockFileContents: lock, checkAPIVersion: false });
}

/** Have the fetches of a library answered by a packed file. */
function serve({ href }, type) {
  const { fetch } = self;
  self.fetch = async (wanted, options) => {
    if (String(wanted.url ?? wanted) !== href) return fetch(wanted, options);
    return new Response(await content(`${href}.packed`), { headers: { "Content-Type": type } });
  };
}

/** A module that is kept packed. */
async function imported(name) {
  const blob = new Blob([await content(place(name))], { type: "text/javascript" });
  const address = URL.createObjectURL(blob);
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

async function startSegmenter() {
  const module = await import(place("jieba/jieba.js"));
  await module.default({ module_or_path: await content(place("jieba/jieba.wasm.packed")) });
  return module;
}

async function startConverter() {
  const { Converter } = await import(place("opencc/t2cn.js"));
  return Converter({ from: "t", to: "cn" });
}
