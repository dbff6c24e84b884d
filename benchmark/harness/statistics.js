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
 * One figure of two variants that took turns.
 *
 * @param {any[]} base the samples of what is compared with
 * @param {any[]} samples of the variant, of the same rounds
 * @param {string} metric the samples' member
 * @returns {{ base: number, value: number, ratio: number, low: number,
 *   high: number } | null} the medians, their ratio, and the least and the
 *   greatest ratio of a round; null where there is no such figure
 */
function compare(base, samples, metric) {
  const pick = (list) => list.map((sample) => sample[metric]);
  const [a, b] = [pick(base), pick(samples)];
  if (b.length === 0 || [...a, ...b].some((x) => !Number.isFinite(x))) {
    return null;
  }
  const rounds = b.map((value, i) => value / a[i]);
  return {
    base: median(a),
    value: median(b),
    ratio: median(b) / median(a),
    low: Math.min(...rounds),
    high: Math.max(...rounds),
  };
}

module.exports = { compare, median };
