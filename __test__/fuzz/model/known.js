'use strict';

/*
 * Differences that are meant. Each has its reason; README's "How it differs from
 * node:net" tells the user.
 */

const [major] = process.versions.node.split('.').map(Number);

/**
 * @typedef {{ path: string, expected: string[], actual: string, known?: string }} Difference
 * @typedef {{ program: any, name: string, expected: any[], actual: any }} Context
 *   `name` of the subject, node's records and the subject's
 */

/** What never is meant, whatever else is. */
const never = /^(violation|leak|memory|crash|hung)/;

const numberIn = (path) => /\d+/.exec(path)?.[0];

/** The logs of both ends of the connection that a difference is about. */
function logsOf(record, path) {
  const number = numberIn(path);
  return Object.entries(record?.ends ?? {})
    .filter(([id]) => numberIn(id) === number)
    .map(([, { log }]) => log);
}

const has = (log, pattern) => log.some((entry) => pattern.test(entry));

/** True when the difference is of a client that connects to such a place. */
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

function isLateFailure({ path }, { name, expected }) {
  if (name === 'write-through') return false;
  return expected.some((record) =>
    logsOf(record, path).some((log) => has(log, /^error .*syscall=write/)),
  );
}

/** True where it is open which of several connections a server has accepted. */
function isAcceptOrder(_, { expected, actual }) {
  const peersOf = ({ ends, strays }) =>
    `${Object.keys(ends).filter((id) => id.startsWith('peer'))} ${strays}`;
  if (!actual || Object.keys(actual.ends).length < 3) return false;
  const node = expected.map(peersOf);
  return node.some((peers) => peers !== peersOf(actual));
}

/** True of the end that is cut by one that closes with bytes unread. */
function isReadAhead({ path }, { expected, actual }) {
  const ours = logsOf(actual, path);
  if (!ours.some((log) => log.includes('end'))) return false;
  return expected.some((record) =>
    logsOf(record, path).some((log) => has(log, /ECONNRESET.*syscall=read/)),
  );
}

/** True of a program that writes a list which takes two system calls. */
function hasLongList(program) {
  const counts = JSON.stringify(program).matchAll(/"(?:n|list)":(\d+)/g);
  return [...counts].some(([, count]) => Number(count) > 1024);
}

/** True where ours is told an iteration later, or what hangs on that. */
function isLateList({ path, expected, actual }, { program, actual: record }) {
  if (!hasLongList(program)) return false;
  const lists = [expected[0], actual];
  if (lists.every((text) => text?.startsWith('['))) {
    const [theirs, ours] = lists.map((text) => JSON.parse(text));
    const at = ours.findIndex((entry, i) => entry !== theirs[i]);
    if (String(ours[at]).startsWith('mark immediate')) return true;
  }
  return logsOf(record, path).some((log) => has(log, /^error .*syscall=write/));
}

/** @type {{ name: string, reason: string, applies: (difference: Difference, context: Context) => boolean }[]} */
const known = [
  {
    name: 'long path',
    reason: 'EINVAL, as from Node 24 on; earlier ones cut it',
    applies: (...args) => major < 24 && isClientOf('longPath')(...args),
  },
  {
    name: 'path with a NUL',
    reason: 'EINVAL, as from Node 22 on; earlier ones cut it',
    applies: (...args) => major < 22 && isClientOf('nulPath')(...args),
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
    name: 'NaN bytes',
    reason: 'node 20 adds up a list that waits for the connection wrongly',
    applies: ({ path, expected }) =>
      path.endsWith('.bytesWritten') && expected.includes('null'),
  },
  {
    name: 'reset behind an end',
    reason: "node's socket fails with EINVAL, and is never closed",
    applies: ({ path }, { expected }) =>
      expected.some((record) =>
        logsOf(record, path).some((log) => has(log, /EINVAL.*syscall=reset/)),
      ),
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
