// The decoder loop: memory -> frames, with the past held in an explicit state (acoustic/decoder.py).

import { joined } from "./numbers.js";
import { MemoryWindow, PastRing, roundedWidth } from "./window.js";

/** Makes the frames of one clause, as many steps a call as the voice allows. */
export class Decoder {
  #graph;
  #manifest;
  #memory;
  #past;
  #step = 0;
  #previous;

  /**
   * @param {object} graphs by name
   * @param {object} manifest from `readManifest`
   * @param {object} memory from `regulate`
   */
  constructor(graphs, manifest, memory) {
    this.#graph = graphs.decoder;
    this.#manifest = manifest;
    this.#memory = new MemoryWindow(graphs.memory, memory, manifest.dimensions);
    this.#past = new PastRing(memory.band, manifest.dimensions);
    this.#previous = new Float32Array(manifest.values_per_frame);
  }

  /** At least one step, and enough for `frames` unless the clause ends before: [n x values_per_frame]. */
  async decode(frames) {
    const wanted = Math.max(1, Math.ceil(frames / this.#manifest.frames_per_step));
    const steps = Math.min(wanted, this.#memory.steps - this.#step);
    if (!this.#manifest.autoregressive) return this.#run(steps, new Float32Array(steps * this.#previous.length));
    const made = [];
    for (let step = 0; step < steps; step++) {
      // Each step reads the last frame of the step before.
      made.push(await this.#run(1, this.#previous));
      this.#previous = made.at(-1).slice(-this.#previous.length);
    }
    return joined(made);
  }

  async #run(count, previous) {
    const first = this.#step;
    const width = count + roundedWidth(this.#memory.band);
    const { keys, values } = await this.#memory.view(first, width);
    const made = await this.#graph.run({
      previous_frames: { data: previous, dims: [1, count, this.#manifest.values_per_frame] },
      step_input: await this.#memory.inputs(first, count),
      self_keys: this.#past.keys,
      self_values: this.#past.values,
      self_mask: this.#past.mask(first, count),
      memory_keys: keys,
      memory_values: values,
      memory_mask: this.#memory.mask(first, count, width),
    });
    this.#past.write(first, count, made.new_keys.data, made.new_values.data);
    this.#step += count;
    return made.frames.data;
  }
}
