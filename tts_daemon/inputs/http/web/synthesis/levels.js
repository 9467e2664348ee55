// How loud: volume and soft edges of one utterance (sound/levels.py).

import { clamp, joined } from "./numbers.js";

const FADE_S = 0.005;

/** Holds back the last milliseconds, because the fade at the end needs to see ahead. */
export class Levels {
  rate = 0;
  #gain = 0; // the utterance fades in from silence
  #held = new Float32Array(0);

  /** The next samples, at a volume in percent; a new volume is reached without a click. */
  process({ samples, rate, volume }) {
    if (this.rate && rate !== this.rate) throw new Error(`voices of ${this.rate} and ${rate} Hz cannot speak in one text here`);
    this.rate = rate;
    const all = joined([this.#held, this.#scaled(samples, clamp(volume, 0, 100) / 100)]);
    const ready = Math.max(0, all.length - this.#fade);
    this.#held = all.slice(ready);
    return all.slice(0, ready);
  }

  /** The rest, faded out. */
  finish() {
    const { length } = this.#held;
    return this.#held.map((sample, at) => sample * (1 - at / Math.max(1, length - 1)));
  }

  get #fade() {
    return Math.max(1, Math.round(FADE_S * this.rate));
  }

  #scaled(samples, gain) {
    const before = this.#gain;
    const edge = Math.min(samples.length, this.#fade);
    this.#gain = gain;
    return samples.map((sample, at) => {
      const share = at < edge ? at / Math.max(1, edge - 1) : 1;
      return clamp(sample * (before + (gain - before) * share), -1, 1);
    });
  }
}
