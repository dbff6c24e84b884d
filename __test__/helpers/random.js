'use strict';

/*
 * Random numbers from a seed, for tests and soaks that act at random times or on
 * random pieces. A process that fails prints its seed. `SEED=N` repeats the run, as
 * far as timing allows.
 */

const { numbersFrom } = require('./numbers');

const WHOLE = 2 ** 32;

const seed = Number(process.env.SEED) || Date.now() % 2 ** 31;
const below = numbersFrom(seed);

/**
 * Returns the next random number, like `Math.random`.
 *
 * @returns {number} at least 0 and less than 1
 */
function random() {
  return below(WHOLE) / WHOLE;
}

process.on('exit', (code) => {
  if (code !== 0) console.error(`random moments and sizes: SEED=${seed}`);
});

module.exports = { random };
