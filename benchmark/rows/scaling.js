'use strict';

/* The rows of `--scaling`. */

const { echo, formatSize } = require('./common');
const { checks } = require('./others');

const CONNECTIONS = [1, 16, 64, 256, 1000, 4000, 10_000];
// From 16 B to 4 MiB, by factors of four.
const SIZES = Array.from({ length: 10 }, (_, i) => 16 * 4 ** i);
const RULES = [10, 100, 1000, 10_000, 100_000, 1_000_000];

const targets = [{ must: 1 }];
const inWords = (count) => count.toLocaleString('en');

const echoAt = (axis, at, label, connections, size) => ({
  ...echo(`echo-${connections}x${size}`, connections, size, targets),
  bare: { epoll: ['serve', 'echo'] },
  scale: { axis, at, label },
});

/**
 * Returns the rows whose cost grows: with the connections, with the size of a message,
 * and with the rules of a BlockList.
 *
 * @returns {any[]}
 */
const scalingRows = () => [
  ...CONNECTIONS.map((count) =>
    echoAt('connections', count, inWords(count), count, 64),
  ),
  ...SIZES.map((size) => echoAt('size', size, formatSize(size), 16, size)),
  ...RULES.map((count) => ({
    ...checks(`block-list-${count}`, count, targets),
    scale: { axis: 'rules', at: count, label: inWords(count) },
  })),
];

module.exports = { scalingRows };
