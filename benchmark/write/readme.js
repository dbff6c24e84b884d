'use strict';

/* Writes the README's part about speed, between two marks. */

const { markdownTable } = require('../harness/report');
const { compareRow, isEven, rows } = require('./ten');

const BEGIN = '<!-- written by `npm run bench -- --write` -->';
const END = '<!-- end of what is written -->';

/** Formats speed and CPU as ratios to node:net: `1.43 / 0.71`. */
function cell(found) {
  if (!found) return '-';
  const { speed, cpu } = found;
  const fast = isEven(speed) ? 'as fast' : speed.ratio.toFixed(2);
  return cpu ? `${fast} / ${cpu.ratio.toFixed(2)}` : fast;
}

/**
 * Returns the newest Node with a result for Bun or Deno, on which they are
 * compared.
 */
const withPeers = (kept) =>
  kept.findLast((one) => rows.some((row) => compareRow(one, row, 'bun'))) ??
  kept.at(-1);

function table(kept) {
  const peers = withPeers(kept);
  const head = [
    'beside node:net: speed / CPU',
    ...kept.map(({ node }) => `Node ${node}`),
    `Bun`,
    `Deno`,
  ];
  return markdownTable([
    head,
    ...rows.map((row) => [
      row.title,
      ...kept.map((one) => cell(compareRow(one, row, 'rust-net'))),
      cell(compareRow(peers, row, 'bun')),
      cell(compareRow(peers, row, 'deno')),
    ]),
  ]);
}

/**
 * @param {any[]} kept results
 * @returns {string} markdown
 */
function readmePart(kept) {
  const { node } = withPeers(kept);
  return [
    BEGIN,
    `![Bars: rust-net, Bun and Deno beside node:net of Node ${node}, row by row](docs/performance.svg)`,
    table(kept),
    'Speed is how many times as fast as node:net of the same Node; CPU is what part ' +
      "of node:net's CPU time the same work takes: less than 1 is better. `as fast` " +
      'is where single runs were on both sides of node:net. Bun and Deno are their ' +
      `own node:net beside node:net of Node ${node}. A dash has not been measured.`,
    END,
  ].join('\n\n');
}

/** Returns the README with a new part between the marks. */
function replacePart(readme, part) {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('the README has no marks');
  return readme.slice(0, begin) + part + readme.slice(end + END.length);
}

module.exports = { readmePart, replacePart, withPeers };
