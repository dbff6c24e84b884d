'use strict';

/*
 * What one side of a connection has seen, and whether it may have.
 */

const { isAt } = require('./pattern');

/** Errors that a connection may have when one of its ends cuts it off. */
const allowed = [
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
];

class State {
  /**
   * @param {object} plan
   * @param {0 | 1} side
   * @param {{ isExcused?: () => boolean, passes?: boolean }} [options] `isExcused`
   *   returns true if the other process was killed; `passes` is true if this side
   *   passes bytes on, and others check them
   */
  constructor(plan, side, { isExcused = () => false, passes = false } = {}) {
    this.plan = plan;
    this.side = side;
    this.isExcused = isExcused;
    this.passes = passes;
    this.received = 0;
    this.sent = 0;
    this.ended = false;
    /** True once this side has cut the connection off. */
    this.isCut = false;
    this.finished = false;
    this.error = undefined;
    this.wrong = undefined;
  }

  /** Returns how many bytes this side must get. */
  get expected() {
    return this.plan.sizes[1 - this.side];
  }

  /** True when this side is to cut the connection off now. */
  get isDue() {
    const { by, at } = this.plan.end;
    return by === this.side && this.received + this.sent >= at;
  }

  /** Checks bytes that came. */
  receive(bytes) {
    const flow = this.plan.flows[1 - this.side];
    const isRight =
      this.received + bytes.length <= this.expected &&
      isAt(flow, this.received, bytes);
    if (!isRight) this.wrong ??= `${this.received} + ${bytes.length}`;
    this.received += bytes.length;
  }

  /** Returns what is wrong with the connection now that it is closed. */
  get problem() {
    if (this.wrong) return `wrong bytes at ${this.wrong}`;
    if (this.isExcused()) return undefined;
    const { error, plan, passes } = this;
    const isClean = plan.end.how === 'clean';
    const isAllowed = !isClean && allowed.includes(error);
    if (error !== undefined && !isAllowed) return `error ${error}`;
    if (!isClean || passes) return undefined;
    if (this.received !== this.expected) return `${this.received} bytes`;
    if (!this.ended || !this.finished) return 'not ended on both sides';
    return undefined;
  }

  /** Returns the side in one line. */
  toString() {
    const { id, kind, transport, variant, style, end, sizes, sides } =
      this.plan;
    const { write, read } = sides[this.side];
    const { received, sent, ended, finished, error } = this;
    const now = { received, sent, ended, finished, error };
    return (
      `${id}, side ${this.side}: ${kind} ${transport} ${style} variant ${variant} ` +
      `${write} ${read} ${sizes} ${JSON.stringify(end)} ${JSON.stringify(now)}`
    );
  }
}

module.exports = { State };
