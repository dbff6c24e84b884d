'use strict';

/*
 * One hostile call: its arguments, and what happens during it.
 */

const { shrink, takeAway } = require('./memory');
const { withOldMethods } = require('./patches');

const DEEPEST = 3;

/** Thrown by hostile code, to distinguish its errors from rust-net's. */
class HostileError extends Error {}

class Call {
  labels = [];
  /** Memory that can be detached. */
  memory = [];
  /** Lists that can grow. */
  lists = [];
  /** An upper bound of the bytes that the call may legitimately send. */
  given = 0;
  /** Whether a list among the arguments has encodings. @type {boolean | undefined} */
  isMixed = undefined;
  /** True when text becomes UTF-16. */
  isWide = false;

  /**
   * @param {any} world
   * @param {import('./random').Random} random
   * @param {any} connection whose mark the bytes carry
   * @param {Call} [outer] the call during which this one is made
   */
  constructor(world, random, connection, outer) {
    this.world = world;
    this.random = random;
    this.connection = connection;
    this.mark = connection.mark;
    this.outer = outer;
    this.depth = outer === undefined ? 0 : outer.depth + 1;
  }

  label(text) {
    if (this.labels.length < 24) this.labels.push(text);
  }

  /** Records text among the arguments, which may be the bytes to send. */
  sends(text) {
    this.given += 3 * text.length;
    // In UTF-16 every other byte of such a letter is zero.
    const isNarrow = this.isWide && /[\0-\xff]/.test(text.slice(0, 100));
    if (isNarrow || text.includes('\0')) this.mark.allowZero();
  }

  /** Interferes during the call; hostile code calls this. */
  interfere(where) {
    if (this.depth >= DEEPEST || !this.random.chance(75)) return;
    this.label(`<${where}>`);
    withOldMethods(() => this.#happen(where));
  }

  // Anything that code in the middle of a call may do.
  #happen(where) {
    this.random.among([
      [14, () => this.fail(where)],
      [20, () => this.takeMemory()],
      [8, () => this.shrinkMemory()],
      [8, () => this.growList()],
      [9, () => this.closeHandle(this.connection.handle)],
      [5, () => this.closeHandle(this.world.someHandle(this.random))],
      [16, () => this.world.callOnce(this)],
      [16, () => this.writeElsewhere()],
      [2, () => this.world.collectGarbage()],
      [2, () => this.world.churn(20)],
    ]);
  }

  fail(where) {
    throw new HostileError(`in ${where}`);
  }

  takeMemory() {
    for (const memory of this.memory) {
      if (this.random.chance(80)) this.world.keep(takeAway(memory));
    }
    this.memory.length = 0;
  }

  shrinkMemory() {
    for (const memory of this.memory) shrink(memory, this.random);
  }

  growList() {
    for (const list of this.lists) {
      if (list.length < 5000) {
        Array.prototype.push.call(list, Buffer.alloc(9, this.mark.letter));
      }
    }
    this.given += 9 * this.lists.length;
  }

  closeHandle(handle) {
    this.world.close(handle);
  }

  // Writes elsewhere: those bytes would then be where this call's are read
  // from.
  writeElsewhere() {
    const other = this.world.someConnection(this.random);
    if (other !== undefined) this.world.honestWrite(other, 100);
  }
}

module.exports = { Call, HostileError };
