'use strict';

/*
 * What a process of the soak has open, and what it has counted.
 */

const MOST_PROBLEMS = 20;

class Ledger {
  constructor() {
    /** @type {Set<import('./state').State>} */
    this.open = new Set();
    /** Connections that were accepted or made. */
    this.connections = 0;
    /** Bytes that were checked. */
    this.bytes = 0;
    /** Connections that ended before they said which they are, by the reason. */
    this.nameless = {};
    /** @type {string[]} */
    this.problems = [];
    this.onProblem = () => {};
    this.onIdle = () => {};
  }

  /** Notes that a side of a connection has begun. */
  enter(state) {
    this.open.add(state);
    return state;
  }

  /** Judges a side of a connection that is over. */
  leave(state) {
    this.open.delete(state);
    this.bytes += state.received;
    const { problem } = state;
    if (problem) this.report(`${problem}: ${state}`);
    if (this.open.size === 0) this.onIdle();
  }

  report(problem) {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
    this.onProblem(problem);
  }

  /** Resolves when nothing is open. */
  async idle() {
    while (this.open.size > 0) {
      await new Promise((resolve) => (this.onIdle = resolve));
    }
  }
}

module.exports = { Ledger };
