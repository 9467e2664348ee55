// From clauses to sound, in the order in which it is to be heard (synthesis/synthesizer.py).

import { trailingQuiet } from "./edges.js";

const SILENCE_CHUNK_S = 0.25;

/**
 * Speak clauses, as they come.
 * @param {AsyncIterable<object>} clauses as `POST /api/symbols` gives them; one without ids is a mere pause
 * @param {(name: string) => Promise<import("./voice.js").Voice>} voiceOf finds a loaded voice
 * @yields {{samples: Float32Array, rate: number, volume: number}} volume in percent of full scale
 */
export async function* synthesize(clauses, voiceOf) {
  let missing_s = 0; // of the pause after the clause before
  let isFirst = true;
  for await (const clause of clauses) {
    const voice = await voiceOf(clause.voice);
    const rate = voice.manifest.sample_rate;
    const chunk = (samples) => ({ samples, rate, volume: clause.style.volume });
    yield* silence(missing_s, rate, chunk);
    let quiet = 0;
    if (clause.ids.length) {
      for await (const samples of voice.speak(clause, isFirst)) {
        quiet = trailingQuiet(samples, quiet);
        yield chunk(samples);
      }
    }
    missing_s = voice.floor_s(clause) - quiet / rate;
    yield* silence(clause.pause_after_s, rate, chunk);
    isFirst = false;
  }
}

/** Of any length, in chunks that a stream may be stopped between. */
function* silence(seconds, rate, chunk) {
  const most = Math.trunc(SILENCE_CHUNK_S * rate);
  for (let left = Math.round(seconds * rate); left > 0; left -= most) yield chunk(new Float32Array(Math.min(left, most)));
}
