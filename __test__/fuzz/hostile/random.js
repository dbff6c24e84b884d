'use strict';

const { numbersFrom } = require('../../helpers/numbers');

/** A seeded generator of numbers, so that a run can be repeated. */
class Random {
  /** @type {(limit: number) => number} */
  #next;

  /**
   * @param {number} seed
   * @param {number} [part] of the run; each part has its own sequence
   */
  constructor(seed, part = 0) {
    this.reseed(seed, part);
  }

  reseed(seed, part) {
    this.#next = numbersFrom(
      Math.imul(seed, 0x85ebca6b) ^ Math.imul(part, 0xc2b2ae35),
    );
    // The first numbers of neighbouring seeds are similar, so drop one.
    this.below(2);
    this.below(2);
  }

  /** @returns {number} a whole number from 0 to `limit` - 1 */
  below(limit) {
    return this.#next(limit);
  }

  /** @returns {boolean} true in `percent` of 100 calls */
  chance(percent) {
    return this.below(10_000) < percent * 100;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** Calls one of the functions, by weight: `[weight, function]`. */
  among(weighted) {
    let total = 0;
    for (const [weight] of weighted) total += weight;
    let at = this.below(total);
    for (const [weight, make] of weighted) {
      if (at < weight) return make();
      at -= weight;
    }
    return undefined;
  }
}

module.exports = { Random };
