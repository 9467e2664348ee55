// Plays a WAV while it comes in, and keeps its samples.

const HEADER_BYTES = 44;
const LEAD_S = 0.05;

/** One utterance: read from the answer, scheduled piece by piece. */
export class Playback {
  /**
   * @param {AudioContext} context where it is heard
   * @param {(samples: Float32Array, rate: number) => void} heard called with every piece
   */
  constructor(context, heard) {
    this.context = context;
    this.heard = heard;
    this.bytes = [];
    this.sources = new Set();
    this.next_s = 0;
    this.abort = new AbortController();
  }

  /** Fetch and play; resolves when everything has come in. */
  async run(fetchSound) {
    const response = await fetchSound(this.abort.signal);
    const reader = response.body.getReader();
    let rest = new Uint8Array(0);
    let rate = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      this.bytes.push(value);
      rest = joined(rest, value);
      if (!rate) {
        if (rest.length < HEADER_BYTES) continue;
        rate = new DataView(rest.buffer, rest.byteOffset).getUint32(24, true);
        rest = rest.slice(HEADER_BYTES);
      }
      const whole = rest.length - (rest.length % 2);
      if (whole) this.#play(floats(rest.slice(0, whole)), rate);
      rest = rest.slice(whole);
    }
  }

  /** Be silent, and end the synthesis. */
  stop() {
    this.abort.abort();
    for (const source of this.sources) source.stop();
    this.sources.clear();
  }

  /** What was said, as a file with its right length. */
  file() {
    const whole = this.bytes.reduce(joined, new Uint8Array(0));
    const view = new DataView(whole.buffer);
    view.setUint32(4, whole.length - 8, true);
    view.setUint32(40, whole.length - HEADER_BYTES, true);
    return new Blob([whole], { type: "audio/wav" });
  }

  #play(samples, rate) {
    this.heard(samples, rate);
    const buffer = this.context.createBuffer(1, samples.length, rate);
    buffer.copyToChannel(samples, 0);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.context.destination);
    this.next_s = Math.max(this.next_s, this.context.currentTime + LEAD_S);
    source.start(this.next_s);
    this.next_s += buffer.duration;
    this.sources.add(source);
    source.onended = () => this.sources.delete(source);
  }
}

function joined(left, right) {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}

function floats(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const samples = new Float32Array(bytes.length / 2);
  for (let i = 0; i < samples.length; i++) samples[i] = view.getInt16(2 * i, true) / 32768;
  return samples;
}
