'use strict';

/*
 * Draws the two charts of `--scaling`: echo by the number of connections, and
 * by the size of a message.
 */

const { drawLines } = require('./line-chart');

const axes = {
  connections: {
    title: 'Echo of 64 B by connections',
    along: 'connections',
    unit: 'requests/s',
    logarithmic: false,
    rate: (requests) => requests,
  },
  size: {
    title: 'Echo on 16 connections by message size',
    along: 'size of a message',
    unit: 'MB/s',
    // Rates span a factor of a thousand: on a linear axis small messages would
    // be invisible.
    logarithmic: true,
    rate: (requests, size) => (requests * size) / 1e6,
  },
};

const serieses = {
  'node:net': ['missed', (line) => line.base],
  'rust-net': ['must', (line) => line.value],
  'bare epoll server': ['plain', (line) => line.others.epoll * line.base],
};

/** Draws one chart; returns nothing if it has fewer than two points. */
function draw(name, { about, lines }) {
  const { rate, ...axis } = axes[name];
  const own = lines.filter(({ scale }) => scale.axis === name);
  if (own.length < 2) return [];
  const series = Object.entries(serieses).map(
    ([title, [className, requests]]) => ({
      name: title,
      className,
      values: own.map((line) => rate(requests(line), line.scale.at)),
    }),
  );
  const points = own.map(({ scale }) => scale);
  const image = drawLines(about, { ...axis, points, series });
  return [{ alt: axis.title, suffix: `-${name}`, image }];
}

/**
 * @param {{ about: any, lines: any[] }} result of the rows of `scalingRows`
 * @returns {{ alt: string, suffix: string, image: string }[]} SVG images
 */
const drawScaling = (result) =>
  Object.keys(axes).flatMap((name) => draw(name, result));

module.exports = { drawScaling };
