'use strict';

/*
 * The hand-picked shapes of traffic. A row says what its two ends do: the
 * subject, which is under test, and the peer, which is node:net in another
 * process. The counts are chosen so that node:net takes about half a second.
 *
 * `work` is one of `subjects/shape/`: in a stream `from` writes `writes` chunks and
 * the other end reads; `listens` says which end is the server. `bare` is the bare
 * server that can stand in for the subject.
 */

const KIB = 1024;
const MIB = 1024 * KIB;

const SINK = ['serve', 'sink'];
const ECHO = ['serve', 'echo'];

/** Returns a row in which the subject writes and the peer reads by 'data'. */
const write = (name, title, writes, options) => ({
  name,
  title,
  under: 'writes',
  work: 'stream',
  from: 'subject',
  listens: 'peer',
  transport: 'tcp',
  connections: 1,
  writes,
  write: { api: 'drain', kind: 'Buffer', size: 64 * KIB, ...options },
  read: { api: 'data' },
});

/**
 * Returns a row in which the subject reads and the peer writes Buffers of 64
 * KiB by 'drain'.
 */
const read = (name, title, read, { write: peer, writes, ...row } = {}) => ({
  name,
  title,
  under: 'reads',
  work: 'stream',
  from: 'peer',
  listens: 'subject',
  transport: 'tcp',
  connections: 1,
  writes: writes ?? 12 * KIB,
  write: { api: 'drain', kind: 'Buffer', size: 64 * KIB, ...peer },
  read,
  ...row,
});

const writes = [
  write('write-64k', '64 KiB Buffers, next in the callback', 16 * KIB, {
    api: 'callback',
  }),
  write('write-1m-burst', '1 MiB Buffers, 400 in one tick', 400, {
    api: 'burst',
    size: MIB,
    burst: 400,
  }),
  write('write-1m', "1 MiB Buffers, by 'drain'", KIB, { size: MIB }),
  write('write-array', "64 KiB Uint8Arrays, by 'drain'", 16 * KIB, {
    kind: 'Uint8Array',
  }),
  write('write-mixed', "Buffers of 1 B to 64 KiB, by 'drain'", 24 * KIB, {
    size: [1, 64 * KIB],
  }),
  write('write-veth', "64 KiB Buffers, by 'drain', MTU 1500", KIB, {}),
  write('string-100', "100-byte strings, by 'drain'", 400_000, {
    kind: 'string',
    size: 100,
  }),
  write('string-1000-cork', '1,000-byte strings, 50 a cork', 300_000, {
    api: 'cork',
    kind: 'string',
    size: 1000,
    burst: 50,
  }),
  write('string-8k', "8 KiB strings, by 'drain'", 64 * KIB, {
    kind: 'string',
    size: 8 * KIB,
  }),
  write('string-64k', "64 KiB strings, by 'drain'", 8 * KIB, {
    kind: 'string',
  }),
  write('string-64k-wide', "64 KiB of UTF-8 beyond ASCII, by 'drain'", KIB, {
    kind: 'utf8',
  }),
  write('string-64k-latin1', "64 KiB latin1 strings, by 'drain'", 4 * KIB, {
    kind: 'latin1',
  }),
  write('string-1m', '1 MiB ASCII strings, next in the callback', 512, {
    api: 'callback',
    kind: 'string',
    size: MIB,
  }),
  write('string-1m-burst', '1 MiB strings, 300 in one tick', 300, {
    api: 'burst',
    kind: 'string',
    size: MIB,
    burst: 300,
  }),
].map((row) =>
  row.name.endsWith('-veth') ? { ...row, transport: 'veth' } : row,
);

// Returns a row for `onread`, which servers do not have: the subject connects.
const onread = (name, title, api) =>
  read(name, title, { api, size: 64 * KIB }, { listens: 'peer' });

const reads = [
  read('read-data', "by 'data'", { api: 'data' }, { bare: SINK }),
  read('read-iterator', 'by `for await`', { api: 'iterator' }),
  read('read-readable', "by 'readable'", { api: 'readable' }),
  onread('read-onread', 'into an `onread` buffer', 'onread'),
  onread(
    'read-onread-function',
    '`onread`, a buffer by function',
    'onreadFunction',
  ),
  read(
    'read-encoding',
    "setEncoding('utf8')",
    { api: 'setEncoding' },
    { write: { kind: 'letters' }, writes: 8 * KIB },
  ),
  read('read-pause', 'pause() after 8 chunks, resume() by setImmediate', {
    api: 'pause',
  }),
  read('read-pipeline', 'pipeline() into a Writable', { api: 'pipeline' }),
  read('read-file', 'pipe() to a file', { api: 'file' }, { writes: 3 * KIB }),
  read(
    'read-1k',
    'what the peer sends in 1 KiB writes',
    { api: 'data' },
    { write: { size: KIB }, writes: 192 * KIB },
  ),
  read(
    'read-mixed',
    'what the peer sends in writes of 1 B to 64 KiB',
    { api: 'data' },
    { write: { size: [1, 64 * KIB] }, writes: 24 * KIB },
  ),
  read(
    'read-veth',
    "by 'data', MTU 1500",
    { api: 'data' },
    { transport: 'veth', writes: KIB },
  ),
  read(
    'read-unix',
    "by 'data', Unix socket",
    { api: 'data' },
    { transport: 'unix' },
  ),
];

// Messages until node has compiled the code that handles them.
const UNTIL_COMPILED = 8000;

/**
 * Returns a row of echoed messages, `flight` of them under way on each
 * connection.
 */
const exchange = (name, title, listens, { size, ...row }) => ({
  name,
  title,
  under: listens === 'subject' ? 'is the server' : 'is the client',
  work: 'exchange',
  listens,
  transport: 'tcp',
  connections: 1,
  flight: 1,
  noDelay: true,
  write: { kind: 'Buffer', size },
  warmUp: UNTIL_COMPILED / (row.rounds * (row.connections ?? 1)),
  ...row,
  bare: listens === 'subject' ? ECHO : undefined,
});

const exchanges = [
  exchange('ping', 'echo of 64 B, one at a time', 'subject', {
    size: 64,
    rounds: 12_000,
  }),
  ...['together', 'apart'].map((pin) =>
    exchange(
      `ping-${pin}`,
      `echo of 64 B, ${pin === 'apart' ? 'a core for each end' : 'both ends on one core'}`,
      'subject',
      { size: 64, rounds: pin === 'apart' ? 6000 : 12_000, pin },
    ),
  ),
  exchange('ping-client', 'echo of 64 B, one at a time', 'peer', {
    size: 64,
    rounds: 12_000,
  }),
  exchange('echo-4k', 'echo of 4 KiB, one at a time', 'peer', {
    size: 4 * KIB,
    rounds: 12_000,
  }),
  ...['subject', 'peer'].map((listens) =>
    exchange(
      listens === 'subject' ? 'in-flight' : 'in-flight-client',
      'echo of 64 B, 16 in flight on 16 connections',
      listens,
      { size: 64, connections: 16, flight: 16, rounds: 6000 },
    ),
  ),
];

/** Returns a row of short connections. */
const visit = (name, title, listens, row) => ({
  name,
  title,
  under: listens === 'subject' ? 'is the server' : 'is the client',
  work: 'visit',
  listens,
  transport: 'tcp',
  ...row,
});

const ask = {
  request: 64,
  answer: KIB,
  flight: 16,
  visits: 4000,
  warmUp: 0.5,
};
const visits = [
  visit('ask', 'connect, ask, 1 KiB, close; 16 at a time', 'subject', ask),
  visit('ask-client', 'connect, ask, 1 KiB, close; 16 at a time', 'peer', ask),
  visit('uploads', 'uploads of 300 kB, 30 in flight', 'subject', {
    request: 300_000,
    answer: 0,
    flight: 30,
    visits: 1500,
    follow: true,
  }),
];

/** Returns a row of connections that all become readable at the same moment. */
const ready = (connections) => ({
  name: `ready-${connections}`,
  title: `${connections.toLocaleString('en')} connections ready at once`,
  under: 'is the server',
  work: 'ready',
  listens: 'subject',
  transport: 'tcp',
  connections,
  rounds: 4,
  noDelay: true,
  write: { kind: 'Buffer', size: 64 },
});

/** TLS on a socket that is connected, in a client. */
const secure = { transport: 'tls', listens: 'peer' };
const tls = [
  {
    ...write('tls-write', "TLS, 64 KiB Buffers, by 'drain'", 6 * KIB),
    ...secure,
  },
  read(
    'tls-read',
    "TLS, by 'data'",
    { api: 'data' },
    { writes: 6 * KIB, ...secure },
  ),
  {
    ...exchange('tls-ping', 'TLS, echo of 64 B, one at a time', 'peer', {
      size: 64,
      rounds: 8000,
    }),
    ...secure,
  },
];

const shapes = [
  ...writes,
  ...reads,
  ...exchanges,
  ...visits,
  ready(1500),
  ready(5000),
  ...tls,
];

module.exports = { shapes };
