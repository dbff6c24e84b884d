'use strict';

/*
 * Random numbers from a seed, for tests and soaks that act at random times or on
 * random pieces. A process that fails prints its seed. `SEED=N` repeats the run, as
 * far as timing allows.
 */

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
let state = seed;

/**
 * Returns the next random number, like `Math.random`.
 *
 * @returns {number} at least 0 and less than 1
 */
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
