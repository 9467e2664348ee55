// From symbols to decoder steps: each symbol for its duration, with positions (acoustic/length_regulator.py).

import { frameSemitones } from "./intonation.js";
import { f32, roundHalfUp } from "./numbers.js";

const LEAST_PAUSE_S = 0.05;

/**
 * The decoder's memory.
 * @param {{text: Float32Array, condition: Float32Array, durations: Float32Array}} encoding from `encode`
 * @param {object} inputs from `buildInputs`
 * @param {object} manifest from `readManifest`
 * @returns {{values: Float32Array, steps: number, frames: number, band: number, counts: number[], semitones: ?Float32Array}}
 *   one row per step; frames of speech; steps in view; frames of each symbol; shift of each frame's f0
 */
export function regulate(encoding, inputs, manifest) {
  const speed = f32(inputs.speed);
  const scaled = encoding.durations.map((frames) => frames / speed);
  // The band belongs to the speech: a pause that was drawn out must not widen it.
  const band = roundHalfUp(f32(Math.max(0, ...scaled) / manifest.frames_per_step));
  const counts = symbolCounts(scaled, inputs, manifest);
  const frames = counts.reduce((sum, count) => sum + count, 0);
  return {
    ...memory(encoding, counts, frames, manifest),
    frames,
    band,
    counts,
    semitones: inputs.semitones && frameSemitones(inputs.semitones, counts),
  };
}

function symbolCounts(scaled, { isPause, pause, floors_s }, manifest) {
  const least = Math.round(LEAST_PAUSE_S / (manifest.hop_length / manifest.sample_rate));
  return Array.from(scaled, (frames, at) => {
    const count = roundHalfUp(isPause[at] ? f32(frames * f32(pause)) : frames);
    return floors_s[at] ? Math.max(count, least) : count;
  });
}

function memory({ text, condition }, counts, frames, manifest) {
  const { text: width, condition: conditionWidth } = manifest.dimensions;
  const perStep = manifest.frames_per_step;
  const steps = Math.ceil(frames / perStep);
  const row = perStep * width + conditionWidth;
  const values = new Float32Array(steps * row);
  const places = counts.flatMap((count, symbol) => Array.from({ length: count }, (_, at) => [symbol, at + 1]));
  for (let frame = 0; frame < steps * perStep; frame++) {
    const [symbol, position] = places[frame] ?? [-1, 0];
    const begin = Math.floor(frame / perStep) * row;
    writeText(values, begin + (frame % perStep) * width, text, symbol * width, position, manifest.position_scales);
    if (frame % perStep) continue;
    const own = condition.subarray(symbol * conditionWidth, (symbol + 1) * conditionWidth);
    values.set(own, begin + perStep * width);
  }
  return { values, steps };
}

/** One frame's text with its position inside the symbol, as waves; text from below 0 on is none. */
function writeText(values, begin, text, from, position, scales) {
  for (let column = 0; column < scales.length; column++) {
    const angle = f32(position / scales[column]);
    const wave = f32(column % 2 ? Math.cos(angle) : Math.sin(angle));
    values[begin + column] = from < 0 ? wave : text[from + column] + wave;
  }
}
