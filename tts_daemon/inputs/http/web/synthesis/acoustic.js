// The acoustic model as a whole: a clause's symbols -> mel frames, in chunks (acoustic/model.py).

import { Decoder } from "./decoder.js";
import { encode } from "./encoder.js";
import { f32, joined } from "./numbers.js";
import { Postnet } from "./postnet.js";
import { regulate } from "./regulator.js";
import { Sharpener } from "./sharpening.js";

/** What the decoder reads of one clause, and when it will be said. */
export async function layOut(graphs, manifest, inputs) {
  return regulate(await encode(graphs, inputs, manifest.dimensions.duration_units), inputs, manifest);
}

/**
 * The frames of one clause, as they are made.
 * @param {object} graphs by name
 * @param {object} manifest from `readManifest`
 * @param {object} memory from `layOut`
 * @param {Iterator<number>} sizes how many frames are wanted next
 * @yields {{frames: Float32Array, isLast: boolean}}
 */
export async function* decode(graphs, manifest, memory, sizes) {
  const decoder = new Decoder(graphs, manifest, memory);
  const postnet = new Postnet(graphs, manifest);
  const sharpener = new Sharpener(manifest);
  const width = manifest.values_per_frame;
  // Frames that were given out, less those that were wanted.
  let ahead = -manifest.postnet_delay - sharpener.delay;
  let left = memory.frames;
  let refinedFrames = 0;
  while (left) {
    ahead -= sizes.next().value;
    const frames = (await decoder.decode(-ahead)).slice(0, left * width);
    ahead += frames.length / width;
    left -= frames.length / width;
    let refined = await postnet.refine(frames);
    if (!left) refined = joined([refined, await postnet.drain()]);
    refined = sharpener.sharpen(refined, !left);
    if (!refined.length) continue;
    shiftF0(refined, memory.semitones, refinedFrames, manifest);
    refinedFrames += refined.length / width;
    yield { frames: refined, isLast: !left };
  }
}

/** Move f0 in place; `first`: the place in the clause of the first frame. */
function shiftF0(frames, semitones, first, { f0, n_mels: place, values_per_frame: width }) {
  if (!semitones || !f0) return;
  const factor_hz = f32(f0.factor_hz);
  const offset_hz = f32(f0.offset_hz);
  for (let frame = 0; frame < frames.length / width; frame++) {
    const at = frame * width + place;
    const hz = f32(f32(frames[at] * factor_hz) + offset_hz);
    const factor = f32(2 ** f32(semitones[first + frame] / 12));
    frames[at] = f32(f32(hz * factor) - offset_hz) / factor_hz;
  }
}
