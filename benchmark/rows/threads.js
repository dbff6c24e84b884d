'use strict';

const { options } = require('./common');

/** What a connection costs its thread, as a multiple of `calibrate`'s 20 us. */
const HANDLER = 10;

/**
 * Returns the rows of one port and several threads: node:net under cluster, rust-net with
 * `shared` and with `reusePort`. Measured only by name.
 *
 * @param {{ handlerWork: () => number }} settings
 */
const threads = ({ handlerWork }) =>
  [1, 2, 4].map((count) => ({
    name: `threads-${count}`,
    title: `${count} threads, 200 us a connection`,
    kind: 'server',
    unit: 'connections/s',
    per: 'connection',
    optional: true,
    get subject() {
      const work = HANDLER * handlerWork();
      return ['threads.js', ...options({ threads: count, work })];
    },
    load: ['churn', ...options({ connections: 16 })],
    counts: true,
    modes: ['reuse-port'],
    targets: [{}],
  }));

module.exports = { threads };
