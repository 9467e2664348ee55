// What the decoder may look at: the memory ahead of it, its own past, and the masks (acoustic/window.py).

const HIDDEN = -1e9;
const BLOCK_STEPS = 32;

/** A multiple of 8 that holds a band, so that few different shapes reach the graphs. */
export function roundedWidth(band) {
  return Math.max(8, Math.ceil(band / 8) * 8);
}

/** Keys, values and step inputs of a clause's memory, projected as they are needed. */
export class MemoryWindow {
  #graph;
  #memory;
  #rows;
  #projected = 0;

  /**
   * @param {object} graph memory
   * @param {object} memory from `regulate`
   * @param {object} sizes `dimensions` of the manifest
   */
  constructor(graph, memory, sizes) {
    this.#graph = graph;
    this.#memory = memory;
    this.steps = memory.steps;
    this.band = memory.band;
    this.sizes = sizes;
    this.#rows = sizes.decoder_layers * sizes.decoder_heads;
    this.keys = new Float32Array(this.#rows * this.steps * sizes.head_width);
    this.values = new Float32Array(this.keys.length);
    this.stepInputs = new Float32Array(this.steps * sizes.decoder_units);
  }

  /** Step inputs of `count` steps. */
  async inputs(first, count) {
    const units = this.sizes.decoder_units;
    await this.#project(first + count);
    return { data: this.stepInputs.slice(first * units, (first + count) * units), dims: [1, count, units] };
  }

  /** Keys and values of `width` steps from `first` on, zeros after the end. */
  async view(first, width) {
    const { decoder_layers: layers, decoder_heads: heads, head_width: depth } = this.sizes;
    const last = Math.min(first + width, this.steps);
    await this.#project(last);
    const cut = (whole) => {
      const data = new Float32Array(this.#rows * width * depth);
      for (let row = 0; row < this.#rows; row++) {
        const from = row * this.steps;
        data.set(whole.subarray((from + first) * depth, (from + last) * depth), row * width * depth);
      }
      return { data, dims: [layers, heads, width, depth] };
    };
    return { keys: cut(this.keys), values: cut(this.values) };
  }

  /** Each step sees the memory from itself to itself + band. */
  mask(first, count, width) {
    return mask(count, width, (row, column) => column >= row && column <= row + this.band && first + column < this.steps);
  }

  async #project(until) {
    while (this.#projected < Math.min(until, this.steps)) {
      const begin = this.#projected;
      const end = Math.min(begin + BLOCK_STEPS, this.steps);
      const width = this.#memory.values.length / this.steps;
      const rows = { data: this.#memory.values.slice(begin * width, end * width), dims: [1, end - begin, width] };
      const block = await this.#graph.run({ memory: rows });
      const depth = this.sizes.head_width;
      const length = (end - begin) * depth;
      for (let row = 0; row < this.#rows; row++) {
        const at = (row * this.steps + begin) * depth;
        this.keys.set(block.memory_keys.data.subarray(row * length, (row + 1) * length), at);
        this.values.set(block.memory_values.data.subarray(row * length, (row + 1) * length), at);
      }
      this.stepInputs.set(block.step_input.data, begin * this.sizes.decoder_units);
      this.#projected = end;
    }
  }
}

/** Keys and values of the newest W steps: step s lies at place s modulo W. */
export class PastRing {
  constructor(band, sizes) {
    this.band = band;
    this.width = roundedWidth(band);
    this.depth = sizes.head_width;
    this.rows = sizes.decoder_layers * sizes.decoder_heads;
    const dims = [sizes.decoder_layers, sizes.decoder_heads, this.width, this.depth];
    const size = this.rows * this.width * this.depth;
    this.keys = { data: new Float32Array(size), dims };
    this.values = { data: new Float32Array(size), dims };
  }

  /** Store `count` steps from `first` on. */
  write(first, count, keys, values) {
    for (let step = Math.max(0, count - this.width); step < count; step++) {
      const place = (first + step) % this.width;
      for (let row = 0; row < this.rows; row++) {
        const from = (row * count + step) * this.depth;
        const to = (row * this.width + place) * this.depth;
        this.keys.data.set(keys.subarray(from, from + this.depth), to);
        this.values.data.set(values.subarray(from, from + this.depth), to);
      }
    }
  }

  /** Each step sees from `band` steps back to itself, in the ring and in this call. */
  mask(first, count) {
    return mask(count, this.width + count, (row, column) => {
      if (column >= this.width) return column - this.width <= row && column - this.width >= row - this.band;
      // The newest step before `first` that lies at this place; negative: none yet.
      const back = first - 1 - column;
      const held = first - 1 - (((back % this.width) + this.width) % this.width);
      return held >= 0 && held >= first + row - this.band;
    });
  }
}

function mask(rows, columns, isSeen) {
  const data = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (!isSeen(row, column)) data[row * columns + column] = HIDDEN;
    }
  }
  return { data, dims: [rows, columns] };
}
