// The edges of a clause's waveform: no long silence, and no click (synthesis/edges.py).

import { joined } from "./numbers.js";

/** About -50 dB of full scale. */
export const QUIET = 0.003;
const LONGEST_HEAD_S = 0.3;
const KEPT_HEAD_S = 0.03;
const FADE_S = 0.005;
const NOTHING = new Float32Array(0);

/**
 * Shorten the silence before and after a clause, and fade both ends.
 * @param {AsyncIterator<Float32Array>} pieces the clause's waveform
 * @param {number} rate samples per second
 * @param {number} longestTail_s silence that may stay at the end
 */
export function shapeEdges(pieces, rate, longestTail_s) {
  const trimmed = trimHead(pieces, Math.trunc(LONGEST_HEAD_S * rate), Math.trunc(KEPT_HEAD_S * rate));
  return fade(limitTail(trimmed, Math.trunc(longestTail_s * rate)), Math.trunc(FADE_S * rate));
}

/** Samples of silence at the end of a stream, given those before its newest piece. */
export function trailingQuiet(samples, before = 0) {
  const loud = lastLoud(samples);
  return loud < 0 ? before + samples.length : samples.length - 1 - loud;
}

function isLoud(sample) {
  return Math.abs(sample) > QUIET;
}

function lastLoud(samples) {
  return samples.findLastIndex(isLoud);
}

async function* trimHead(pieces, longest, kept) {
  let head = NOTHING;
  let isOpen = true;
  for await (const piece of pieces) {
    if (!isOpen) {
      yield piece;
      continue;
    }
    head = joined([head, piece]);
    const loud = head.findIndex(isLoud);
    if (loud < 0 && head.length < longest) continue;
    const begin = loud < 0 ? longest : Math.min(loud, longest);
    isOpen = false;
    yield head.slice(Math.max(0, begin - kept));
  }
  if (isOpen) yield head;
}

/** Hold back silence beyond `longest` samples until a sound shows that it is not the end. */
async function* limitTail(pieces, longest) {
  let held = NOTHING;
  let quiet = 0; // samples of silence that were let through since the last sound
  for await (const piece of pieces) {
    const end = lastLoud(piece) + 1;
    if (end) {
      yield joined([held, piece.slice(0, end)]);
      held = NOTHING;
      quiet = 0;
    }
    const rest = piece.slice(end);
    const free = Math.max(0, longest - quiet);
    quiet += rest.length;
    if (free && rest.length) yield rest.slice(0, free);
    held = joined([held, rest.slice(free)]);
  }
}

/** Fade in over the first and out over the last `length` samples. */
async function* fade(pieces, length) {
  const ramp = Float32Array.from({ length }, (_, at) => (at + 0.5) / length);
  let held = NOTHING;
  let begun = 0;
  for await (const piece of pieces) {
    held = joined([held, piece]);
    const ready = held.slice(0, Math.max(0, held.length - length));
    held = held.slice(ready.length);
    if (ready.length) yield fadedIn(ready, ramp, begun);
    begun += ready.length;
  }
  const last = fadedIn(held, ramp, begun);
  if (last.length) yield last.map((sample, at) => sample * ramp[last.length - 1 - at]);
}

/** Apply what of the ramp falls on samples that start at `begun`. */
function fadedIn(samples, ramp, begun) {
  return begun < ramp.length ? samples.map((sample, at) => sample * (ramp[begun + at] ?? 1)) : samples;
}
