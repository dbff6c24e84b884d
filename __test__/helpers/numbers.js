'use strict';

/**
 * Returns a seeded generator of whole numbers, so that a run can be repeated. It
 * takes a limit of at most 2 ** 32 and returns 0 to that limit - 1.
 *
 * @param {number} seed
 * @returns {(below: number) => number}
 */
function numbersFrom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below;
  };
}

module.exports = { numbersFrom };
