'use strict';

/*
 * The row of docs/reliability.md: one for each Node that plays.
 */

const { record } = require('../../../scripts/reliability-table');

/**
 * @typedef {object} Result of a run
 * @property {string} node its version
 * @property {{ programs: number, differ: number, runs: Record<string, number> }} counts
 * @property {number} seconds
 * @property {{ first: number, last: number }} seeds
 * @property {Record<string, number[]>} known seeds of programs with a named difference
 * @property {Record<string, number[]>} unsteady seeds whose difference did not recur
 */

const sum = (list) => list.reduce((total, one) => total + one, 0);

/** Returns the number of seeds in several lists by name. */
const countIn = (lists) =>
  new Set(lists.flatMap((list) => Object.values(list).flat())).size;

/** Returns the subjects with how many programs each has played. */
function runsOf(results) {
  const runs = {};
  for (const { counts } of results) {
    for (const [name, count] of Object.entries(counts.runs)) {
      runs[name] = (runs[name] ?? 0) + count;
    }
  }
  return Object.entries(runs)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

/** Returns the ranges of seeds, with adjacent ones joined. */
function rangesOf(results) {
  const ranges = [];
  const sorted = results
    .map(({ seeds }) => ({ ...seeds }))
    .sort((one, other) => one.first - other.first);
  for (const range of sorted) {
    const last = ranges.at(-1);
    if (last && range.first <= last.last + 1) {
      last.last = Math.max(last.last, range.last);
    } else {
      ranges.push(range);
    }
  }
  return ranges.map(({ first, last }) => `${first} to ${last}`).join(', ');
}

/**
 * @param {Result[]} results of one Node
 * @returns {Promise<void>}
 */
async function recordRow(results) {
  const [{ node }] = results;
  const programs = sum(results.map(({ counts }) => counts.programs));
  const differ = sum(results.map(({ counts }) => counts.differ));
  const seconds = sum(results.map((one) => one.seconds));
  const known = countIn(results.map((one) => one.known));
  const once = countIn(results.map(({ unsteady }) => unsteady));
  const [, major] = /^v(\d+)/.exec(node) ?? [];
  await record({
    layer: `Random programs, Node ${major}`,
    command: 'npm run test:model -- --record',
    counts:
      `${programs} programs on ${node} and over each of ` +
      `${runsOf(results)}; ${known} met a known difference, ` +
      `${once} one that did not come again; ${seconds} s`,
    seed: rangesOf(results),
    result: differ === 0 ? 'nothing found' : `${differ} differ`,
  });
}

module.exports = { recordRow };
