// Plays a WAV while it comes in, and keeps its samples to be played again.

import { openOutput } from "./output.js";

const HEADER_BYTES = 44;
const RATE_OFFSET = 24;

/** One utterance in the browser's loudspeaker. */
export class Sound {
  /** @param {number} rate expected samples per second */
  constructor(rate) {
    this.rate = rate;
    this.pieces = [];
    this.bytes = [];
    this.abort = new AbortController();
    this.isComplete = false;
    this.output = null;
    this.offset_s = 0;
  }

  /**
   * Fetch and play; resolves when everything has come in.
   * @param {(signal: AbortSignal) => Promise<Response>} fetchSound
   * @param {() => void} begun called when the first piece has come
   */
  async stream(fetchSound, begun) {
    // Before anything is waited for: browsers only allow sound that follows a touch or a key.
    this.#open();
    const reader = (await fetchSound(this.abort.signal)).body.getReader();
    let rest = new Uint8Array(0);
    let hasHeader = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      this.bytes.push(value);
      rest = joined(Uint8Array, [rest, value]);
      if (!hasHeader) {
        if (rest.length < HEADER_BYTES) continue;
        this.#turnTo(new DataView(rest.buffer).getUint32(RATE_OFFSET, true));
        rest = rest.slice(HEADER_BYTES);
        hasHeader = true;
      }
      const whole = rest.length - (rest.length % 2);
      if (!whole) continue;
      const piece = floats(rest.slice(0, whole));
      rest = rest.slice(whole);
      if (!this.pieces.length) begun();
      this.pieces.push(piece);
      this.output?.add(piece);
    }
    this.isComplete = true;
  }

  /** Play what came in again, from a position in seconds. */
  replay(from_s) {
    this.#silence();
    this.#open();
    const begin = Math.floor(from_s * this.rate);
    this.offset_s = begin / this.rate;
    this.output.add(this.samples.slice(begin));
  }

  /** Be silent, and end the synthesis. */
  stop() {
    this.abort.abort();
    this.#silence();
  }

  /** All samples so far, -1 to 1. */
  get samples() {
    if (this.pieces.length > 1) this.pieces = [joined(Float32Array, this.pieces)];
    return this.pieces[0] ?? new Float32Array(0);
  }

  /** Length so far, in seconds. */
  get duration_s() {
    return this.samples.length / this.rate;
  }

  /** Whether it was ended before all of it had come in. */
  get isStopped() {
    return this.abort.signal.aborted;
  }

  /** What is heard now, in seconds from the beginning; null when nothing is. */
  get position_s() {
    const heard_s = this.output?.heard_s ?? null;
    return heard_s === null ? null : this.offset_s + heard_s;
  }

  /** Whether something will still be heard. */
  get isPlaying() {
    return Boolean(this.output?.isPlaying);
  }

  /** What was said, as a file with its right length. */
  file() {
    const whole = joined(Uint8Array, this.bytes);
    const view = new DataView(whole.buffer);
    view.setUint32(4, whole.length - 8, true);
    view.setUint32(40, whole.length - HEADER_BYTES, true);
    return new Blob([whole], { type: "audio/wav" });
  }

  /** It comes at another rate than was expected. */
  #turnTo(rate) {
    if (rate === this.rate) return;
    this.rate = rate;
    if (this.isStopped) return;
    this.#silence();
    this.#open();
  }

  #open() {
    this.output = openOutput(this.rate);
  }

  #silence() {
    this.output?.close();
    this.output = null;
    this.offset_s = 0;
  }
}

function joined(Kind, pieces) {
  const whole = new Kind(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function floats(bytes) {
  const view = new DataView(bytes.buffer);
  const samples = new Float32Array(bytes.length / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}
