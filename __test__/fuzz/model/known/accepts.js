'use strict';

/*
 * Differences of which connections a server has accepted.
 */

const { has, logsOf, numberIn } = require('./records');

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

/** True for a connection of a server that drops those above a number. */
function isDropped({ connections, servers }, number) {
  return servers[connections[number].server]?.max !== undefined;
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
  const lost = /^end$|^error .*code=(ECONNRESET|ECONNREFUSED|ENOENT|EPIPE)/;
  const isReset = (record) =>
    logsOf(record, path).some((log) => has(log, lost));
  const runs = [...expected, actual].filter((record) => !isAccepted(record));
  if (number === undefined || program.connections.length < 2) return false;
  if (isDropped(program, number)) {
    return runs.includes(actual) && isReset(actual);
  }
  return runs.includes(actual) && runs.length > 1 && runs.every(isReset);
}

module.exports = { isAcceptOrder, isNeverAccepted };
