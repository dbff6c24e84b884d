'use strict';

const { work } = require('../subjects/servers');
const { KIBIBYTE, options, requests } = require('./common');

const HANDLER_MICROSECONDS = 20;

/** Returns how many rounds of `work` take 20 microseconds on this machine. */
function calibrate() {
  const rounds = 20_000;
  let best = Infinity;
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    work(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return Math.round((rounds * HANDLER_MICROSECONDS) / 1000 / best);
}

/** Returns rows with particular kinds of answers. */
const answers = ({ handlerWork }) => [
  requests('small-writes', '8 small writes a request', {
    server: 'burst',
    load: 'burst',
    connections: 64,
    size: 64,
    bare: { epoll: ['serve', 'burst'] },
    modes: ['write-through'],
    targets: [{ must: 5, goal: 7.5 }],
  }),
  requests('pipe', 'c.pipe(c), 64 x 1 KiB', {
    server: 'pipe',
    connections: 64,
    size: KIBIBYTE,
    modes: ['no-relay'],
    targets: [{ must: 1.65, goal: 2.5 }],
  }),
  requests('proxy', 'a.pipe(b).pipe(a), 64 x 1 KiB', {
    server: 'proxy',
    upstream: ['echo'],
    connections: 64,
    size: KIBIBYTE,
    bare: {},
    modes: ['no-relay'],
    targets: [{}],
  }),
  requests('heavy', '20 us of own work, offload', {
    server: 'heavy',
    connections: 64,
    size: 64,
    args: { work: handlerWork() },
    bare: {},
    modes: ['offload'],
    judged: 'offload',
    targets: [{ must: 1.4, goal: 1.55 }],
  }),
  requests('strings', 'utf8 lines, 64 x 64 B', {
    server: 'lines',
    load: 'lines',
    connections: 64,
    size: 64,
    bare: { epoll: ['serve', 'lines'] },
    targets: [{ must: 1, goal: 1.6 }],
  }),
  requests('unix', 'Unix socket echo, 64 x 64 B', {
    connections: 64,
    size: 64,
    unix: true,
    bare: { epoll: ['serve', 'echo'], tokio: ['serve', 'tokio'] },
    targets: [{ must: 1, goal: 1.7 }],
  }),
  {
    name: 'client',
    title: 'client side, 64 x 64 B',
    kind: 'client',
    unit: 'requests/s',
    per: 'request',
    peer: ['echo'],
    subject: ['client.js', ...options({ connections: 64, size: 64 })],
    bare: { epoll: ['echo', ...options({ connections: 64, size: 64 })] },
    targets: [{ must: 1.4, goal: 1.6 }],
  },
];

module.exports = { answers, calibrate };
