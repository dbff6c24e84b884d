'use strict';

/*
 * The parts of the charts. The images suit a light and a dark page.
 */

const WIDTH = 900;
const MARGIN = 24;

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

// The rules use plain colours, because some SVG viewers do not support CSS
// variables.
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
  .line-must { stroke: ${palette.must}; }
  .line-missed { stroke: ${palette.missed}; }
  .line-plain { stroke: ${palette.plain}; stroke-dasharray: 6 4; }
  .mark { stroke: ${palette.text}; stroke-width: 2; }
  .hollow { fill: ${palette.page}; stroke: ${palette.text}; }`;

const STYLE = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial,
    sans-serif; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { font-size: 12px; }
  .hollow { stroke-width: 1.5; }
  .line { fill: none; stroke-width: 2; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
${coloured(palettes.light)}
  @media (prefers-color-scheme: dark) {${coloured(palettes.dark)}
  }`;

const escape = (text) =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Rounds a coordinate to a tenth of a pixel. */
const round = (value) => Math.round(value * 10) / 10;

const text = (className, at, y, content) =>
  `<text class="${className}" x="${at}" y="${y}">${escape(content)}</text>`;

/**
 * Returns a whole image with its title and a note of what it was measured on.
 *
 * @param {string} title
 * @param {any} about
 * @param {number} height
 * @param {string[]} body
 * @returns {string}
 */
const page = (title, about, height, body) =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" ` +
      `height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img">`,
    `<title>${escape(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="6"/>`,
    text('title', MARGIN, 30, title),
    text(
      'quiet end',
      WIDTH - MARGIN,
      30,
      `Node ${about.node.slice(1)}, ${about.system}`,
    ),
    ...body,
    '</svg>\n',
  ].join('\n');

module.exports = { MARGIN, WIDTH, page, round, text };
