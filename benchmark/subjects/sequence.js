'use strict';

/**
 * @param {number} seed
 * @returns {(below: number) => number} the next number of a fixed sequence
 */
function sequence(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

module.exports = { sequence };
