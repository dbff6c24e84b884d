'use strict';

/*
 * Random numbers of a seed, for tests and soaks that do things at random moments
 * or in random pieces. A process that fails prints the seed; `SEED=N` repeats it, as
 * far as the moments allow.
 */

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
let state = seed;

/** @returns {number} from 0 to less than 1, as `Math.random` */
function random() {
  state = (state + 0x9e3779b9) | 0;
  let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
}

process.on('exit', (code) => {
  if (code !== 0) console.error(`random moments and sizes: SEED=${seed}`);
});

module.exports = { random };
