// The vocoder as a stream: mel -> waveform, piece by piece, nothing computed twice (vocoder/generator.py).

import { Excitation } from "./excitation.js";
import { joined } from "./numbers.js";

/**
 * The waveform of one clause as its mel comes in.
 * @param {object} graph vocoder
 * @param {object} manifest from `readManifest`
 * @param {AsyncIterator<{frames: Float32Array, isLast: boolean}>} chunks all of the clause, in pieces of any length
 * @param {import("./excitation.js").NoiseStock} noise for the excitation
 * @yields {Float32Array} about -1 to 1
 */
export async function* vocode(graph, manifest, chunks, noise) {
  const excitation = manifest.source && manifest.f0 ? new Excitation(manifest, noise) : null;
  let states = graph.emptyStates();
  let isFirst = true;
  for await (const { frames, isLast } of gatherFirst(chunks, manifest)) {
    const count = frames.length / manifest.values_per_frame;
    const inputs = {
      mel: { data: transposed(frames, count, manifest), dims: [1, manifest.n_mels, count] },
      edges: { data: BigInt64Array.from([isFirst, isLast], BigInt), dims: [2] },
      ...states,
    };
    if (excitation) {
      const dims = [1, manifest.source.harmonics, count * manifest.hop_length];
      inputs.source = { data: excitation.make(frames, count), dims };
    }
    const made = await graph.run(inputs);
    states = Object.fromEntries(Object.keys(states).map((name) => [name, made[`${name}_out`]]));
    isFirst = false;
    yield made.waveform.data;
  }
}

/** Join the first chunks until they are longer than the look-ahead, or the last. */
async function* gatherFirst(chunks, { vocoder_look_ahead_frames: least, values_per_frame: width }) {
  const waiting = [];
  let frames = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk.frames);
    frames += chunk.frames.length / width;
    if (frames <= least && !chunk.isLast) continue;
    frames = Infinity;
    yield { frames: joined(waiting.splice(0)), isLast: chunk.isLast };
  }
}

/** The mels of frames, band after band. */
function transposed(frames, count, { n_mels, values_per_frame }) {
  const mel = new Float32Array(n_mels * count);
  for (let frame = 0; frame < count; frame++) {
    for (let band = 0; band < n_mels; band++) mel[band * count + frame] = frames[frame * values_per_frame + band];
  }
  return mel;
}
