'use strict';

/*
 * When the attempts of a parallel race start, as RFC 8305 has it in section 5. It
 * knows nothing of sockets.
 */

const timers = require('timers');

/**
 * @typedef {object} Plan
 * @property {number} count of addresses
 * @property {number} delay in milliseconds, from one start to the next
 * @property {(index: number) => boolean} start begins an attempt; false when it has
 *   failed within the call
 * @property {() => void} giveUp called when all attempts have failed
 */

/**
 * Starts the first attempt at once, and each further one when the delay is over or
 * when there is nothing to wait for: the newest attempt has failed, or all have.
 */
class Pacing {
  /**
   * @param {Plan} plan
   * @param {{ setTimeout: Function, clearTimeout: Function }} [clock]
   */
  constructor(plan, clock = timers) {
    this.plan = plan;
    this.clock = clock;
    this.next = 0;
    /** Attempts under way. */
    this.open = 0;
    this.isOver = false;
    /** @type {unknown} */
    this.timer = undefined;
  }

  /** Starts the next attempt, past those that fail within the call. */
  startNext() {
    const { clock, plan } = this;
    clock.clearTimeout(this.timer);
    while (!this.isOver && this.next < plan.count) {
      if (!plan.start(this.next++)) continue;
      this.open++;
      this.waitForNext();
      return;
    }
    if (this.isOver || this.open > 0) return;
    this.isOver = true;
    plan.giveUp();
  }

  waitForNext() {
    const { clock, next, plan } = this;
    if (this.isOver || next === plan.count) return;
    this.timer = clock.setTimeout(() => this.startNext(), plan.delay);
  }

  /**
   * Notes that an attempt under way has failed.
   *
   * @param {number} index
   */
  fail(index) {
    this.open--;
    if (this.open === 0 || index === this.next - 1) this.startNext();
  }

  /** Starts nothing more. */
  stop() {
    this.isOver = true;
    this.clock.clearTimeout(this.timer);
  }
}

module.exports = { Pacing };
