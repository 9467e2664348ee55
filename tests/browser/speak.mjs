// Speaks the clauses of a case with our modules, wherever they run: the page of a browser, or Node.

const GRAPHS = ["encoder", "variance", "duration", "memory", "decoder", "postnet_fsmn", "postnet_lstm", "vocoder"];

/**
 * @param {(path: string) => Promise<ArrayBuffer>} read a file of the case
 * @param {object} modules `Engine`, `Voice` and `synthesize` of web/synthesis, and `ort`
 * @param {ArrayBuffer} binary ONNX Runtime's WebAssembly
 * @returns {Promise<Float32Array>} all that is heard
 */
export async function speak(read, { Engine, Voice, synthesize, ort }, binary) {
  const engine = new Engine(ort, { binary, threads: 1 });
  const [{ clauses, with_edges }, manifest] = await Promise.all([json(read, "case.json"), json(read, "voice/voice.json")]);
  const graphs = {};
  for (const name of GRAPHS) {
    graphs[name] = await engine.load(new Uint8Array(await read(`voice/${manifest.graphs[name].file}`)));
  }
  const voice = new Voice(manifest, graphs, manifest.source && (await noiseOf(read, manifest)));
  const pieces = [];
  for await (const { samples } of with_edges ? synthesize(clauses, async () => voice) : bare(voice, clauses)) {
    pieces.push(...samples);
  }
  return Float32Array.from(pieces);
}

/** The clauses as the vocoder makes them, one after the other. */
async function* bare(voice, clauses) {
  for (const clause of clauses.filter(({ ids }) => ids.length)) {
    for await (const samples of voice.stream(clause, true)) yield { samples };
  }
}

async function json(read, path) {
  return JSON.parse(new TextDecoder().decode(await read(path)));
}

/** The Python runtime's noise. */
async function noiseOf(read, { source, hop_length }) {
  const stock = new Float32Array(await read("stock.f32"));
  const order = new Int32Array(await read("order.i32"));
  const size = source.harmonics * hop_length;
  const begin = () => {
    let at = 0;
    return () => stock.subarray(order[at] * size, (order[at++] + 1) * size);
  };
  return { phases: new Float32Array(await read("phases.f32")), begin };
}
