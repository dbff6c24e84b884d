'use strict';

/*
 * The row of docs/reliability.md: one for each Node that plays.
 */

const { record } = require('../../../scripts/reliability-table');

/** The subjects with how many programs each has played. */
function runsOf(runs) {
  return Object.entries(runs)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

/**
 * @param {object} result of a run
 * @param {string} result.node its version
 * @param {{ programs: number, differ: number, known: number,
 *   runs: Record<string, number> }} result.counts
 * @param {number} result.seconds
 * @param {{ first: number, last: number }} result.seeds
 * @param {Record<string, number[]>} result.unsteady
 * @returns {Promise<void>}
 */
async function recordRow({ node, counts, seconds, seeds, ...found }) {
  const { unsteady } = found;
  const once = new Set(Object.values(unsteady).flat()).size;
  const [, major] = /^v(\d+)/.exec(node) ?? [];
  await record({
    layer: `Random programs, Node ${major}`,
    command: 'npm run test:model -- --record',
    counts:
      `${counts.programs} programs on ${node} and over each of ` +
      `${runsOf(counts.runs)}; ${counts.known} met a known difference, ` +
      `${once} one that did not come again; ${seconds} s`,
    seed: `${seeds.first} to ${seeds.last}`,
    result: counts.differ === 0 ? 'nothing found' : `${counts.differ} differ`,
  });
}

module.exports = { recordRow };
