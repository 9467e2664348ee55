// The postnet as a stream: refines frames with a little look-ahead and an unlimited past (acoustic/postnet.py).

import { joined } from "./numbers.js";

/** One clause's frames, refined. */
export class Postnet {
  #graphs;
  #width;
  #sizes;
  #layers;
  #lstm;
  #frames;
  #valid;

  /**
   * @param {object} graphs by name
   * @param {object} manifest from `readManifest`
   */
  constructor(graphs, manifest) {
    const sizes = manifest.dimensions;
    this.#graphs = graphs;
    this.#width = manifest.values_per_frame;
    this.#sizes = sizes;
    this.#layers = {
      contexts: zeros([sizes.postnet_layers, 1, sizes.postnet_left + sizes.postnet_right, sizes.postnet_units]),
      residuals: zeros([sizes.postnet_layers, 1, sizes.postnet_right, sizes.postnet_units]),
    };
    this.#lstm = {
      state_hidden: zeros([1, 1, sizes.postnet_lstm_units]),
      state_cell: zeros([1, 1, sizes.postnet_lstm_units]),
    };
    this.#frames = new Float32Array(manifest.postnet_delay * this.#width);
    this.#valid = new Float32Array(manifest.postnet_delay);
  }

  /** Take the next frames and return those whose look-ahead is complete. */
  refine(frames) {
    return this.#advance(frames, new Float32Array(frames.length / this.#width).fill(1));
  }

  /** Return the frames that still wait, at the end of a clause. */
  drain() {
    return this.#advance(new Float32Array(this.#frames.length), new Float32Array(this.#valid.length));
  }

  async #advance(frames, valid) {
    const count = valid.length;
    if (!count) return frames;
    const allFrames = joined([this.#frames, frames]);
    const allValid = joined([this.#valid, valid]);
    const made = await this.#graphs.postnet_fsmn.run({
      frames: { data: frames, dims: [1, count, this.#width] },
      valid: { data: allValid, dims: [1, allValid.length, 1] },
      ...this.#layers,
    });
    this.#layers = { contexts: made.contexts_out, residuals: made.residuals_out };
    this.#frames = allFrames.slice(count * this.#width);
    this.#valid = allValid.slice(count);
    // Places before the first frame come out too; the LSTM must not see them.
    const found = allValid.subarray(0, count).indexOf(1);
    const first = found < 0 ? count : found;
    return this.#finish(made.hidden.data, allFrames, first, count);
  }

  async #finish(hidden, frames, first, count) {
    if (first === count) return new Float32Array(0);
    const units = this.#sizes.postnet_units;
    const made = await this.#graphs.postnet_lstm.run({
      hidden: { data: hidden.slice(first * units), dims: [1, count - first, units] },
      frames: { data: frames.slice(first * this.#width, count * this.#width), dims: [1, count - first, this.#width] },
      ...this.#lstm,
    });
    this.#lstm = { state_hidden: made.state_hidden_out, state_cell: made.state_cell_out };
    return made.refined.data;
  }
}

function zeros(dims) {
  return { data: new Float32Array(dims.reduce((size, width) => size * width, 1)), dims };
}
