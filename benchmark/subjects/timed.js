'use strict';

const { cpu } = require('./control');

/**
 * Runs `work`, and returns what the load's figures are made of.
 *
 * @param {(times: number[]) => Promise<number[]>} work resolves with counts of
 *   operations, and adds the milliseconds of some of them to `times`
 */
async function timed(work) {
  const times = [];
  const cpuBefore = cpu();
  const start = performance.now();
  const counts = await work(times);
  const took = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  const at = (part) => times[Math.floor(times.length * part)] * 1000;
  return {
    ops: counts.reduce((sum, count) => sum + count, 0),
    seconds: took,
    cpu: cpu() - cpuBefore,
    p50: at(0.5),
    p99: at(0.99),
  };
}

module.exports = { timed };
