// ONNX Runtime: the one place that calls it.

const PREFIX = "state_";
const KINDS = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array };

/** Loads graphs. */
export class Engine {
  #ort;

  /**
   * @param {object} ort the module `onnxruntime-web`
   * @param {{binary: ArrayBuffer, threads: number}} options its WebAssembly; threads it may use
   */
  constructor(ort, { binary, threads }) {
    this.#ort = ort;
    ort.env.wasm.wasmBinary = binary;
    ort.env.wasm.numThreads = threads;
    ort.env.logLevel = "error";
  }

  /** A graph from the content of its file. */
  async load(bytes) {
    const session = await this.#ort.InferenceSession.create(bytes, { executionProviders: ["wasm"], logSeverityLevel: 3 });
    return new Graph(this.#ort, session);
  }
}

/** One session. Values are {data, dims}, as ONNX Runtime's own tensors are. */
class Graph {
  #ort;
  #session;

  constructor(ort, session) {
    this.#ort = ort;
    this.#session = session;
  }

  /** All outputs by name. */
  run(inputs) {
    const feeds = {};
    for (const [name, value] of Object.entries(inputs)) feeds[name] = this.#tensor(value);
    return this.#session.run(feeds);
  }

  /** What a stream begins with: states of no places. */
  emptyStates() {
    const states = this.#session.inputMetadata.filter((input) => input.name.startsWith(PREFIX));
    return Object.fromEntries(states.map(({ name, type, shape }) => {
      const dims = shape.map((size) => (typeof size === "number" ? size : 0));
      return [name, { data: new KINDS[type](dims.reduce((length, size) => length * size, 1)), dims }];
    }));
  }

  /** Width of the last axis of an input. */
  width(name) {
    return this.#session.inputMetadata.find((input) => input.name === name).shape.at(-1);
  }

  #tensor(value) {
    if (value instanceof this.#ort.Tensor) return value;
    return new this.#ort.Tensor(value.data, value.dims);
  }
}
