'use strict';

/*
 * The README's chart: for each of the ten rows a bar for rust-net, Bun and
 * Deno. Bars begin at node:net's speed. The scale is logarithmic, so that half
 * and double are equally long.
 */

const { MARGIN, page, round, text } = require('../harness/svg');
const { compareRow, isEven, rows } = require('./ten');

const TOP = 76;
const ROW = 48;
const BAR = 11;
const LEFT = 300;
const RIGHT = 790;
const [LEAST, MOST] = [0.25, 4];

const series = [
  ['rust-net', 'must'],
  ['bun', 'goal'],
  ['deno', 'plain'],
];
const names = { 'rust-net': 'rust-net', bun: 'Bun', deno: 'Deno' };

/** Returns the x position of a ratio, clamped to the scale. */
function x(ratio) {
  const kept = Math.min(Math.max(ratio, LEAST), MOST);
  const part = Math.log(kept / LEAST) / Math.log(MOST / LEAST);
  return round(LEFT + part * (RIGHT - LEFT));
}

const grid = (bottom) =>
  [0.25, 0.5, 1, 2, 4].flatMap((tick) => [
    `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" ` +
      `x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>`,
    text('quiet middle', x(tick), TOP - 12, `${tick}x`),
  ]);

function bar(found, className, y) {
  if (!found) return [text('quiet', x(1) + 6, y + BAR - 2, 'not measured')];
  const { speed } = found;
  const [from, to] = [x(1), x(speed.ratio)];
  const width = Math.max(round(Math.abs(to - from)), 1);
  const label = isEven(speed) ? 'as fast' : `${speed.ratio.toFixed(2)}x`;
  return [
    `<rect class="${className}" x="${Math.min(from, to)}" y="${y}" ` +
      `width="${width}" height="${BAR}" rx="2"/>`,
    text('quiet', RIGHT + 14, y + BAR - 1, label),
  ];
}

function group(kept, row, index) {
  const top = TOP + index * ROW + 4;
  return [
    text('end', LEFT - 12, top + ROW / 2, row.title.replaceAll('`', '')),
    ...series.flatMap(([variant, className], i) =>
      bar(compareRow(kept, row, variant), className, top + i * (BAR + 2)),
    ),
  ];
}

const legend = (y) =>
  series.flatMap(([variant, className], i) => {
    const at = MARGIN + i * 110;
    return [
      `<rect class="${className}" x="${at}" y="${y - 10}" width="12" ` +
        'height="12" rx="2"/>',
      text('quiet', at + 18, y, names[variant]),
    ];
  });

/**
 * Returns the note in the image's corner: the Node, and the machine if it is
 * known.
 */
function aboutOf({ shapes, workloads, clients }) {
  const { node, system } = (shapes ?? clients ?? workloads).about;
  return { node, system: system.split(',')[0] };
}

/**
 * @param {any} kept the results of one Node
 * @returns {string} an SVG image that suits a light and a dark page
 */
function drawTen(kept) {
  const bottom = TOP + rows.length * ROW;
  const height = bottom + 44;
  return page('Times as fast as node:net', aboutOf(kept), height, [
    ...grid(bottom),
    ...rows.flatMap((row, index) => group(kept, row, index)),
    ...legend(height - 16),
  ]);
}

module.exports = { drawTen };
