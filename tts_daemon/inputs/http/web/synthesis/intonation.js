// What a sentence does, as a melody: the JavaScript of acoustic/intonation.py, where sources and shapes are explained.

import { f32, line } from "./numbers.js";

const GROWTH = 3;
/** By question: semitones at the begin, before the last syllable, and in that by tone ("": all others). */
const RISES = {
  unmarked: { first: 0.5, beforeLast: 2.5, last: { tone2: [2, 6], tone3: [1.5, 7], tone4: [2, 7], "": [2.5, 5.5] } },
  particle: { first: 0.3, beforeLast: 1.2, last: { "": [1.5, 4.5] } },
};
const STRESS_SEMITONES = [2, 0.5];
const STRESS_ENERGY = 0.5;

/**
 * The melody of a clause's kind; null where it has none but the voice's own.
 * @param {object[]} symbols {sy, tone, syllable_flag, word_segment} by name
 * @param {string} kind statement, question or exclamation
 * @param {?string} question what makes it a question
 * @returns {?{begin: Float32Array, end: Float32Array, energy: Float32Array}} semitones at the begin and the end of
 *   each symbol, and effort in standard deviations
 */
export function intonation(symbols, kind, question) {
  const end = symbols.findLastIndex((symbol) => !symbol.sy.startsWith("#"));
  if (end < 0) return null;
  if (kind === "exclamation") return stressed(symbols, end);
  return RISES[question] ? raised(symbols, end, RISES[question]) : null;
}

function raised(symbols, end, rise) {
  const begin = backTo(symbols, end, "syllable_flag", ["s_begin", "s_both"]);
  const last = rise.last[symbols[end].tone] ?? rise.last[""];
  const made = flat(symbols.length);
  for (let at = 0; at < begin; at++) {
    made.begin[at] = lift(rise, at / begin);
    made.end[at] = lift(rise, (at + 1) / begin);
  }
  return spread(made, begin, end, last);
}

function stressed(symbols, end) {
  const begin = backTo(symbols, end, "word_segment", ["word_begin", "word_both"]);
  const made = spread(flat(symbols.length), begin, end, STRESS_SEMITONES);
  made.energy.fill(STRESS_ENERGY, begin, end + 1);
  return made;
}

function flat(length) {
  return { begin: new Float32Array(length), end: new Float32Array(length), energy: new Float32Array(length) };
}

function lift(rise, share) {
  return rise.first + (rise.beforeLast - rise.first) * (Math.expm1(GROWTH * share) / Math.expm1(GROWTH));
}

/** A straight line over the symbols from `begin` to `end`, held behind them. */
function spread(made, begin, end, [first, last]) {
  const steps = line(first, last, end - begin + 2);
  made.begin.set(steps.subarray(0, -1), begin);
  made.end.set(steps.subarray(1), begin);
  made.begin.fill(last, end + 1);
  made.end.fill(last, end + 1);
  return made;
}

/** The last place up to `end` where one of the flags stands; 0 where none does. */
function backTo(symbols, end, field, flags) {
  return Math.max(0, symbols.findLastIndex((symbol, at) => at <= end && flags.includes(symbol[field])));
}

/** Straight lines from each symbol's begin to its end, frame by frame. */
export function frameSemitones({ begin, end }, counts) {
  const frames = [];
  counts.forEach((count, at) => {
    const step = f32(f32(end[at] - begin[at]) / count);
    for (let frame = 0; frame < count; frame++) frames.push(f32(f32(frame * step) + begin[at]));
  });
  return Float32Array.from(frames);
}
