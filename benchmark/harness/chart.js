'use strict';

/*
 * The bar chart, written by hand. All bars say how many times better than
 * node:net: where less is better, the ratio is turned over. The scale is
 * logarithmic, so that half and double are equally long. A bar that leaves the
 * scale ends with it, and a mark that does is not drawn.
 */

const WIDTH = 900;
const TOP = 76;
const ROW = 26;
const BAR = 14;
const LEFT = 270;
const RIGHT = 790;
const [LEAST, MOST] = [0.5, 16];

const palettes = {
  light: {
    text: '#1f2328',
    quiet: '#656d76',
    grid: '#d8dee4',
    page: '#ffffff',
    goal: '#1a7f37',
    must: '#0969da',
    missed: '#bc4c00',
    plain: '#8c959f',
  },
  dark: {
    text: '#e6edf3',
    quiet: '#9198a1',
    grid: '#30363d',
    page: '#0d1117',
    goal: '#3fb950',
    must: '#58a6ff',
    missed: '#f0883e',
    plain: '#6e7681',
  },
};

// Rules with plain colours: not every program that shows an SVG knows variables.
const coloured = (palette) => `
  text { fill: ${palette.text}; }
  .quiet { fill: ${palette.quiet}; }
  .page { fill: ${palette.page}; }
  .grid { stroke: ${palette.grid}; }
  .one { stroke: ${palette.quiet}; stroke-width: 1.5; }
  .goal { fill: ${palette.goal}; }
  .must { fill: ${palette.must}; }
  .missed { fill: ${palette.missed}; }
  .plain { fill: ${palette.plain}; }
  .mark { stroke: ${palette.text}; stroke-width: 2; }
  .hollow { fill: ${palette.page}; stroke: ${palette.text}; }`;

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial,
    sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { font-size: 12px; }
  .hollow { stroke-width: 1.5; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
${coloured(palettes.light)}
  @media (prefers-color-scheme: dark) {${coloured(palettes.dark)}
  }`;

const escape = (text) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const round = (value) => Math.round(value * 10) / 10;

/** Where a ratio stands; what is off the scale stands at its end. */
function x(ratio) {
  const kept = Math.min(Math.max(ratio, LEAST), MOST);
  const part = Math.log(kept / LEAST) / Math.log(MOST / LEAST);
  return round(LEFT + part * (RIGHT - LEFT));
}

const better = (line, ratio) => (line.lower ? 1 / ratio : ratio);

const label = (ratio) =>
  `${ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)}x`;

const text = (className, at, y, content) =>
  `<text class="${className}" x="${at}" y="${y}">${escape(content)}</text>`;

function grid(bottom) {
  const ticks = [0.5, 1, 2, 4, 8, 16];
  return ticks.flatMap((tick) => [
    `<line class="${tick === 1 ? 'one' : 'grid'}" x1="${x(tick)}" ` +
      `x2="${x(tick)}" y1="${TOP - 6}" y2="${bottom}"/>`,
    text('quiet middle', x(tick), TOP - 12, `${tick}x`),
  ]);
}

/** An upright stroke: what must be reached. */
const stroke = (at, y) =>
  `<line class="mark" x1="${at}" x2="${at}" y1="${y - 9}" y2="${y + 9}"/>`;

/** A diamond: the goal. */
const diamond = (at, y) =>
  `<path class="hollow" d="M${at} ${y - 5}l5 5-5 5-5-5z"/>`;

/** A ring: the bare server. */
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
    const at = 24 + i * 128;
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
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" ` +
      `height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>rust-net against node:net</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    text('title', 24, 30, 'rust-net: times better than node:net'),
    text(
      'quiet end',
      WIDTH - 24,
      30,
      `Node ${about.node.slice(1)}, ${about.system}`,
    ),
    ...grid(bottom),
    ...lines.flatMap(bar),
    ...legend(height - 16),
    '</svg>\n',
  ].join('\n');
}

module.exports = { drawChart };
