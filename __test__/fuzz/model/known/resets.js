'use strict';

/*
 * Differences of connections that are reset.
 */

const { erroredOf, errorsOf, has, logsOf, numberIn } = require('./records');

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

function isLateFailure({ path }, { name, expected }) {
  if (name === 'write-through') return false;
  return expected.some(
    (record) =>
      logsOf(record, path).some((log) => has(log, /^error .*syscall=write/)) ||
      has(errorsOf(record, path), /syscall=write/),
  );
}

/**
 * Returns true for a connection whose reset node rejects, and for events that
 * its ends then miss.
 */
function isRefusedReset({ path }, { expected }) {
  const pattern = /EINVAL.*syscall=reset/;
  return expected.some((record) => {
    const refused = Object.keys(record.ends).filter(
      (id) =>
        has(record.ends[id].log, pattern) ||
        pattern.test(erroredOf(record, id)),
    );
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

module.exports = { isLateFailure, isLateReset, isReadAhead, isRefusedReset };
