// A clause in the acoustic model's own terms: mixing weights, shifts and factors (acoustic/inputs.py).

import { intonation } from "./intonation.js";
import { f32 } from "./numbers.js";

const FIELDS = ["sy", "tone", "syllable_flag", "word_segment"];
const PAUSES = ["#3", "#4", "pau"];
const BREAKS = ["#1", "#2", "#3", "#4"];

/**
 * What the acoustic model is asked to say.
 * @param {object} clause as `POST /api/symbols` gives it: `ids` is FIELDS after FIELDS, symbol after symbol;
 *   `durations` in frames may stand in the place of the predicted ones, to compare voices
 * @param {object} manifest from `readManifest`
 * @param {number} speakers width of the encoder's speaker input
 */
export function buildInputs(clause, manifest, speakers) {
  const { style } = clause;
  const symbols = named(clause.ids, manifest);
  const { ends, shares } = emotionBlend(style, manifest);
  const semitones = { begin: new Float32Array(symbols.length).fill(style.pitch), end: new Float32Array(symbols.length).fill(style.pitch) };
  const effort = new Float32Array(symbols.length).fill(style.energy);
  const melody = intonation(symbols, clause.kind, clause.question);
  if (melody) {
    for (let at = 0; at < symbols.length; at++) {
      semitones.begin[at] += melody.begin[at];
      semitones.end[at] += melody.end[at];
      effort[at] += melody.energy[at];
    }
  }
  const perUnit = f32(manifest.energy_per_unit ?? 0);
  return {
    ids: clause.ids,
    length: symbols.length,
    emotions: ends.map((name) => emotionWeights(name, symbols, manifest)),
    shares,
    speaker: speakerWeights(symbols.length, speakers, manifest),
    isPause: symbols.map((symbol) => PAUSES.includes(symbol.sy)),
    speed: style.speed * manifest.pace,
    pause: style.pause,
    floors_s: floors(symbols, clause, manifest),
    energyShift: effort.map((value) => value * perUnit),
    durations: clause.durations && Float32Array.from(clause.durations),
    ...pitch(semitones, manifest),
  };
}

function named(ids, manifest) {
  const symbols = [];
  for (let at = 0; at < ids.length; at += FIELDS.length) {
    const symbol = {};
    FIELDS.forEach((field, column) => (symbol[field] = manifest.symbols[field][ids[at + column]]));
    symbols.push(symbol);
  }
  return symbols;
}

/** By the f0 that the vocoder is told, where the voice has one; else by the text's pitch. */
function pitch({ begin, end }, manifest) {
  const none = { semitones: null, pitchShift: new Float32Array(begin.length) };
  if (!begin.some(Boolean) && !end.some(Boolean)) return none;
  if (manifest.f0) return { ...none, semitones: { begin, end } };
  const perSemitone = f32(manifest.pitch_per_semitone ?? 0);
  return { ...none, pitchShift: begin.map((value, at) => f32(f32(value + end[at]) / 2) * perSemitone) };
}

/** Least silence at each symbol; the pause that ends the clause is nobody's business here. */
function floors(symbols, { pauses, style }, manifest) {
  const floors_s = new Float32Array(symbols.length);
  const breaks = symbols.flatMap((symbol, at) => (BREAKS.includes(symbol.sy) ? [at] : []));
  breaks.slice(0, -1).forEach((place, at) => {
    if (at < pauses.length - 1) floors_s[place] = (manifest.pause_floors_s[pauses[at]] * style.pause) / style.speed;
  });
  return floors_s;
}

/** On the line from neutral (intensity 0) through the emotion (1) and beyond. */
function emotionBlend(style, { emotions }) {
  const neutral = emotions.includes("neutral") ? "neutral" : emotions[0];
  const emotion = emotions.includes(style.emotion) ? style.emotion : neutral;
  if (style.intensity === 0 || emotion === neutral) return { ends: [neutral], shares: [1] };
  if (style.intensity === 1) return { ends: [emotion], shares: [1] };
  return { ends: [neutral, emotion], shares: [1 - style.intensity, style.intensity] };
}

/** One emotion for all symbols, breaks excepted where they have their own. */
function emotionWeights(emotion, symbols, manifest) {
  const names = manifest.symbols.emo_category;
  const weights = new Float32Array(symbols.length * names.length);
  symbols.forEach((symbol, at) => {
    const own = BREAKS.includes(symbol.sy) ? (manifest.break_emotion ?? emotion) : emotion;
    weights[at * names.length + names.indexOf(`emotion_${own}`)] = 1;
  });
  return weights;
}

/** A voice with its speaker's embedding inside the graph has a width of 1. */
function speakerWeights(length, width, manifest) {
  const weights = new Float32Array(length * width);
  const chosen = width > 1 && manifest.speaker ? manifest.symbols.speaker_category.indexOf(manifest.speaker) : 0;
  for (let at = 0; at < length; at++) weights[at * width + chosen] = 1;
  return weights;
}
