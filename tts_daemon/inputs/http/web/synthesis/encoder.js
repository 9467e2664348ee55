// Symbols to text encodings and durations (acoustic/encoder.py, acoustic/duration.py).

import { blend, clamp, f32 } from "./numbers.js";

const LONGEST = f32(Math.log1p(400));
const LAYERS = 2;

/**
 * Encode a clause: once for each end of its blend, and durations from the voice as it is, before any shift.
 * @param {object} graphs by name
 * @param {object} inputs from `buildInputs`
 * @param {number} units width of the duration predictor's LSTM
 */
export async function encode(graphs, inputs, units) {
  const ends = [];
  for (const emotion of inputs.emotions) ends.push(await encodeEnd(graphs, inputs, emotion));
  const varied = [];
  for (const end of ends) varied.push(await graphs.variance.run(end));
  const conditions = varied.map((end) => end.duration_condition.data);
  const isShifted = inputs.pitchShift.some(Boolean) || inputs.energyShift.some(Boolean);
  const mixed = blendEnds(ends, inputs);
  const text = isShifted || ends.length > 1 ? (await graphs.variance.run(mixed)).text_augmented : varied[0].text_augmented;
  return {
    text: text.data,
    condition: mixed.condition.data,
    durations: inputs.durations ?? (await durations(graphs.duration, conditions, inputs.shares, units)),
  };
}

async function encodeEnd({ encoder }, { ids, length, speaker }, emotion) {
  const { text, condition, pitch, energy } = await encoder.run({
    symbols: { data: BigInt64Array.from(ids, BigInt), dims: [1, length, ids.length / length] },
    emotion: { data: emotion, dims: [1, length, emotion.length / length] },
    speaker: { data: speaker, dims: [1, length, speaker.length / length] },
  });
  return { text, condition, pitch, energy };
}

function blendEnds(ends, { shares, pitchShift, energyShift }) {
  const mixed = {};
  for (const name of ["text", "condition", "pitch", "energy"]) {
    mixed[name] = { data: blend(ends.map((end) => end[name].data), shares), dims: ends[0][name].dims };
  }
  mixed.pitch.data = mixed.pitch.data.map((value, at) => value + pitchShift[at]);
  mixed.energy.data = mixed.energy.data.map((value, at) => value + energyShift[at]);
  return mixed;
}

/** Frames of each symbol, not rounded; mixed as logarithms, so that the pace moves by equal factors. */
async function durations(graph, conditions, shares, units) {
  const logs = [];
  for (const rows of conditions) logs.push(await logDurations(graph, rows, units));
  return blend(logs, shares).map((value) => Math.expm1(clamp(value, 0, LONGEST)));
}

async function logDurations(graph, rows, units) {
  const width = 4 * units;
  const cells = () => ({ data: new Float32Array(LAYERS * units), dims: [LAYERS, 1, units] });
  const logs = new Float32Array(rows.length / width);
  let previous = { data: new Float32Array(1), dims: [1, 1] };
  let hidden = cells();
  let cell = cells();
  for (let at = 0; at < logs.length; at++) {
    const row = { data: rows.slice(at * width, (at + 1) * width), dims: [1, width] };
    const made = await graph.run({ previous, duration_condition: row, hidden, cell });
    previous = made.log_duration;
    hidden = made.hidden_out;
    cell = made.cell_out;
    logs[at] = previous.data[0] || 0; // not a number: no duration
  }
  return logs;
}
