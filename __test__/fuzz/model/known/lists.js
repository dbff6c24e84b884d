'use strict';

/*
 * Differences of lists that are longer than one system call takes.
 */

const { entriesOf } = require('../compare');
const { has, logsOfEnd, numberIn } = require('./records');

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

/** True for an end that is destroyed with a list of more than two system calls. */
function isCutEnd([id, plan], { actual }) {
  const { isAbrupt, log } = actual.ends[id] ?? { log: [] };
  const isCut = isAbrupt || log.includes('close true');
  return isCut && longestList(plan) > CALLS * PIECES;
}

/** The largest write that may be joined with others, in bytes. */
const SMALL = 4096;
/** So many small writes may fill a Unix socket where they are not joined. */
const MANY = 16;

/** True for an end that writes much to a Unix socket in small writes. */
function isJoinedEnd([, { rules }], { program }, { server }) {
  if (program.servers[server]?.kind !== 'unix') return false;
  const isMany = ({ op, n, size, then = [] }) =>
    (op === 'fill' && n >= MANY && size > 0 && size <= SMALL) ||
    then.some(isMany);
  return rules.some((rule) => rule.do.some(isMany));
}

/** True where more arrived although its sender was destroyed at once. */
function isCutList({ path, expected, actual: bytes }, context) {
  if (!ofBytes.test(path)) return false;
  const isWhole = context.program.connections.some((connection, index) => {
    const { client, peer } = connection;
    const plans = { [`client${index}`]: client, [`peer${index}.1`]: peer };
    return Object.entries(plans).some(
      (end) => isCutEnd(end, context) || isJoinedEnd(end, context, connection),
    );
  });
  return isWhole && expected.every((each) => Number(each) < Number(bytes));
}

module.exports = { isCutList, isLateList };
