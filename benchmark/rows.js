'use strict';

/*
 * The rows of the table. A row's `subject` is a script of `subjects/` and its
 * arguments, `load` the native load, `bare` the servers without JavaScript.
 * A target is a line of the table: its `must` and its `goal` are ratios to
 * node:net, and with `lower` less is better.
 */

const { work } = require('./subjects/servers');

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const HANDLER_MICROSECONDS = 20;
// Timers go by whole milliseconds: a quarter of one is no lost beat.
const TIMER_TOLERANCE = 250;

const options = (values) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, `${value}`]);

/** How many rounds of `work` take a handler's 20 microseconds here. */
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

/** A server that is asked for one answer at a time on each connection. */
const requests = (name, title, { server = 'echo', load = 'echo', ...rest }) => {
  const { connections, size, args = {}, ...row } = rest;
  return {
    name,
    title,
    kind: 'server',
    unit: 'requests/s',
    per: 'request',
    subject: ['server.js', server, ...options(args)],
    load: [load, ...options({ connections, size })],
    bare: { epoll: ['serve', 'echo'] },
    ...row,
  };
};

/** An echo row by its numbers. */
const echo = (name, connections, size, targets) =>
  requests(name, `echo, ${connections} x ${formatSize(size)}`, {
    connections,
    size,
    targets,
    bare: { epoll: ['serve', 'echo'], tokio: ['serve', 'tokio'] },
  });

function formatSize(bytes) {
  if (bytes % MEBIBYTE === 0) return `${bytes / MEBIBYTE} MiB`;
  return bytes % KIBIBYTE === 0 ? `${bytes / KIBIBYTE} KiB` : `${bytes} B`;
}

const echoes = () => [
  {
    ...echo('ping', 1, 64, [
      { must: 1.05, goal: 1.15 },
      {
        title: 'ping-pong with busy-poll',
        judged: 'busy-poll',
        must: 1.05,
        goal: 2.9,
      },
    ]),
    title: 'ping-pong, 1 x 64 B',
    modes: ['busy-poll'],
  },
  {
    ...echo('echo-64', 64, 64, [{ must: 1.5, goal: 1.65 }]),
    modes: ['write-through'],
  },
  echo('echo-256', 256, KIBIBYTE, [
    { must: 1.6, goal: 1.9 },
    {
      metric: 'p99',
      title: 'p99 at 256 connections',
      unit: 'us',
      lower: true,
      must: 0.6,
      goal: 0.4,
    },
  ]),
  echo('echo-1000', 1000, 64, [{ must: 1.5, goal: 1.75 }]),
];

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
    peer: 'echo',
    subject: ['client.js', ...options({ connections: 64, size: 64 })],
    bare: { epoll: ['echo', ...options({ connections: 64, size: 64 })] },
    targets: [{ must: 1.4, goal: 1.6 }],
  },
];

/** One connection and as many bytes as go through. */
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

const transfers = ({ quick }) => [
  {
    name: 'churn',
    title: 'connect + close churn',
    kind: 'server',
    unit: 'connections/s',
    per: 'connection',
    subject: ['server.js', 'churn'],
    load: ['churn', ...options({ connections: 16 })],
    // The server must have accepted each of them.
    counts: true,
    bare: { epoll: ['serve', 'echo'] },
    targets: [{ must: 1.3, goal: 1.45 }],
  },
  bulk('stream', '1 KiB streaming writes', {
    server: 'source',
    load: 'receive',
    size: KIBIBYTE,
    // Small enough for the server to come up for air.
    request: 4 * MEBIBYTE,
    // Writes as large as coalescing gathers.
    bare: { epoll: ['serve', 'source', ...options({ size: 16 * KIBIBYTE })] },
    modes: ['write-through'],
    targets: [{ must: 3, goal: 4.5 }],
  }),
  bulk('bulk-receive', 'bulk receive', {
    server: 'sink',
    load: 'send',
    size: 64 * KIBIBYTE,
    bare: { epoll: ['serve', 'sink'] },
    targets: bulkTargets('bulk receive'),
  }),
  bulk('bulk-send', 'bulk send', {
    server: 'source',
    load: 'receive',
    size: 64 * KIBIBYTE,
    request: (quick ? 4 : 64) * MEBIBYTE,
    bare: { epoll: ['serve', 'source', ...options({ size: 64 * KIBIBYTE })] },
    targets: bulkTargets('bulk send'),
  }),
];

/** A stream through a proxy, from a native server to the load. */
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

/** What a flood does to the others, and full load to a timer. */
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
    // A beat is rare: it takes a while until one in a hundred are a few.
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

/** Resident memory: of connections, and after much work. */
const memories = ({ quick, sustained }) => {
  const idle = quick ? 500 : 10_000;
  return [
    {
      name: 'memory',
      title: `memory of ${idle} idle connections`,
      kind: 'memory',
      unit: 'B/connection',
      connections: idle,
      subject: ['server.js', 'echo'],
      bare: { epoll: ['serve', 'echo'] },
      targets: [{ lower: true, must: 0.75, goal: 0.5 }],
    },
    {
      name: 'memory-kept',
      title: 'memory of 1000 with a chunk kept',
      kind: 'memory',
      unit: 'B/connection',
      connections: 1000,
      subject: ['server.js', 'keep'],
      targets: [{ lower: true, must: 1 }],
    },
    {
      name: 'memory-load',
      title: `memory after ${sustained} s of echo-256`,
      kind: 'sustained',
      unit: 'MB',
      rounds: 1,
      seconds: sustained,
      subject: ['server.js', 'echo'],
      load: ['echo', ...options({ connections: 256, size: KIBIBYTE })],
      bare: {},
      targets: [
        { lower: true, must: 1 },
        {
          metric: 'grown',
          title: 'memory that the load added',
          lower: true,
          must: 1,
        },
      ],
    },
  ];
};

const http = (name, size, load = 'http') =>
  requests(name, `http, 64 x ${formatSize(size)}`, {
    server: 'http',
    load,
    connections: 64,
    size,
    args: { size },
    bare: { epoll: ['serve', 'http', ...options({ size })] },
    targets: [{}],
  });

const inside = (name, title, subject, row) => ({
  name,
  title,
  kind: 'inside',
  unit: 'calls/s',
  per: 'call',
  subject: ['inside.js', ...subject],
  ...row,
});

/** The same with the load that others measure with, too. */
const httpByWrk = (name, size) => {
  const row = http(name, size, 'wrk');
  return { ...row, title: `${row.title}, wrk` };
};

/** What node's own list does with many rules depends on its release. */
const blockListTarget = (major) =>
  major >= 26 ? { must: 1, goal: 3 } : { must: 300, goal: 600 };

const others = ({ quick, nodeMajor, wrk }) => {
  const rules = quick ? 600 : 10_000;
  const many = quick ? 6_000 : 1_000_000;
  return [
    inside(
      'block-list',
      `BlockList.check, ${rules} rules`,
      ['block-list', ...options({ rules })],
      { targets: [blockListTarget(nodeMajor)] },
    ),
    inside(
      'block-list-flat',
      `BlockList.check, ${many} rules against ${rules}`,
      ['block-list', ...options({ rules: many })],
      { optional: true, baseArgs: options({ rules }), targets: [{ goal: 1 }] },
    ),
    inside('is-ip', 'isIP', ['is-ip'], { targets: [{ must: 1, goal: 2 }] }),
    {
      name: 'require',
      title: 'time to require',
      kind: 'startUp',
      unit: 'ms',
      per: 'process',
      subject: ['require.js'],
      targets: [{ lower: true, must: (base) => 1.5 + 5 / base }],
    },
    http('http', 12),
    http('http-64k', 64 * KIBIBYTE),
    ...(wrk
      ? [httpByWrk('http-wrk', 12), httpByWrk('http-64k-wrk', 64 * KIBIBYTE)]
      : []),
  ];
};

/**
 * @param {{ quick: boolean, nodeMajor: number, sustained: number,
 *   wrk: boolean }} settings
 * @returns {any[]} all rows, in the table's order
 */
function makeRows(settings) {
  let rounds;
  const handlerWork = () => (rounds ??= calibrate());
  return [
    ...echoes(),
    ...transfers(settings),
    ...answers({ handlerWork }),
    proxyBulk(settings),
    ...fairness(),
    ...memories(settings),
    ...others(settings),
  ];
}

const CONNECTIONS = [1, 16, 64, 256, 1000, 4000];
// 16 B, and four times as much each time, to 1 MiB.
const SIZES = Array.from({ length: 9 }, (_, i) => 16 * 4 ** i);

/**
 * What `--scaling` measures: echo by connections, and by the message's size.
 *
 * @returns {any[]}
 */
function scalingRows() {
  const point = (axis, at, connections, size) => ({
    ...echo(`echo-${connections}x${size}`, connections, size, [{ must: 1 }]),
    bare: { epoll: ['serve', 'echo'] },
    scale: {
      axis,
      at,
      label: axis === 'size' ? formatSize(at) : at.toLocaleString('en'),
    },
  });
  return [
    ...CONNECTIONS.map((count) => point('connections', count, count, 64)),
    ...SIZES.map((size) => point('size', size, 16, size)),
  ];
}

/**
 * The rows that were asked for. `echo-NxSIZE` is one with numbers of one's own.
 *
 * @param {any[]} rows
 * @param {string | undefined} only names, separated by commas
 * @returns {any[]}
 */
function selectRows(rows, only) {
  if (only === undefined) return rows.filter((row) => !row.optional);
  return only.split(',').map((name) => {
    const found = rows.find((row) => row.name === name);
    if (found) return found;
    const numbers = /^echo-(\d+)x(\d+)$/.exec(name);
    if (numbers) return echo(name, +numbers[1], +numbers[2], [{}]);
    const names = rows.map((row) => row.name).join(', ');
    throw new Error(`no row '${name}': ${names}, echo-CONNECTIONSxBYTES`);
  });
}

module.exports = { makeRows, scalingRows, selectRows };
