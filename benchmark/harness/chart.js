'use strict';

/*
 * Draws the bar chart as SVG. Every bar says how many times better than
 * node:net a variant is; where less is better, the ratio is inverted. The scale
 * is logarithmic, so that half and double are equally long. Bars are cut off at
 * the end of the scale, and marks beyond it are left out.
 */

const { MARGIN, page, round, text } = require('./svg');

const TOP = 76;
const ROW = 26;
const BAR = 14;
const LEFT = 270;
const RIGHT = 790;
const [LEAST, MOST] = [0.5, 16];

/** Returns the x position of a ratio, clamped to the scale. */
function x(ratio) {
  const kept = Math.min(Math.max(ratio, LEAST), MOST);
  const part = Math.log(kept / LEAST) / Math.log(MOST / LEAST);
  return round(LEFT + part * (RIGHT - LEFT));
}

const better = (line, ratio) => (line.lower ? 1 / ratio : ratio);

const label = (ratio) =>
  `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;

function grid(bottom) {
  const ticks = [0.5, 1, 2, 4, 8, 16];
  return ticks.flatMap((tick) => [
    `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" ` +
      `x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>`,
    text('quiet middle', x(tick), TOP - 12, `${tick}x`),
  ]);
}

/** Draws a vertical stroke: the required ratio. */
const stroke = (at, y) =>
  `<line class="mark" x1="${at}" x2="${at}" y1="${y - 9}" y2="${y + 9}"/>`;

/** Draws a diamond: the goal. */
const diamond = (at, y) =>
  `<path class="hollow" d="M${at} ${y - 5}l5 5-5 5-5-5z"/>`;

/** Draws a ring: the bare server. */
const ring = (at, y) => `<circle class="hollow" cx="${at}" cy="${y}" r="4"/>`;

function bar(line, index) {
  const y = TOP + index * ROW + ROW / 2;
  const ratio = better(line, line.ratio);
  const [from, to] = [x(1), x(ratio)];
  const left = Math.min(from, to);
  const width = Math.max(round(Math.abs(to - from)), 1);
  const marks = [
    [ring, line.others.epoll],
    [stroke, line.must],
    [diamond, line.goal],
  ]
    .filter(([, place]) => place)
    .map(([draw, place]) => [draw, better(line, place)])
    .filter(([, place]) => place >= LEAST && place <= MOST)
    .map(([draw, place]) => draw(x(place), y));
  return [
    text('end', LEFT - 12, y + 4, line.title),
    `<rect class="${line.verdict || 'plain'}" x="${left}" ` +
      `y="${y - BAR / 2}" width="${width}" height="${BAR}" rx="2"/>`,
    ...marks,
    text('', RIGHT + 14, y + 4, label(ratio)),
  ];
}

function legend(y) {
  const colours = [
    ['goal', 'goal reached'],
    ['must', 'target reached'],
    ['missed', 'target missed'],
    ['plain', 'no target'],
  ].flatMap(([name, words], i) => {
    const at = MARGIN + i * 128;
    return [
      `<rect class="${name}" x="${at}" y="${y - 10}" width="12" height="12" ` +
        'rx="2"/>',
      text('quiet', at + 18, y, words),
    ];
  });
  const marks = [
    [stroke, 'target'],
    [diamond, 'goal'],
    [ring, 'bare epoll server in Rust'],
  ].flatMap(([draw, words], i) => {
    const at = 552 + i * 80;
    return [draw(at, y - 4), text('quiet', at + 12, y, words)];
  });
  return [...colours, ...marks];
}

/**
 * @param {{ about: any, lines: any[] }} result
 * @returns {string} an SVG image that suits a light and a dark page
 */
function drawChart({ about, lines }) {
  const bottom = TOP + lines.length * ROW;
  const height = bottom + 44;
  return page('rust-net: times better than node:net', about, height, [
    ...grid(bottom),
    ...lines.flatMap(bar),
    ...legend(height - 16),
  ]);
}

module.exports = { drawChart };
