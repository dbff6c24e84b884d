'use strict';

/*
 * Draws a line chart. The horizontal axis is logarithmic where its values are
 * multiples of each other.
 */

const { MARGIN, WIDTH, page, round, text } = require('./svg');

const HEIGHT = 420;
const [LEFT, RIGHT] = [MARGIN + 64, WIDTH - MARGIN - 16];
const [TOP, BOTTOM] = [84, HEIGHT - 62];

/** Returns a function that maps a value to a position between two ends. */
const scale = (least, most, from, to) => (value) =>
  round(from + ((value - least) / (most - least)) * (to - from));

/** Returns ticks from zero in steps of 1, 2 or 5 times a power of ten. */
function evenTicks(most) {
  const rough = most / 6;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((times) => times * power >= rough);
  const count = Math.ceil(most / step);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

/** Returns the powers of ten that enclose the values. */
function powerTicks(least, most) {
  const first = Math.floor(Math.log10(least));
  const count = Math.ceil(Math.log10(most)) - first;
  return Array.from({ length: count + 1 }, (_, i) => 10 ** (first + i));
}

/** Returns the axis of the rates: its scale, and the labelled values. */
function rates(values, logarithmic) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const ticks = logarithmic ? powerTicks(least, most) : evenTicks(most);
  const at = logarithmic ? Math.log10 : (value) => value;
  const place = scale(at(ticks[0]), at(ticks.at(-1)), BOTTOM, TOP);
  return { ticks, y: (value) => place(at(value)) };
}

function axes(chart, x, { ticks, y }) {
  const across = ticks.flatMap((tick) => [
    `<line class="grid" x1="${LEFT}" x2="${RIGHT}" ` +
      `y1="${y(tick)}" y2="${y(tick)}"/>`,
    text('quiet end', LEFT - 10, y(tick) + 4, tick.toLocaleString('en')),
  ]);
  const along = chart.points.flatMap(({ at, label }) => [
    `<line class="grid" x1="${x(at)}" x2="${x(at)}" ` +
      `y1="${BOTTOM}" y2="${BOTTOM + 6}"/>`,
    text('quiet middle', x(at), BOTTOM + 22, label),
  ]);
  return [
    ...across,
    ...along,
    text('quiet', MARGIN, TOP - 18, chart.unit),
    text('quiet middle', (LEFT + RIGHT) / 2, HEIGHT - 16, chart.along),
  ];
}

const dot = (className, x, y) =>
  `<circle class="${className}" cx="${x}" cy="${y}" r="3.5"/>`;

function series({ className, values }, chart, x, y) {
  const places = chart.points.map(({ at }, i) => [x(at), y(values[i])]);
  return [
    `<polyline class="line line-${className}" points="${places.join(' ')}"/>`,
    ...places.map(([left, top]) => dot(className, left, top)),
  ];
}

function legend({ name, className }, index) {
  const at = LEFT + 100 + index * 130;
  const y = TOP - 22;
  return [
    `<line class="line line-${className}" x1="${at}" x2="${at + 28}" ` +
      `y1="${y}" y2="${y}"/>`,
    dot(className, at + 14, y),
    text('', at + 36, y + 4, name),
  ];
}

/**
 * @param {any} about the run
 * @param {{ title: string, along: string, unit: string, logarithmic: boolean,
 *   isEven?: boolean, points: { at: number, label: string }[],
 *   series: { name: string, className: string, values: number[] }[] }} chart
 *   the points in rising order; a value for each in each series. `isEven` is true
 *   where the horizontal axis is linear
 * @returns {string} an SVG image
 */
function drawLines(about, chart) {
  const along = chart.isEven ? (value) => value : Math.log;
  const ends = [chart.points[0].at, chart.points.at(-1).at].map(along);
  const place = scale(ends[0], ends[1], LEFT + 16, RIGHT - 16);
  const x = (value) => place(along(value));
  const vertical = rates(
    chart.series.flatMap(({ values }) => values),
    chart.logarithmic,
  );
  return page(chart.title, about, HEIGHT, [
    ...axes(chart, x, vertical),
    ...chart.series.flatMap((one) => series(one, chart, x, vertical.y)),
    ...chart.series.flatMap(legend),
  ]);
}

module.exports = { drawLines };
