// Sharpens mels in time, as a stream (acoustic/sharpening.py).

import { f32, joined } from "./numbers.js";

/** Adds a share of what stands out from the mean of the frames around; one clause. */
export class Sharpener {
  #strength;
  #width;
  #mels;
  #held = null;

  /** @param {object} manifest from `readManifest` */
  constructor(manifest) {
    this.#strength = f32(manifest.sharpening.strength);
    this.delay = manifest.sharpening.strength ? manifest.sharpening.radius_frames : 0;
    this.#width = manifest.values_per_frame;
    this.#mels = manifest.n_mels;
  }

  /** Take the next frames and return those whose neighbours are known; the outermost stand for those beyond. */
  sharpen(frames, isLast) {
    if (!this.delay || !(frames.length || isLast)) return frames;
    let held = joined([this.#held ?? this.#repeated(frames.slice(0, this.#width)), frames]);
    if (isLast && held.length) held = joined([held, this.#repeated(held.slice(-this.#width))]);
    const count = Math.max(0, held.length / this.#width - 2 * this.delay);
    this.#held = held.slice(count * this.#width);
    return this.#sharpened(held, count);
  }

  #repeated(frame) {
    return joined(Array(this.delay).fill(frame));
  }

  #sharpened(held, count) {
    const around = 2 * this.delay + 1;
    const begin = this.delay * this.#width;
    const made = held.slice(begin, begin + count * this.#width);
    for (let frame = 0; frame < count; frame++) {
      for (let band = 0; band < this.#mels; band++) {
        let sum = 0;
        for (let shift = 0; shift < around; shift++) sum = f32(sum + held[(frame + shift) * this.#width + band]);
        const at = frame * this.#width + band;
        made[at] += f32(this.#strength * f32(made[at] - f32(sum / around)));
      }
    }
    return made;
  }
}
