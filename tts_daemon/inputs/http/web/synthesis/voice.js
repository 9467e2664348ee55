// A loaded voice: its acoustic model and its vocoder, joined chunk by chunk (synthesis/voice.py).

import { decode, layOut } from "./acoustic.js";
import { demands } from "./chunking.js";
import { shapeEdges } from "./edges.js";
import { NoiseStock } from "./excitation.js";
import { buildInputs } from "./inputs.js";
import { readManifest } from "./manifest.js";
import { gaps, widen } from "./pauses.js";
import { vocode } from "./vocoder.js";

const LONGEST_TAIL_S = 0.6;
const INNER_PAUSES = ["enumeration", "comma", "semicolon"];
const WARM_UP = {
  ids: [0, 0, 0, 0], pauses: [], kind: "statement", question: null,
  style: { emotion: "neutral", intensity: 1, speed: 1, pitch: 0, energy: 0, pause: 1 },
};

/** What speaks. Streams of one voice may be interleaved: each one has its own state. */
export class Voice {
  #graphs;
  #noise;

  /**
   * @param {object} stated content of voice.json
   * @param {object} graphs loaded, by name
   * @param {NoiseStock} noise in the place of the usual one
   */
  constructor(stated, graphs, noise) {
    this.manifest = readManifest(stated);
    this.#graphs = graphs;
    this.#noise = noise ?? (this.manifest.source && new NoiseStock(this.manifest));
  }

  /**
   * The waveform of one clause, piece by piece, with its pauses and without long silence at its edges.
   * @param {object} clause as `POST /api/symbols` gives it, of at least one symbol
   * @param {boolean} isFirst whether somebody waits for it
   */
  speak(clause, isFirst) {
    const { sample_rate: rate } = this.manifest;
    const isInner = INNER_PAUSES.includes(clause.pauses.at(-1));
    const longestTail_s = isInner ? this.floor_s(clause) : LONGEST_TAIL_S * clause.style.pause;
    return shapeEdges(this.stream(clause, isFirst), rate, longestTail_s);
  }

  /** `speak` with the edges as the vocoder makes them. */
  async *stream(clause, isFirst) {
    const { manifest } = this;
    const inputs = buildInputs(clause, manifest, this.#graphs.encoder.width("speaker"));
    const memory = await layOut(this.#graphs, manifest, inputs);
    const mel = decode(this.#graphs, manifest, memory, demands(manifest.vocoder_look_ahead_frames, isFirst));
    const waveform = vocode(this.#graphs.vocoder, manifest, mel, this.#noise);
    const wanted = gaps(memory.counts, inputs.floors_s, manifest.hop_length, manifest.sample_rate);
    yield* widen(waveform, wanted, manifest.sample_rate);
  }

  /** Least silence between this clause and the next. */
  floor_s({ pauses, style }) {
    return pauses.length ? (this.manifest.pause_floors_s[pauses.at(-1)] * style.pause) / style.speed : 0;
  }

  /** Speak one symbol to nobody, so that the first utterance does not pay for first times. */
  async warmUp() {
    for await (const _ of this.stream(WARM_UP, true));
  }
}
