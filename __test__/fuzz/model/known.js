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

/** Makes a function of a record and a path compute once for each connection. */
function byConnection(compute) {
  const kept = new WeakMap();
  return (record, path) => {
    if (!record) return [];
    if (!kept.has(record)) kept.set(record, new Map());
    const results = kept.get(record);
    const number = numberIn(path);
    if (!results.has(number)) results.set(number, compute(record, number));
    return results.get(number);
  };
}

/** Returns the logs of both ends of the connection with the difference. */
const logsOf = byConnection(({ ends }, number) =>
  Object.entries(ends)
    .filter(([id]) => numberIn(id) === number)
    .map(([, { log }]) => log),
);

const has = (log, pattern) => log.some((entry) => pattern.test(entry));

/** Returns a test for differences of clients that connect to this target. */
function isClientOf(target) {
  return ({ path }, { program }) => {
    const index = /client(\d+)/.exec(path)?.[1];
    return program.connections[index]?.client.target === target;
  };
}

/** True where an end has read something. */
const hasRead = ({ states }, id) =>
  Object.values(states).some((phase) => phase[id]?.bytesRead > 0);

/**
 * Returns true for a connection with a reset that node takes for an end, which a paused
 * socket does not emit.
 */
function isLateReset({ path }, { expected, actual }) {
  const isReset = (log) => has(log, /^error .*syscall=read/);
  const id = Object.keys(actual.ends).find(
    (one) =>
      numberIn(one) === numberIn(path) &&
      (isReset(actual.ends[one].log) ||
        /syscall=read/.test(erroredOf(actual, one))),
  );
  if (id === undefined) return false;
  return expected.some(
    (record) =>
      logsOf(record, path).some((log) => log.includes('end')) ||
      (hasRead(record, id) && !logsOf(record, path).some(isReset)),
  );
}

/** Returns the errors of both ends, also those without a listener. */
const errorsOf = byConnection(({ states }, number) =>
  Object.values(states)
    .flatMap((phase) => Object.entries(phase))
    .filter(([id, { errored }]) => errored && numberIn(id) === number)
    .map(([, { errored }]) => errored),
);

function isLateFailure({ path }, { name, expected }) {
  if (name === 'write-through') return false;
  return expected.some(
    (record) =>
      logsOf(record, path).some((log) => has(log, /^error .*syscall=write/)) ||
      has(errorsOf(record, path), /syscall=write/),
  );
}

/** Returns true for a connection that one run could pipe to, as it was accepted by then. */
function isOtherTarget(path, expected, actual) {
  const number = numberIn(path);
  const targetsIn = ({ targets }) =>
    targets
      .filter((text) => text.split(' ').some((id) => numberIn(id) === number))
      .join();
  if (number === undefined) return false;
  const ours = targetsIn(actual);
  return expected.some((record) => targetsIn(record) !== ours);
}

/** Returns true for a connection of which one run destroyed more ends with others. */
function isClosedWithOthers(path, expected, actual) {
  const closedIn = ({ closings }) =>
    closings
      .flat()
      .filter(
        (id) => path === 'all.closings' || numberIn(id) === numberIn(path),
      )
      .sort();
  const ours = String(closedIn(actual));
  return expected.some((record) => String(closedIn(record)) !== ours);
}

/** Returns true for a server that had accepted more or fewer when it was asked. */
function isOtherCount(path, expected, actual) {
  const [, number] = /^server(\d+)\.log$/.exec(path) ?? [];
  if (number === undefined) return false;
  if (actual.servers[number].connections < 2) return false;
  const logOf = ({ servers }) =>
    String(
      servers[number].log.map((entry) => entry.replace(/^(counted) .*/, '$1')),
    );
  return expected.some((record) => logOf(record) === logOf(actual));
}

/**
 * Returns true for a connection that one server has accepted and the other has
 * not, in the end or when several ends were destroyed at once.
 */
function isAcceptOrder({ path }, { expected, actual }) {
  if (isClosedWithOthers(path, expected, actual)) return true;
  if (isOtherCount(path, expected, actual)) return true;
  if (isOtherTarget(path, expected, actual)) return true;
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

/** Returns the logs of an end: ours, and node's. */
function logsOfEnd(path, { expected, actual }) {
  const id = /(?:client|peer)[\d.]*\d/.exec(path)?.[0] ?? '';
  const logOf = (record) => record?.ends[id]?.log ?? [];
  return { ours: logOf(actual), theirs: expected.map(logOf) };
}

/** Entries of an end that has been read. */
const ofEnd = /^(end$|finish$|handle read -4095)/;

const withoutEnd = (log) => log.filter((entry) => !ofEnd.test(entry));

/** True where one log begins as the other up to an entry, which comes later or never. */
function comesLater(theirs, ours, at) {
  const place = theirs.indexOf(ours[at]);
  if (place >= 0 && place <= at) return false;
  const before = withoutEnd(ours.slice(0, at));
  return String(withoutEnd(theirs).slice(0, before.length)) === String(before);
}

/** True where a write after an early end fails: in node it is one after `end()`. */
function isWriteBehindEnd(ours, theirs) {
  const isEnded = (entry) => /write .*ended by the other party/.test(entry);
  const isFinished = (entry) => /write .*WRITE_AFTER_END/.test(entry);
  return ours.some(isEnded) && theirs.some(isFinished);
}

/** Returns the ids of a connection's ends that have rules for an immediate. */
function endsWithImmediate(path, { program, actual }) {
  const number = numberIn(path);
  const { client, peer } = program.connections[number] ?? {};
  return Object.keys(actual.ends).filter((id) => {
    const plan = id.startsWith('client') ? client : peer;
    return (
      numberIn(id) === number &&
      plan?.rules.some(({ at }) => at === 'immediate')
    );
  });
}

/** Returns true for an end whose log has an entry that comes before an immediate. */
function isBeforeImmediate(id, find, context) {
  const { ours, theirs } = logsOfEnd(id, context);
  const at = find(ours);
  return at >= 0 && theirs.some((log) => comesLater(log, ours, at));
}

/**
 * Returns true for an end whose 'end', and the 'finish' that follows it, come earlier than
 * node's, or before an immediate, which then may do something else; and for its state
 * then. All else has node's order, or a write between the two fails in another way.
 */
function isEarlyEnd({ path }, context) {
  const find = (log) => log.indexOf('end');
  const ids = endsWithImmediate(path, context);
  if (ids.some((id) => isBeforeImmediate(id, find, context))) return true;
  const { ours, theirs } = logsOfEnd(path, context);
  const at = find(ours);
  if (at < 0 || /\.(got|sent|bytes)/.test(path)) return false;
  return theirs.some(
    (log) =>
      comesLater(log, ours, at) &&
      (String(withoutEnd(log)) === String(withoutEnd(ours)) ||
        isWriteBehindEnd(ours, log)),
  );
}

/**
 * Returns true for the connection of a client that is told of the first bytes before an
 * immediate of 'connect'.
 */
function isEarlyData({ path }, context) {
  const find = (log) =>
    log.findIndex(
      (entry, at) => entry === 'data' && /^(connect|ready)$/.test(log[at - 1]),
    );
  return endsWithImmediate(path, context)
    .filter((id) => id.startsWith('client'))
    .some((id) => isBeforeImmediate(id, find, context));
}

/**
 * Returns true for a client whose connection the server never reported, as it was closed.
 * That refuses the connect, or a reset fails it, or a read after 'connect'.
 */
function isNeverAccepted({ path }, { program, expected, actual }) {
  const number = numberIn(path);
  const isAccepted = ({ ends }) =>
    Object.keys(ends).some(
      (id) => id.startsWith('peer') && numberIn(id) === number,
    );
  // On Unix, closing what was accepted and not reported is an EOF.
  const lost = /^end$|^error .*code=(ECONNRESET|ECONNREFUSED|ENOENT)/;
  const isReset = (record) =>
    logsOf(record, path).some((log) => has(log, lost));
  const runs = [...expected, actual].filter((record) => !isAccepted(record));
  if (number === undefined || program.connections.length < 2) return false;
  return runs.includes(actual) && runs.length > 1 && runs.every(isReset);
}

/** Returns true where busy-poll may read before an immediate that node runs first. */
function isReadBeforeImmediate(_, { name, program }) {
  if (name !== 'busy-poll') return false;
  return program.connections.some(({ client, peer }) =>
    [...client.rules, ...peer.rules].some(({ at }) => at === 'immediate'),
  );
}

/** Returns true for an end() that fails before an earlier write is called back. */
function isLateEndCallback({ path, expected, actual }, { major }) {
  if (major !== 18 || !/\.(log|out)$/.test(path)) return false;
  const others = (text) =>
    String(
      entriesOf(text).filter((entry) => !/^end .* called Err/.test(entry)),
    );
  const sorted = (text) => String(entriesOf(text).sort());
  return expected.some(
    (text) =>
      others(text) === others(actual) && sorted(text) === sorted(actual),
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

/** Entries of a log about writes that are over. */
const ofWritten = /^((cork|chain|write|burst|end) .* called|drain$|finish$)/;

/** True where an end writes a list that needs two system calls. */
function hasLongList(path, { connections }) {
  const { client, peer } = connections[numberIn(path)] ?? {};
  const plan = / ?client/.test(path) ? client : peer;
  const ops = (plan?.rules ?? []).flatMap((rule) => rule.do);
  return longLists(ops).length > 0;
}

/**
 * Returns true for an end that is reset while a long list is under way: what it writes
 * then waits behind the list, or fails by itself.
 */
function isResetList({ path }, context) {
  const { ours, theirs } = logsOfEnd(path, context);
  const isReset = (log) => has(log, /^error .*code=(ECONNRESET|EPIPE)/);
  return isReset(ours) && theirs.some(isReset);
}

/** Returns true for a server whose count depends on an end that was reset so. */
function isCountOfReset({ path }, context) {
  if (!/^server\d+\.log$/.test(path)) return false;
  return Object.keys(context.actual.ends).some(
    (id) =>
      hasLongList(id, context.program) && isResetList({ path: id }, context),
  );
}

/**
 * Returns true if the callbacks of a long list, and those after it, come an iteration
 * earlier or later. All else has node's order.
 */
function isLateList(difference, context) {
  const { path, expected, actual } = difference;
  if (isCountOfReset(difference, context)) return true;
  if (!hasLongList(path, context.program)) return false;
  if (isResetList(difference, context)) return true;
  if (!/\.(log|out|bytesWritten)$/.test(path)) return false;
  // A write that comes before the callback finds the buffer full.
  const others = (text) =>
    entriesOf(text)
      .filter((entry) => !ofWritten.test(entry))
      .join()
      .replace(/(write \w+) (true|false)/g, '$1');
  return expected.some((text) => others(text) === others(actual));
}

/** How many system calls of a list node makes before it waits for the next iteration. */
const CALLS = 2;

/** How many pieces the longest list of a plan has. */
function longestList({ rules }) {
  const all = (ops) =>
    ops.flatMap((op) => [piecesOf(op), ...all(op.then ?? [])]);
  return Math.max(0, ...rules.flatMap((rule) => all(rule.do)));
}

/** Byte counts, also of other ends: bytes may be piped to them. */
const ofBytes = /\.(got|sent|bytesRead|bytesWritten)$/;

/** True where more of a long list arrived although its sender was destroyed at once. */
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
      'leaves whole before destroy(), where it is small; node sends 2,048 pieces ' +
      'at once, and destroy() takes the rest back',
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
      'that follows a write without a callback',
    applies: isLateEndCallback,
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
    applies: isEarlyEnd,
  },
  {
    name: 'data behind a connect',
    test: ['socket/event-order.test.js', 'bytes that wait behind a connection'],
    reason:
      "is read in the iteration of 'connect', before setImmediate callbacks; node " +
      'takes one more',
    applies: isEarlyData,
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

/** Returns an end's error in the last state. */
const erroredOf = (record, id) => String(record.states.last?.[id]?.errored);

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
    return isUncaught(difference, context);
  }
  const found = known.find(({ applies }) => applies(difference, context));
  if (found) difference.known = found.name;
  return Boolean(found);
}

module.exports = { isKnown, known };
