// Messages in the order in which they came, for one reader who waits for them.

/** What comes in by a port, as an asynchronous iterator that `end` ends. */
export class Mailbox {
  #waiting = [];
  #wake = () => {};
  #isEnded = false;

  put(message) {
    this.#waiting.push(message);
    this.#wake();
  }

  end() {
    this.#isEnded = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.#waiting.length) yield this.#waiting.shift();
      if (this.#isEnded) return;
      await new Promise((wake) => (this.#wake = wake));
    }
  }
}
