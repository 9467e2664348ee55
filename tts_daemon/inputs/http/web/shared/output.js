// Where samples are heard: an AudioWorklet, which plays on whatever the page is busy with. Pages that came without
// encryption from another machine have none: there each piece is scheduled by itself.

const LEAD_S = 0.05;

/** An output at the rate of the voice, so that pieces join without a seam; opened by a touch or a key. */
export function openOutput(rate) {
  const context = new AudioContext({ sampleRate: rate });
  return context.audioWorklet ? new WorkletOutput(context) : new ScheduledOutput(context);
}

class WorkletOutput {
  #context;
  #node = null;
  #waiting = [];
  #added = 0;
  #played = 0;

  constructor(context) {
    this.#context = context;
    this.#start();
  }

  async #start() {
    await this.#context.audioWorklet.addModule(new URL("output-worklet.js", import.meta.url));
    if (this.#context.state === "closed") return;
    this.#node = new AudioWorkletNode(this.#context, "player", { numberOfInputs: 0 });
    this.#node.port.onmessage = ({ data }) => (this.#played = data);
    this.#node.connect(this.#context.destination);
    for (const samples of this.#waiting.splice(0)) this.#node.port.postMessage(samples);
  }

  /** Have samples heard after those before. */
  add(samples) {
    this.#added += samples.length;
    if (this.#node) this.#node.port.postMessage(samples);
    else this.#waiting.push(samples);
  }

  /** Seconds that were heard; null before the first. */
  get heard_s() {
    return this.#played ? this.#played / this.#context.sampleRate : null;
  }

  /** Whether something will still be heard. */
  get isPlaying() {
    return this.#played < this.#added;
  }

  /** Be silent at once. */
  close() {
    this.#node?.disconnect();
    this.#context.close();
  }
}

/** The same by `AudioBufferSourceNode`s, one after the other. */
class ScheduledOutput {
  #context;
  #pieces = [];
  #end_s = 0;
  #playing = 0;

  constructor(context) {
    this.#context = context;
  }

  add(samples) {
    const { sampleRate, currentTime, destination } = this.#context;
    const buffer = this.#context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(samples, 0);
    const source = this.#context.createBufferSource();
    source.buffer = buffer;
    source.connect(destination);
    const at_s = Math.max(this.#end_s, currentTime + (this.#playing ? 0 : LEAD_S));
    source.start(at_s);
    const before_s = this.#pieces.reduce((sum, piece) => sum + piece.duration_s, 0);
    this.#pieces.push({ at_s, before_s, duration_s: buffer.duration });
    this.#end_s = at_s + buffer.duration;
    this.#playing += 1;
    source.onended = () => (this.#playing -= 1);
  }

  get heard_s() {
    const now_s = this.#context.currentTime;
    const current = this.#pieces.findLast((piece) => piece.at_s <= now_s);
    return current ? current.before_s + Math.min(now_s - current.at_s, current.duration_s) : null;
  }

  get isPlaying() {
    return this.#playing > 0;
  }

  close() {
    this.#context.close();
  }
}
