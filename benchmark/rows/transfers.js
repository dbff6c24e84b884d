'use strict';

const { KIBIBYTE, MEBIBYTE, options, requests } = require('./common');

// Timers count whole milliseconds, so a quarter of one is tolerated; in
// microseconds.
const TIMER_TOLERANCE = 250;

/** Returns a row of one connection that transfers as many bytes as it can. */
const bulk = (name, title, { server, load, size, request, ...row }) => ({
  name,
  title,
  kind: 'server',
  unit: 'MB/s',
  per: 'GB',
  subject: ['server.js', server, ...options({ size })],
  load: [load, ...options(request ? { request } : { size })],
  ...row,
});

const bulkTargets = (title) => [
  { must: 1, goal: 1.3 },
  {
    metric: 'cpu',
    title: `${title}: CPU per GB`,
    unit: 's/GB',
    lower: true,
    must: 0.85,
    goal: 0.6,
  },
];

/** Returns the rows of short connections and of bulk transfers. */
const transfers = ({ quick }) => [
  {
    name: 'churn',
    title: 'connect + close churn',
    kind: 'server',
    unit: 'connections/s',
    per: 'connection',
    subject: ['server.js', 'churn'],
    load: ['churn', ...options({ connections: 16 })],
    // The server must accept every connection.
    counts: true,
    bare: { epoll: ['serve', 'echo'] },
    targets: [{ must: 1.3, goal: 1.45 }],
  },
  bulk('stream', '1 KiB streaming writes', {
    server: 'source',
    load: 'receive',
    size: KIBIBYTE,
    // Small enough that the server is not always writing.
    request: 4 * MEBIBYTE,
    // Writes of the size that coalescing joins small ones to.
    bare: { epoll: ['serve', 'source', ...options({ size: 16 * KIBIBYTE })] },
    modes: ['write-through'],
    targets: [{ must: 3, goal: 4.5 }],
  }),
  bulk('bulk-receive', 'bulk receive', {
    server: 'sink',
    load: 'send',
    size: 64 * KIBIBYTE,
    fresh: true,
    bare: { epoll: ['serve', 'sink'] },
    targets: bulkTargets('bulk receive'),
  }),
  bulk('bulk-send', 'bulk send', {
    server: 'source',
    load: 'receive',
    size: 64 * KIBIBYTE,
    request: (quick ? 4 : 64) * MEBIBYTE,
    fresh: true,
    bare: { epoll: ['serve', 'source', ...options({ size: 64 * KIBIBYTE })] },
    targets: bulkTargets('bulk send'),
  }),
];

/**
 * Returns the row of a stream through a proxy, from a native server to the
 * load.
 */
const proxyBulk = ({ quick }) =>
  bulk('proxy-bulk', 'a.pipe(b), bulk', {
    server: 'proxy',
    upstream: ['source', ...options({ size: 64 * KIBIBYTE })],
    load: 'receive',
    size: 64 * KIBIBYTE,
    request: (quick ? 4 : 64) * MEBIBYTE,
    modes: ['no-relay'],
    targets: [
      {},
      {
        metric: 'cpu',
        title: 'a.pipe(b), bulk: CPU per GB',
        unit: 's/GB',
        lower: true,
      },
    ],
  });

/**
 * Returns the rows of fairness: other connections beside a flood, and a timer
 * under full load.
 */
const fairness = () => [
  {
    name: 'fairness',
    title: 'flood of 63 connections',
    kind: 'server',
    unit: 'MB/s',
    per: 'GB',
    subject: ['server.js', 'echo'],
    load: ['flood', ...options({ connections: 64, size: 64 })],
    bare: { epoll: ['serve', 'echo'] },
    targets: [
      {},
      ...['p50', 'p99'].map((metric) => ({
        metric,
        title: `${metric} of 1 ping-pong beside it`,
        unit: 'us',
        lower: true,
        must: 1,
      })),
    ],
  },
  {
    name: 'uploads',
    title: 'short uploads, 256 KiB',
    kind: 'server',
    unit: 'connections/s',
    per: 'connection',
    subject: ['server.js', 'churn', ...options({ follow: true })],
    load: [
      'churn',
      ...options({ connections: 1, size: 256 * KIBIBYTE, abandon: true }),
    ],
    targets: [
      {},
      {
        metric: 'open',
        title: 'uploads open at once',
        unit: 'connections',
        lower: true,
        must: 1.5,
      },
      ...['p50', 'p99'].map((metric) => ({
        metric,
        title: `${metric} of the life of an upload`,
        unit: 'us',
        lower: true,
        must: 1.5,
      })),
    ],
  },
  requests('timer', 'echo-64 beside a timer', {
    connections: 64,
    size: 64,
    args: { beat: true },
    // Beats are rare, so the 99th percentile needs a longer run.
    longer: 4,
    bare: {},
    modes: ['busy-poll'],
    targets: ['default', 'busy-poll'].map((judged) => ({
      metric: 'late',
      title: `10 ms timer, p99 late${judged === 'default' ? '' : `, ${judged}`}`,
      unit: 'us',
      lower: true,
      judged,
      must: (base) => 1 + TIMER_TOLERANCE / base,
    })),
  }),
];

module.exports = { fairness, proxyBulk, transfers };
