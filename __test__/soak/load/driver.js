'use strict';

/*
 * Keeps a number of connections under way, and starts the next when one is over.
 */

/** How many connections a process asks for at a time. */
const BLOCK = 200;

class Driver {
  #ids = [];
  #free;
  #asked = false;
  #ask;
  #start;

  /**
   * @param {number} atOnce
   * @param {() => void} ask for another block, which `add` gets
   * @param {(id: number, done: () => void) => void} start
   */
  constructor(atOnce, ask, start) {
    this.#free = atOnce;
    this.#ask = ask;
    this.#start = start;
    this.isHeld = false;
  }

  /** Adds the block with this number; peers have the even ids, and the subject the odd. */
  add(block, parity) {
    this.#asked = false;
    for (let i = 0; i < BLOCK; i++) {
      this.#ids.push(2 * (block * BLOCK + i) + parity);
    }
    this.fill();
  }

  /** Starts what there is room for. */
  fill() {
    while (!this.isHeld && this.#free > 0 && this.#ids.length > 0) {
      this.#free--;
      this.#start(this.#ids.shift(), () => {
        this.#free++;
        // Not at once: a start that fails at once would recurse.
        setImmediate(() => this.fill());
      });
    }
    if (this.#ids.length > BLOCK / 2 || this.#asked || this.isHeld) return;
    this.#asked = true;
    this.#ask();
  }
}

module.exports = { Driver };
