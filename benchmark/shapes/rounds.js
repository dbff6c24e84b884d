'use strict';

/*
 * Runs a pass over rows. Every round measures each row once, so the runs of a
 * row are minutes apart. The variants of a row run directly after each other.
 */

const { isUnsteady } = require('../harness/statistics');
const { measure } = require('./measure');
const { BASE, variantsOf } = require('./variants');

// The most repeats of an unsteady run; after that it is kept.
const MOST_REPEATS = 2;

/**
 * @typedef {object} Entry a row and all that was measured of it
 * @property {any} row
 * @property {{ at: string, again: boolean, unsteady: boolean, order: string[],
 *   samples: Record<string, any> }[]} runs
 */

/** Measures all variants of a row, one after another. */
async function runOnce(entry, options, context, again) {
  const variants = variantsOf(entry.row, options);
  // Reverse the order in every second run.
  if (entry.runs.length % 2) variants.reverse();
  const run = {
    at: new Date().toISOString(),
    again,
    unsteady: false,
    order: variants.map(({ name }) => name),
    samples: {},
  };
  for (const variant of variants) {
    try {
      run.samples[variant.name] = await measure(entry.row, variant, context);
    } catch (error) {
      const message = `${entry.row.name}, ${variant.name}: ${error.message}`;
      if (!variant.mayFail) throw new Error(message, { cause: error });
      console.error(`left out: ${message}`);
    }
  }
  entry.runs.push(run);
}

/** Marks the runs in which node:net itself was far from its median. */
function markUnsteady({ runs }) {
  const all = runs.map(({ samples }) => samples[BASE].seconds);
  runs.forEach((run, i) => (run.unsteady = isUnsteady(all[i], all)));
  return runs.filter(({ unsteady }) => unsteady).length;
}

/**
 * Runs `work` for a row. A failed row fails the run, but the rows after it are
 * still measured.
 */
async function attempt(entry, work) {
  try {
    await work();
  } catch (error) {
    console.error(`FAILED: ${error.message}`);
    entry.failed = true;
    process.exitCode = 1;
  }
}

/**
 * @param {any[]} rows
 * @param {any} options of the run: `rounds`, and `minutes` after which nothing is
 *   measured again
 * @param {any} context for `measure`
 * @returns {Promise<Entry[]>}
 */
async function runPass(rows, options, context) {
  const deadline = performance.now() + options.minutes * 60_000;
  let entries = rows.map((row) => ({ row, runs: [] }));
  for (let round = 1; round <= options.rounds; round++) {
    for (const entry of entries) {
      process.stderr.write(`round ${round}: ${entry.row.name}\n`);
      await attempt(entry, () => runOnce(entry, options, context, false));
    }
    entries = entries.filter(({ failed }) => !failed);
  }
  if (options.quick) return entries;
  for (let repeat = 0; repeat < MOST_REPEATS; repeat++) {
    for (const entry of entries) {
      const count = markUnsteady(entry);
      for (let i = 0; i < count && performance.now() < deadline; i++) {
        process.stderr.write(`again: ${entry.row.name}\n`);
        await attempt(entry, () => runOnce(entry, options, context, true));
      }
      markUnsteady(entry);
    }
  }
  return entries.filter(({ failed }) => !failed);
}

module.exports = { runPass };
