'use strict';

/**
 * @param {number[]} values
 * @returns {number}
 */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}

/**
 * Compares one figure of two variants that took turns.
 *
 * @param {any[]} base the samples of the variant to compare with
 * @param {any[]} samples of the variant, of the same rounds
 * @param {string} metric the samples' member
 * @returns {{ base: number, value: number, ratio: number, low: number,
 *   high: number } | null} the medians, and the median, the least and the greatest
 *   of the rounds' ratios; null where there is no such figure
 */
function compare(base, samples, metric) {
  // Rounds with an unsteady base are kept but not counted, unless there are no
  // others.
  const isCounted = (_, i) =>
    !base[i].unsteady || base.every(({ unsteady }) => unsteady);
  const pick = (list) => list.filter(isCounted).map((sample) => sample[metric]);
  const [a, b] = [pick(base), pick(samples)];
  if (b.length === 0 || [...a, ...b].some((x) => !Number.isFinite(x))) {
    return null;
  }
  const rounds = b.map((value, i) => value / a[i]);
  return {
    base: median(a),
    value: median(b),
    ratio: median(rounds),
    low: Math.min(...rounds),
    high: Math.max(...rounds),
  };
}

// The most by which a steady base may differ from its median.
const STEADY = 1 / 3;

/**
 * Returns true if a figure is so far from its median that its round must be
 * repeated.
 *
 * @param {number} value
 * @param {number[]} values of all rounds
 */
const isUnsteady = (value, values) =>
  Math.abs(value / median(values) - 1) > STEADY;

module.exports = { compare, isUnsteady, median };
