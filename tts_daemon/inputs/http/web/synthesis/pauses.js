// Pauses inside a clause, as long as they have to be: widened in the waveform (synthesis/pauses.py).

import { QUIET } from "./edges.js";
import { f32, joined } from "./numbers.js";

const HOP_S = 0.005;
const SHORTEST_S = 0.02;
const BEFORE_S = 0.15;
const AFTER_S = 0.06;
const FADE_OUT_S = 0.05;
const FADE_IN_S = 0.015;

/**
 * Where a clause has pauses with floors, in samples from its begin.
 * @param {number[]} counts frames of each symbol
 * @param {Float32Array} floors_s least silence at each symbol, 0 for none
 * @param {number} hopLength samples per frame
 * @param {number} rate samples per second
 */
export function gaps(counts, floors_s, hopLength, rate) {
  const edges = [0];
  for (const count of counts) edges.push(edges.at(-1) + count * hopLength);
  const found = [];
  floors_s.forEach((floor_s, place) => {
    if (!floor_s) return;
    const [begin, end] = edges.slice(place, place + 2);
    // Never further than to the middle of the syllable's final, or of the next initial.
    const before = Math.max(begin - Math.trunc(BEFORE_S * rate), middle(edges[Math.max(0, place - 1)], begin));
    const after = Math.min(end + Math.trunc(AFTER_S * rate), middle(edges[Math.min(edges.length - 1, place + 2)], end));
    const first = Math.max(before, found.at(-1)?.until ?? 0);
    const [from, to, until] = [begin, end, after].map((edge) => Math.max(edge, first));
    found.push({ first, begin: from, end: to, until, floor: Math.round(floor_s * rate) });
  });
  return found;
}

function middle(one, other) {
  return Math.floor((one + other) / 2);
}

/** Lengthen the silence of each gap to its floor; only what may belong to a gap is held back. */
export async function* widen(pieces, wanted, rate) {
  const waiting = [...wanted];
  let held = new Float32Array(0);
  let position = 0; // of the first sample that is held
  for await (const piece of pieces) {
    held = joined([held, piece]);
    while (waiting.length && position + held.length >= waiting[0].until) {
      const gap = waiting.shift();
      yield* opened(held, gap, position, rate);
      held = held.slice(gap.until - position);
      position = gap.until;
    }
    const free = waiting.length ? Math.min(held.length, Math.max(0, waiting[0].first - position)) : held.length;
    if (free) yield held.slice(0, free);
    position += free;
    held = held.slice(free);
  }
  if (held.length) yield held;
}

/** What is held up to the end of a gap, with silence where it is missing. */
function opened(held, gap, position, rate) {
  const head = held.slice(0, Math.max(0, gap.first - position));
  let samples = held.slice(head.length, gap.until - position);
  const hop = Math.trunc(HOP_S * rate);
  const [begin, end] = longestQuiet(samples, hop);
  let missing = gap.floor - (end - begin);
  if (missing <= 0) return [head, samples].filter((part) => part.length);
  let place = middle(begin, end);
  if (end - begin < SHORTEST_S * rate) {
    place = quietest(samples, gap.begin - gap.first, gap.end - gap.first, hop);
    missing = gap.floor;
    samples = faded(samples, place, rate);
  }
  const parts = [head, samples.slice(0, place), new Float32Array(missing), samples.slice(place)];
  return parts.filter((part) => part.length);
}

/** The longest stretch of quiet hops: its first sample and the one after its last. */
function longestQuiet(samples, hop) {
  let best = [0, 0];
  let begin = 0;
  peaks(samples, hop).forEach((peak, at) => {
    if (peak > QUIET) begin = at + 1;
    else if (at + 1 - begin > best[1] - best[0]) best = [begin, at + 1];
  });
  return best.map((at) => at * hop);
}

/** The middle of the quietest hop between two places; the first place where there is none. */
function quietest(samples, begin, end, hop) {
  const found = peaks(samples.subarray(begin, end), hop);
  return found.length ? begin + found.indexOf(Math.min(...found)) * hop + Math.floor(hop / 2) : begin;
}

/** Largest amplitude of each whole hop. */
function peaks(samples, hop) {
  const whole = Math.floor(samples.length / hop);
  return Array.from({ length: whole }, (_, at) =>
    samples.subarray(at * hop, (at + 1) * hop).reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
}

/** Out before `place` and in behind it, with the slopes of a raised cosine. */
function faded(samples, place, rate) {
  const before = Math.min(place, Math.trunc(FADE_OUT_S * rate));
  const after = Math.min(samples.length - place, Math.trunc(FADE_IN_S * rate));
  return samples.map((sample, at) => {
    if (at < place - before || at >= place + after) return sample;
    return sample * (at < place ? slope(place - 1 - at, before) : slope(at - place, after));
  });
}

function slope(at, length) {
  return f32(0.5 - 0.5 * Math.cos(((at + 0.5) * Math.PI) / Math.max(1, length)));
}
