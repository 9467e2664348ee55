// The excitation of NSF vocoders: f0 -> sines whose phase runs on from chunk to chunk (vocoder/excitation.py).

import { clamp, f32 } from "./numbers.js";

const LOWEST_F0_HZ = 30;
const VOICED = 0.6;
const FADE_HZ = 500;
const NOISES = 2048;
const SEED = 20;

/** Noise and phases of a voice: the same for each clause, so that a text sounds the same each time. */
export class NoiseStock {
  #frames;

  /** @param {object} manifest with a source */
  constructor({ source, hop_length }) {
    const random = generator(SEED);
    const perFrame = source.harmonics * hop_length;
    const count = Math.max(1, Math.floor(NOISES / source.harmonics));
    this.#frames = Array.from({ length: count }, () => gaussian(random, perFrame));
    this.phases = new Float32Array(source.harmonics);
    if (!source.zero_phases) this.phases = this.phases.map((_, at) => (at ? (2 * random() - 1) * Math.PI : 0));
  }

  /** Draws frame after frame of one clause: standard deviation 1, harmonic after harmonic. */
  begin() {
    const order = generator(SEED);
    return () => this.#frames[Math.floor(order() * this.#frames.length)];
  }
}

/** Makes the excitation of one clause. */
export class Excitation {
  #manifest;
  #phases;
  #nextNoise;
  #cycle = 0;

  /**
   * @param {object} manifest with a source
   * @param {NoiseStock} stock
   */
  constructor(manifest, stock) {
    this.#manifest = manifest;
    this.#phases = stock.phases;
    this.#nextNoise = stock.begin();
  }

  /** The excitation of the next `count` frames: harmonic after harmonic. */
  make(frames, count) {
    const { n_mels, values_per_frame, hop_length, source } = this.#manifest;
    const made = new Float32Array(source.harmonics * count * hop_length);
    for (let frame = 0; frame < count; frame++) {
      const at = frame * values_per_frame + n_mels;
      this.#frame(made, frame, count, frames[at], frames[at + 1] >= VOICED);
    }
    this.#cycle -= Math.floor(this.#cycle);
    return made;
  }

  #frame(made, frame, count, f0, isVoiced) {
    const { sample_rate, hop_length, source, f0: scale } = this.#manifest;
    const f0_hz = Math.max(f0 * scale.factor_hz + scale.offset_hz, LOWEST_F0_HZ);
    const cycles = this.#cycles(f0_hz / sample_rate, hop_length);
    const noise = this.#nextNoise();
    const level = f32(isVoiced ? source.noise : source.amplitude / 3);
    for (let harmonic = 0; harmonic < source.harmonics; harmonic++) {
      const amplitude = isVoiced ? amplitudeOf(f0_hz, harmonic, this.#manifest) : 0;
      const angle = f32((harmonic + 1) * f32(2 * Math.PI));
      const phase = this.#phases[harmonic];
      const to = (harmonic * count + frame) * hop_length;
      for (let at = 0; at < hop_length; at++) {
        // A sine that is not heard is not worth its time.
        const sine = amplitude && f32(f32(Math.sin(f32(f32(cycles[at] * angle) + phase))) * amplitude);
        made[to + at] = sine + f32(noise[harmonic * hop_length + at] * level);
      }
    }
  }

  /** Phase of the fundamental after each sample, 0 to 1. */
  #cycles(perSample, length) {
    const cycles = new Float32Array(length);
    for (let at = 0; at < length; at++) {
      const cycle = this.#cycle + perSample * (at + 1);
      // Whole cycles go in float64, so that float32 holds what is left; harmonics are whole too.
      cycles[at] = cycle - Math.floor(cycle);
    }
    this.#cycle += perSample * length;
    return cycles;
  }
}

/** A harmonic fades out below half the sample rate, above which it would fold. */
function amplitudeOf(f0_hz, harmonic, { sample_rate, source }) {
  const room_hz = f32(sample_rate / 2 - f32(f32(f0_hz) * (harmonic + 1)));
  return f32(f32(source.amplitude) * clamp(f32(room_hz / FADE_HZ), 0, 1));
}

/** Numbers from 0 to 1 (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Box and Muller. */
function gaussian(random, length) {
  return Float32Array.from({ length }, () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
}
