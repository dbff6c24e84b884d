'use strict';

/*
 * Differences in the order of events.
 */

const { entriesOf } = require('../compare');
const { byConnection, numberIn } = require('./records');

/** @typedef {import('../known').Difference} Difference */
/** @typedef {import('../known').Context} Context */

/** Returns what happened to a connection's ends, in order: `[who, what, bytes]`. */
const eventsOf = byConnection(({ order }, number) =>
  order.filter(([who]) => who !== 'game' && numberIn(who) === number),
);

/** How many bytes an end had received by an entry of an order. */
function bytesBy(events, who, at) {
  const counts = events
    .slice(0, at + 1)
    .filter(([one, what]) => one === who && what === 'bytes');
  return counts.at(-1)?.[2] ?? 0;
}

/**
 * Returns where two orders first differ: ours, and one of node's; `undefined` where one is
 * over.
 */
function partingOf(ours, theirs) {
  const isSame = ([who, what] = [], [other, happened] = []) =>
    who === other && what === happened;
  const at = ours.findIndex((event, i) => !isSame(event, theirs[i]));
  return { at, our: ours[at], their: theirs[at] };
}

/**
 * Compares the orders of a connection, and of each of its ends.
 *
 * @param {{ path: string }} difference
 * @param {Context} context
 * @param {(parting: any, ours: any[], theirs: any[]) => boolean} test
 * @returns {boolean} whether it holds for the first difference of some order
 */
function partsAt({ path }, { expected, actual }, test) {
  const all = eventsOf(actual, path);
  const ends = [...new Set(all.map(([who]) => who))];
  const parts = [
    () => true,
    ...ends.map(
      (id) =>
        ([who]) =>
          who === id,
    ),
  ];
  return parts.some((isPart) =>
    expected.some((record) => {
      const ours = all.filter(isPart);
      const theirs = eventsOf(record, path).filter(isPart);
      const parting = partingOf(ours, theirs);
      return parting.at >= 0 && test(parting, ours, theirs);
    }),
  );
}

/**
 * Returns true for a connection with an 'end' that comes earlier than node's, and behind
 * as many bytes. What the program does about that may be something else.
 */
function isEarlyEnd(difference, context) {
  return partsAt(
    difference,
    context,
    ({ at, our: [who, what] }, ours, theirs) => {
      const place = theirs.findIndex(
        ([one, happened]) => one === who && happened === 'end',
      );
      const until = place < 0 ? theirs.length : place;
      return (
        what === 'end' && bytesBy(ours, who, at) >= bytesBy(theirs, who, until)
      );
    },
  );
}

/**
 * Returns true for a connection whose first bytes come earlier than node's, though not
 * before 'connect'.
 */
function isEarlyData(difference, context) {
  return partsAt(difference, context, ({ at, our: [who, what] }, ours) => {
    const before = ours
      .slice(0, at)
      .filter(([one]) => one === who)
      .map(([, happened]) => happened);
    const isConnected = who.startsWith('peer') || before.includes('connect');
    return what === 'bytes' && isConnected && !before.includes('bytes');
  });
}

/**
 * Returns true for a connection with bytes that came together, where node received them
 * in two chunks.
 */
function areBytesTogether(difference, context) {
  return partsAt(
    difference,
    context,
    ({ at, their: [who, what, count] = [] }, ours) =>
      what === 'bytes' && bytesBy(ours, who, at) >= count,
  );
}

/** The most bytes of one read. */
const STEP = 65536;

/** Returns true for an end that is over before it has read all that had arrived. */
function isEarlyFinish(difference, context) {
  return partsAt(
    difference,
    context,
    ({ at, our: [who, what] }, ours) =>
      /^(end \w+|finish)$/.test(what) && bytesBy(ours, who, at) >= STEP,
  );
}

/** Returns true for the connection of an accepted Unix socket with a late 'end'. */
function isLateEnd(difference, context) {
  const { program } = context;
  const { server } = program.connections[numberIn(difference.path)] ?? {};
  if (context.major >= 26) return false;
  if (program.servers[server]?.kind !== 'unix') return false;
  return partsAt(difference, context, ({ their: [who, what] = [] }) =>
    Boolean(who?.startsWith('peer') && what === 'end'),
  );
}

/** Returns true where busy-poll may read before an immediate that node runs first. */
function isReadBeforeImmediate(_, { name, program }) {
  if (name !== 'busy-poll') return false;
  return program.connections.some(({ client, peer }) =>
    [...client.rules, ...peer.rules].some(({ at }) => at === 'immediate'),
  );
}

/** An end() that is called back with an error. */
const isFailedEnd = (entry) => /^end .* called Err/.test(entry);

/**
 * Returns true for an end() that Node 18 calls back before an earlier write, or that it
 * forgets.
 */
function isEndCallback({ path, expected, actual }, { major }) {
  if (major !== 18 || !/\.(log|out)$/.test(path)) return false;
  const others = (text) =>
    String(entriesOf(text).filter((entry) => !isFailedEnd(entry)));
  const ends = entriesOf(actual).filter(isFailedEnd);
  return expected.some(
    (text) =>
      others(text) === others(actual) &&
      entriesOf(text)
        .filter(isFailedEnd)
        .every((entry) => ends.includes(entry)),
  );
}

/** Returns true where readStart() finds an end that node has not read. */
function isStartAfterEnd({ path, expected, actual }, { major }) {
  if (!/\.(log|in)$/.test(path)) return false;
  const ended = (text) =>
    entriesOf(text)
      .filter((entry) => major !== 18 || !isFailedEnd(entry))
      .join()
      .replaceAll('readStart -114', 'readStart 0');
  return expected.some((text) => ended(text) === ended(actual));
}

/** Returns true where getpeername() fails after end(), and only in rust-net. */
function isPeerForgotten({ path, expected, actual }) {
  if (!/\.(log|in)$/.test(path)) return false;
  const entries = entriesOf(actual);
  return expected.some((text) => {
    const theirs = entriesOf(text);
    const isSame = (entry, i) => {
      const [own, address] = [entry.split(','), theirs[i]?.split(',') ?? []];
      const isProbe = entry.startsWith('probe ') && entry.endsWith('null]');
      return isProbe
        ? String(own.slice(0, -3)) === String(address.slice(0, -3))
        : entry === theirs[i];
    };
    return theirs.length === entries.length && entries.every(isSame);
  });
}

module.exports = {
  areBytesTogether,
  isEarlyData,
  isEarlyEnd,
  isEarlyFinish,
  isEndCallback,
  isLateEnd,
  isPeerForgotten,
  isReadBeforeImmediate,
  isStartAfterEnd,
};
