'use strict';

/*
 * The line that RUST_NET_STATS=1 has each thread print when it ends. It answers without
 * a change of the program whether rust-net was used.
 */

const { writeSync } = require('fs');
const { threadId } = require('worker_threads');

const STANDARD_ERROR = 2;

/** @typedef {import('../../index').EnvironmentStats} EnvironmentStats */

/**
 * Returns the counters as text.
 *
 * @param {EnvironmentStats} stats
 */
function describe(stats) {
  const { driver, accepted, connected, bytesRead, bytesWritten } = stats;
  return (
    `${accepted} accepted, ${connected} connected, ${bytesRead} bytes read, ` +
    `${bytesWritten} bytes written, driver ${driver}; ${describeHttp(stats.http)}`
  );
}

/** @param {EnvironmentStats['http']} counts */
function describeHttp({ isInstalled, accepted, opened }) {
  if (!isInstalled) return "http on node's sockets";
  return `of http ${accepted} accepted, ${opened} opened`;
}

/** @param {string} text */
function print(text) {
  const thread = threadId === 0 ? '' : `, thread ${threadId}`;
  try {
    writeSync(
      STANDARD_ERROR,
      `rust-net in process ${process.pid}${thread}: ${text}\n`,
    );
  } catch {
    // Nobody reads standard error any more.
  }
}

/**
 * Prints a line when this thread ends.
 *
 * @param {() => EnvironmentStats | undefined} readStats returns the counters; undefined
 *   where no socket was made
 */
function install(readStats) {
  process.once('exit', () => {
    const stats = readStats();
    print(stats === undefined ? 'no socket was made' : describe(stats));
  });
}

module.exports = { install };
