'use strict';

/*
 * The intended differences, each with its reason. README's "How it differs from
 * node:net" documents them.
 */

const { entriesOf } = require('./compare');

/**
 * @typedef {{ path: string, expected: string[], actual: string, known?: string }} Difference
 * @typedef {{ program: any, name: string, expected: any[], actual: any, major: number }} Context
 *   `name` of the subject, node's records and the subject's, and the Node that plays
 */

/** Differences that are never intended. */
const never = /^(violation|leak|memory|crash|hung)/;

/** Returns the number of an end; servers have none. */
const numberIn = (path) => /(?:client|peer)(\d+)/.exec(path)?.[1];

/** Returns the logs of both ends of the connection with the difference. */
function logsOf(record, path) {
  const number = numberIn(path);
  return Object.entries(record?.ends ?? {})
    .filter(([id]) => numberIn(id) === number)
    .map(([, { log }]) => log);
}

const has = (log, pattern) => log.some((entry) => pattern.test(entry));

/** Returns a test for differences of clients that connect to this target. */
function isClientOf(target) {
  return ({ path }, { program }) => {
    const index = /client(\d+)/.exec(path)?.[1];
    return program.connections[index]?.client.target === target;
  };
}

function isLateReset({ path }, { expected, actual }) {
  const ours = logsOf(actual, path);
  if (!ours.some((log) => has(log, /^error .*syscall=read/))) return false;
  return expected.some((record) =>
    logsOf(record, path).some((log) => log.includes('end')),
  );
}

/** Returns the errors of both ends, also those without a listener. */
function errorsOf({ states }, path) {
  const number = numberIn(path);
  return Object.values(states)
    .flatMap((phase) => Object.entries(phase))
    .filter(([id, { errored }]) => errored && numberIn(id) === number)
    .map(([, { errored }]) => errored);
}

function isLateFailure({ path }, { name, expected }) {
  if (name === 'write-through') return false;
  return expected.some(
    (record) =>
      logsOf(record, path).some((log) => has(log, /^error .*syscall=write/)) ||
      has(errorsOf(record, path), /syscall=write/),
  );
}

/**
 * Returns true for a connection that one server has accepted and the other has
 * not.
 */
function isAcceptOrder({ path }, { expected, actual }) {
  if (Object.keys(actual?.ends ?? {}).length < 3) return false;
  const number = numberIn(path);
  const isAccepted = ({ ends }) =>
    Object.keys(ends).some(
      (id) => id.startsWith('peer') && numberIn(id) === number,
    );
  const peersOf = ({ ends }) =>
    Object.keys(ends).filter((id) => id.startsWith('peer')).length;
  if (/^(server\d+\.(log|connections)|all\.(strays|closings))$/.test(path)) {
    return expected.some((record) => peersOf(record) !== peersOf(actual));
  }
  return expected.some((record) => isAccepted(record) !== isAccepted(actual));
}

/**
 * Returns true for a connection whose reset node rejects, and for events that
 * its ends then miss.
 */
function isRefusedReset({ path }, { expected }) {
  const isRefused = (log) => has(log, /EINVAL.*syscall=reset/);
  return expected.some(({ ends }) => {
    const refused = Object.keys(ends).filter((id) => isRefused(ends[id].log));
    // Servers count sockets that are not closed, and a throw belongs to no end.
    if (/^(server|all)/.test(path)) return refused.length > 0;
    return refused.some((id) => numberIn(id) === numberIn(path));
  });
}

/**
 * Returns true for an end that is cut off because the other closes with unread
 * bytes.
 */
function isReadAhead({ path }, { expected, actual }) {
  const ours = logsOf(actual, path);
  if (!ours.some((log) => log.includes('end'))) return false;
  return expected.some((record) =>
    logsOf(record, path).some((log) => has(log, /ECONNRESET.*syscall=read/)),
  );
}

/** The most pieces of one system call. */
const PIECES = 1024;

/** Returns how many pieces an operation writes as one list. */
function piecesOf({ op, list = 0, chunks = [] }) {
  if (op === 'chain') return list;
  return chunks.reduce((sum, { n = 1 }) => sum + Math.max(1, n), 1);
}

/**
 * Returns the ids of operations that write a list which needs two system calls.
 */
function longLists(ops) {
  return ops.flatMap((op) => [
    ...(piecesOf(op) > PIECES ? [String(op.id)] : []),
    ...longLists(op.then ?? []),
  ]);
}

/**
 * Returns true if the callback of a long list, or one after it, comes an
 * iteration later.
 */
function isLateList({ path, expected, actual }, { program }) {
  if (!/\.(log|out)$/.test(path)) return false;
  const { client, peer } = program.connections[numberIn(path)] ?? {};
  const plan = path.startsWith('client') ? client : peer;
  const ids = longLists((plan?.rules ?? []).flatMap((rule) => rule.do));
  const [theirs, ours] = [expected[0], actual].map(entriesOf);
  const at = theirs.findIndex((entry, i) => entry !== ours[i]);
  const isOfWriting = /^(cork|chain|write|drain|finish|end [^ ]+ called)/;
  if (ids.length === 0 || !isOfWriting.test(theirs[at])) return false;
  return String([...theirs].sort()) === String([...ours].sort());
}

/** How many system calls of a list node makes before it waits for the next iteration. */
const CALLS = 2;

/** How many pieces the longest list of a plan has. */
function longestList({ rules }) {
  const all = (ops) =>
    ops.flatMap((op) => [piecesOf(op), ...all(op.then ?? [])]);
  return Math.max(0, ...rules.flatMap((rule) => all(rule.do)));
}

/** How many bytes there were: also of other ends, to which they may be piped. */
const ofBytes = /\.(got|sent|bytesRead|bytesWritten)$/;

/** True where more has come of a long list whose sender was destroyed at once. */
function isCutList({ path, expected, actual: bytes }, { program, actual }) {
  if (!ofBytes.test(path)) return false;
  const isLong = program.connections.some(({ client, peer }, index) => {
    const plans = { [`client${index}`]: client, [`peer${index}.1`]: peer };
    return Object.entries(plans).some(
      ([id, plan]) =>
        actual.ends[id]?.isAbrupt && longestList(plan) > CALLS * PIECES,
    );
  });
  return isLong && expected.every((each) => Number(each) < Number(bytes));
}

/** @type {{ name: string, reason: string, applies: (difference: Difference, context: Context) => boolean }[]} */
const known = [
  {
    name: 'long path',
    reason: 'EINVAL, as from Node 24 on; earlier ones cut it',
    applies: (difference, context) =>
      context.major < 24 && isClientOf('longPath')(difference, context),
  },
  {
    name: 'path with a NUL',
    reason: 'EINVAL, as from Node 22 on; earlier ones cut it',
    applies: (difference, context) =>
      context.major < 22 && isClientOf('nulPath')(difference, context),
  },
  {
    name: 'reset behind data',
    reason: 'is ECONNRESET; node may take it for an orderly end',
    applies: isLateReset,
  },
  {
    name: 'coalesced write that fails',
    reason: "was called back when it was taken; an 'error' event follows",
    applies: isLateFailure,
  },
  {
    name: 'long list',
    reason: 'is reported by an event, which may be an iteration later',
    applies: isLateList,
  },
  {
    name: 'cut list',
    reason:
      'leaves whole before destroy(), where it is small; node sends 2,048 pieces ' +
      'at once, and destroy() takes the rest back',
    applies: isCutList,
  },
  {
    name: 'NaN bytes',
    reason: 'node 20 adds up a list that waits for the connection wrongly',
    applies: ({ path, expected }) =>
      path.endsWith('.bytesWritten') && expected.includes('null'),
  },
  {
    name: 'reset behind an end',
    reason: "node's socket fails with EINVAL, and is never closed",
    applies: isRefusedReset,
  },
  {
    name: 'accepted in one iteration',
    reason:
      'rust-net accepts several connections in one, Node 20 and later one: so ' +
      'which of them a server that closes has accepted may be others',
    applies: isAcceptOrder,
  },
  {
    name: 'unread bytes',
    reason:
      'one step more may have been read when a reader stops: closing then ' +
      'leaves nothing unread, and the peer sees an end in place of a reset',
    applies: isReadAhead,
  },
];

/**
 * @param {Difference} difference
 * @param {Context} context
 * @returns {boolean}
 */
function isKnown(difference, context) {
  if (never.test(difference.path)) return false;
  const found = known.find(({ applies }) => applies(difference, context));
  if (found) difference.known = found.name;
  return Boolean(found);
}

module.exports = { isKnown, known };
