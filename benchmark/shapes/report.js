'use strict';

/*
 * Builds the table of a pass as cells, for the terminal and for a page alike.
 */

const { figure, middle, variantNames } = require('./figures');
const { BEFORE } = require('../harness/variants');
const { BASE } = require('./variants');

const two = (value) => (value == null ? '-' : value.toFixed(2));
const mebibytes = (bytes) =>
  bytes == null ? '-' : (bytes / 2 ** 20).toFixed(0);
const millis = (seconds) => (seconds * 1000).toFixed(0);

/** Formats a ratio with its spread over the runs: `1.04 (0.98-1.10)`. */
const withSpread = (figure) =>
  figure
    ? `${two(figure.ratio)} (${two(figure.low)}-${two(figure.high)})`
    : '-';

const names = { 'on-loop': 'rust-net', threaded: 'threaded' };

function memoryPair(entry, variant) {
  const found = figure(entry, variant, 'memory');
  return found ? `${mebibytes(found.base)} > ${mebibytes(found.value)}` : '-';
}

/** Returns the columns of one variant. */
function columnsOf(variant) {
  const name = names[variant] ?? variant;
  const columns = {
    [`${name}: time`]: (entry) => withSpread(figure(entry, variant, 'seconds')),
    [`${name}: CPU`]: (entry) => withSpread(figure(entry, variant, 'cpu')),
  };
  if (variant === 'bare') return columns;
  return {
    ...columns,
    [`${name}: MB`]: (entry) => memoryPair(entry, variant),
  };
}

/** Formats the number of runs, and how many of them were repeats. */
function runsOf({ runs }) {
  const again = runs.filter((run) => run.again).length;
  return again === 0 ? `${runs.length}` : `${runs.length} (${again} again)`;
}

/**
 * @param {import('./rounds').Entry[]} entries
 * @returns {string[][]} the head, and a line for each entry
 */
function cells(entries) {
  const columns = {
    shape: ({ row }) => row.title,
    'under test': ({ row }) => row.under,
    ms: (entry) => millis(middle(entry, BASE, 'seconds')),
    ...Object.assign({}, ...variantNames(entries).map(columnsOf)),
    peer: (entry) => two(middle(entry, BASE, 'peerBusy')),
    others: (entry) => two(middle(entry, BASE, 'othersBusy')),
    runs: runsOf,
  };
  return [
    Object.keys(columns),
    ...entries.map((entry) =>
      Object.values(columns).map((cell) => cell(entry)),
    ),
  ];
}

/**
 * Builds the table that compares two builds of rust-net: the ratios of the first
 * driver measured to the other build, pair by pair.
 *
 * @param {import('./rounds').Entry[]} entries
 * @returns {string[][]} the head, and a line for each entry
 */
function changes(entries) {
  const [after] = variantNames(entries);
  const ratio = (entry, metric) =>
    withSpread(figure(entry, after, metric, BEFORE));
  return [
    ['after by before', 'under test', 'time', 'CPU', 'memory'],
    ...entries.map((entry) => [
      entry.row.name,
      entry.row.under,
      ...['seconds', 'cpu', 'memory'].map((metric) => ratio(entry, metric)),
    ]),
  ];
}

/**
 * Formats further figures of uploads: how many are open at once, and for how
 * long.
 */
function lives(entries) {
  const metrics = {
    open: 'open at once',
    p50: 'p50 of a life, us',
    p99: 'p99 of a life, us',
  };
  return entries
    .filter(({ row }) => row.follow)
    .flatMap((entry) =>
      Object.entries(metrics).flatMap(([metric, title]) =>
        variantNames([entry]).map((variant) => [
          `${entry.row.title}: ${title}`,
          names[variant] ?? variant,
          withSpread(figure(entry, variant, metric)),
        ]),
      ),
    )
    .filter(([, , found]) => found !== '-');
}

module.exports = { cells, changes, lives, names, two, withSpread };
