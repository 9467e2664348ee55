// The loudspeaker's side of `output.js`: plays samples in the order in which they come, silence where there are none.

const TELL_EVERY_BLOCKS = 8;

class Player extends AudioWorkletProcessor {
  #waiting = [];
  #at = 0; // in the first of those that wait
  #played = 0;
  #blocks = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => this.#waiting.push(data);
  }

  process(_, [[block]]) {
    let filled = 0;
    while (filled < block.length && this.#waiting.length) {
      const piece = this.#waiting[0].subarray(this.#at, this.#at + block.length - filled);
      block.set(piece, filled);
      filled += piece.length;
      this.#at += piece.length;
      if (this.#at < this.#waiting[0].length) continue;
      this.#waiting.shift();
      this.#at = 0;
    }
    this.#played += filled;
    if (filled && (this.#blocks++ % TELL_EVERY_BLOCKS === 0 || !this.#waiting.length)) this.port.postMessage(this.#played);
    return true;
  }
}

registerProcessor("player", Player);
