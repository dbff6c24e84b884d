'use strict';

const { median } = require('../harness/statistics');
const { BASE } = require('./variants');

/**
 * Computes the figure of a variant over the runs of a row: each run's ratio to
 * the sample of another variant, usually node:net, of the same run. Runs in which node:net was unsteady are
 * kept, but not counted unless there are no others.
 *
 * @param {import('./rounds').Entry} entry
 * @param {string} variant
 * @param {string} metric of the samples
 * @param {string} [other] the variant to compare with
 * @returns {{ base: number, value: number, ratio: number, low: number,
 *   high: number, ratios: number[] } | null} medians, and the ratio's spread;
 *   null where a figure is missing
 */
function figure({ runs }, variant, metric, other = BASE) {
  const steady = runs.filter(({ unsteady }) => !unsteady);
  const pairs = (steady.length > 0 ? steady : runs)
    .map(({ samples }) => [
      samples[other]?.[metric],
      samples[variant]?.[metric],
    ])
    .filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b));
  if (pairs.length === 0) return null;
  const ratios = pairs.map(([a, b]) => b / a);
  return {
    base: median(pairs.map(([a]) => a)),
    value: median(pairs.map(([, b]) => b)),
    ratio: median(ratios),
    low: Math.min(...ratios),
    high: Math.max(...ratios),
    ratios,
  };
}

/**
 * Returns the variants of all entries, in the order of the runs, without
 * node:net.
 */
function variantNames(entries) {
  const names = entries.flatMap(({ runs }) =>
    runs.flatMap(({ order, samples }) =>
      // The first run of a row is in the original order.
      order === runs[0].order ? order.filter((name) => samples[name]) : [],
    ),
  );
  return [...new Set(names)].filter((name) => name !== BASE);
}

/** Returns the median of an absolute figure over all runs of a variant. */
const middle = ({ runs }, variant, metric) =>
  median(
    runs
      .map(({ samples }) => samples[variant]?.[metric])
      .filter(Number.isFinite),
  );

/**
 * Returns the rows whose time or CPU compares worst with node:net's, the worst
 * first.
 *
 * @param {import('./rounds').Entry[]} entries
 * @param {string} variant
 * @param {number} count
 */
function worst(entries, variant, count) {
  return entries
    .map((entry) => ({
      entry,
      time: figure(entry, variant, 'seconds'),
      cpu: figure(entry, variant, 'cpu'),
    }))
    .filter(({ time, cpu }) => time && cpu)
    .map((one) => ({ ...one, by: Math.max(one.time.ratio, one.cpu.ratio) }))
    .sort((a, b) => b.by - a.by)
    .slice(0, count);
}

module.exports = { figure, middle, variantNames, worst };
