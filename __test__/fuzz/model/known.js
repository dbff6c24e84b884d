'use strict';

/*
 * The intended differences, each with its reason. README's "How it differs from
 * node:net" documents them.
 */

const { isAcceptOrder, isNeverAccepted } = require('./known/accepts');
const { isCutList, isLateList } = require('./known/lists');
const {
  areBytesTogether,
  isEarlyData,
  isEarlyEnd,
  isEarlyFinish,
  isEndCallback,
  isLateEnd,
  isPeerForgotten,
  isReadBeforeImmediate,
  isStartAfterEnd,
} = require('./known/order');
const { erroredOf, has } = require('./known/records');
const {
  isLateFailure,
  isLateReset,
  isReadAhead,
  isRefusedReset,
} = require('./known/resets');

/**
 * @typedef {{ path: string, expected: string[], actual: string, known?: string }} Difference
 * @typedef {{ program: any, name: string, expected: any[], actual: any, major: number }} Context
 *   `name` of the subject, node's records and the subject's, and the Node that plays
 */

/** Differences that are never intended. */
const never = /^(violation|leak|memory|crash|hung)/;

/** Returns a test for differences of clients that connect to this target. */
function isClientOf(target) {
  return ({ path }, { program }) => {
    const index = /client(\d+)/.exec(path)?.[1];
    return program.connections[index]?.client.target === target;
  };
}

/**
 * Each has a `test`: its file, and a part of its name.
 *
 * @type {{ name: string, test: string[], reason: string, applies: (difference: Difference, context: Context) => boolean }[]}
 */
const known = [
  {
    name: 'long path',
    test: ['connect/errors.test.js', 'bytes is too long'],
    reason: 'EINVAL, as from Node 24 on; earlier ones cut it',
    applies: (difference, context) =>
      context.major < 24 && isClientOf('longPath')(difference, context),
  },
  {
    name: 'path with a NUL',
    test: ['connect/errors.test.js', 'a path with a NUL'],
    reason: 'EINVAL, as from Node 22 on; earlier ones cut it',
    applies: (difference, context) =>
      context.major < 22 && isClientOf('nulPath')(difference, context),
  },
  {
    name: 'reset behind data',
    test: ['socket/reset.test.js', 'a reset behind unread data is no end'],
    reason: 'is ECONNRESET; node may take it for an orderly end',
    applies: isLateReset,
  },
  {
    name: 'coalesced write that fails',
    test: [
      'socket/reset.test.js',
      'a coalesced write that fails was called back as taken',
    ],
    reason: "was called back when it was taken; an 'error' event follows",
    applies: isLateFailure,
  },
  {
    name: 'long list',
    test: ['socket/write-list.test.js', 'when a list of'],
    reason:
      'is reported by an event, which may be an iteration earlier or later',
    applies: isLateList,
  },
  {
    name: 'cut list',
    test: [
      'socket/write-list.test.js',
      'a list of small chunks before destroy() leaves whole',
    ],
    reason:
      'leaves whole before destroy(), where it is small, as do small writes to a Unix ' +
      'socket; node sends 2,048 pieces at once, and a Unix socket holds fewer ' +
      'small ones, and destroy() takes the rest back',
    applies: isCutList,
  },
  {
    name: 'NaN bytes',
    test: [
      'socket/write-list.test.js',
      'the bytes of a list that waits for the connection',
    ],
    reason:
      'node counts the bytes of a list that waits for the connection wrongly',
    applies: ({ path, expected }) =>
      path.endsWith('.bytesWritten') && expected.includes('null'),
  },
  {
    name: 'reset behind an end',
    test: ['socket/reset.test.js', 'a reset right behind end() closes'],
    reason: "node's socket fails with EINVAL, and is never closed",
    applies: isRefusedReset,
  },
  {
    name: 'accepted in one iteration',
    test: [
      'server/fairness.test.js',
      'connections that wait are accepted in one iteration',
    ],
    reason:
      'rust-net accepts several connections in one, Node 20 and later one: so ' +
      'which of them a server that closes has accepted may be others',
    applies: isAcceptOrder,
  },
  {
    name: 'end() that fails',
    test: [
      'socket/event-order.test.js',
      'end() that fails is called back behind',
    ],
    reason:
      'is called back behind earlier writes; Node 18 calls it back before one ' +
      'that follows a write without a callback, or forgets it',
    applies: isEndCallback,
  },
  {
    name: 'busy-poll',
    test: ['handle/busy-poll.test.js', 'reads an answer before the loop'],
    reason: 'looks again in the same iteration, before setImmediate callbacks',
    applies: isReadBeforeImmediate,
  },
  {
    name: 'end with the last bytes',
    test: ['socket/reading.test.js', "'end' comes with the last bytes"],
    reason: 'is read in one iteration; node:net takes one more for TCP',
    applies: (difference, context) =>
      isEarlyEnd(difference, context) || isStartAfterEnd(difference, context),
  },
  {
    name: 'end behind an immediate',
    test: ['socket/reading.test.js', "'end' of an accepted Unix socket"],
    reason:
      'comes an iteration behind the first bytes, as from Node 26 on; earlier ones ' +
      'report both at once where the peer is gone',
    applies: isLateEnd,
  },
  {
    name: 'data behind a connect',
    test: ['socket/event-order.test.js', 'bytes that wait behind a connection'],
    reason:
      'is read in the iteration that reports the connection, before setImmediate ' +
      'callbacks; node takes one more',
    applies: isEarlyData,
  },
  {
    name: 'one address',
    test: ['connect/lookup.test.js', 'the only address of a look-up'],
    reason:
      'fails with its own error, as from Node 20 on, not with a list of one',
    applies: ({ expected, actual }, { major }) =>
      major === 18 &&
      !actual.includes('AggregateError') &&
      expected.some((text) => text.includes('AggregateError')),
  },
  {
    name: 'address behind end()',
    test: ['socket/addresses.test.js', 'the address of a peer that has ended'],
    reason:
      'is unknown behind end(), which takes effect at once; in node it does in ' +
      'the next iteration',
    applies: isPeerForgotten,
  },
  {
    name: 'bytes together',
    test: ['socket/write-queue.test.js', 'arrive as one chunk'],
    reason: 'small writes of a callback leave together, so they arrive so',
    applies: areBytesTogether,
  },
  {
    name: 'finish before data',
    test: ['socket/event-order.test.js', "'finish' may come before what has"],
    reason:
      'a connection is read in steps of 64 KiB, and other events may come between ' +
      'them; node goes on to read',
    applies: isEarlyFinish,
  },
  {
    name: 'never accepted',
    test: ['server/close-after-connect.test.js', 'more than it accepts'],
    reason:
      'when a server closes, its last connections may be refused, reset before or ' +
      "after 'connect', or on Unix end: events of other sockets decide",
    applies: isNeverAccepted,
  },
  {
    name: 'unread bytes',
    test: [
      'socket/reset.test.js',
      'destroyed by the handler of another socket',
    ],
    reason:
      'one step more may have been read when a reader stops: closing then ' +
      'leaves nothing unread, and the peer sees an end in place of a reset',
    applies: isReadAhead,
  },
];

/**
 * Returns true for errors that no listener got, if those that differ are known as errors
 * of their ends.
 */
function isUncaught(difference, context) {
  const { expected, actual } = context;
  const others = Object.keys(actual.ends)
    .filter((id) => !has(actual.ends[id].log, /^error /))
    .map((id) => ({
      path: `last ${id}.errored`,
      expected: expected.map((record) => erroredOf(record, id)),
      actual: erroredOf(actual, id),
    }))
    .filter((one) => !one.expected.includes(one.actual));
  const isEach = others.every((one) => isKnown(one, context));
  if (others.length === 0 || !isEach) return false;
  difference.known = /** @type {Difference[]} */ (others)[0].known;
  return true;
}

/**
 * @param {Difference} difference
 * @param {Context} context
 * @returns {boolean}
 */
function isKnown(difference, context) {
  if (never.test(difference.path)) return false;
  if (difference.path === 'all.uncaught') {
    if (isUncaught(difference, context)) return true;
  }
  const found = known.find(({ applies }) => applies(difference, context));
  if (found) difference.known = found.name;
  return Boolean(found);
}

module.exports = { isKnown, known };
