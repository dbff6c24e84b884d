'use strict';

/*
 * Draws the charts of `--scaling`: how the CPU time of an operation grows with the
 * number of connections, with the size of a message, and with the rules of a BlockList.
 */

const { drawLines } = require('./line-chart');
const { median } = require('./statistics');

const axes = {
  connections: {
    title: 'CPU time of an echo of 64 B, by connections',
    along: 'connections',
    unit: 'us',
    logarithmic: false,
  },
  // Times span a factor of a thousand: on a linear axis the short ones would be
  // invisible.
  size: {
    title: 'CPU time of an echo on 16 connections, by message size',
    along: 'size of a message',
    unit: 'us',
    logarithmic: true,
  },
  rules: {
    title: 'CPU time of BlockList.check(), by rules',
    along: 'rules',
    unit: 'us',
    logarithmic: true,
  },
};

/** The lines of a chart: their names, colours, and whose samples they are. */
const serieses = [
  ['node:net', 'missed', 'base'],
  ['rust-net', 'must', 'default'],
  ['bare epoll server', 'plain', 'epoll'],
];

const cpuOf = ({ samples }, variant) =>
  median(samples[variant].map(({ cpu }) => cpu));

/** Draws one chart; returns nothing if it has fewer than two points. */
function draw(name, { about, lines }) {
  const own = lines.filter(({ scale }) => scale.axis === name);
  if (own.length < 2) return [];
  const isMeasured = ([, , variant]) => variant in own[0].samples;
  const series = serieses
    .filter(isMeasured)
    .map(([title, className, variant]) => ({
      name: title,
      className,
      values: own.map((line) => cpuOf(line, variant)),
    }));
  const points = own.map(({ scale }) => scale);
  const image = drawLines(about, { ...axes[name], points, series });
  return [{ alt: axes[name].title, suffix: `-${name}`, image }];
}

/**
 * @param {{ about: any, lines: any[] }} result of the rows of `scalingRows`
 * @returns {{ alt: string, suffix: string, image: string }[]} SVG images
 */
const drawScaling = (result) =>
  Object.keys(axes).flatMap((name) => draw(name, result));

module.exports = { drawScaling };
