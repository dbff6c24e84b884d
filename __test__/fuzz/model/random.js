'use strict';

/*
 * Seeded random choices.
 */

const { numbersFrom } = require('../../helpers/numbers');

/** The choices of a generator. */
class Random {
  /** @param {number} seed */
  constructor(seed) {
    this.below = numbersFrom(seed);
  }

  /** @param {number} percent */
  chance(percent) {
    return this.below(1000) < percent * 10;
  }

  /** @param {any[]} list */
  pick(list) {
    return list[this.below(list.length)];
  }

  /** @param {Record<string, number>} weights */
  weighted(weights) {
    const names = Object.keys(weights);
    const total = names.reduce((sum, name) => sum + weights[name], 0);
    let at = this.below(total);
    for (const name of names) {
      at -= weights[name];
      if (at < 0) return name;
    }
    return names[0];
  }

  /** Returns a whole number between two bounds, both included. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }
}

module.exports = { Random };
