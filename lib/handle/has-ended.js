'use strict';

const { native } = require('./native');
const { kKey } = require('./symbols');

/**
 * Returns true when the peer has ended or reset a connection, and everything that it
 * sent was read. Looks at the socket itself, ahead of the events.
 *
 * @param {Record<symbol, unknown> | undefined} handle any handle
 * @returns {boolean} false for handles that are not rust-net's, and for closed ones
 */
function hasEnded(handle) {
  const key = handle?.[kKey];
  return key !== undefined && native.hasEnded(key) === 1;
}

/**
 * Returns true for a connection on which nothing waits to be read or sent, and on which
 * the peer has sent nothing since the last write. Looks at the socket itself.
 *
 * @param {Record<symbol, unknown> | undefined} handle any handle
 * @returns {boolean} false for handles that are not rust-net's, and for closed ones
 */
function isIdle(handle) {
  const key = handle?.[kKey];
  return key !== undefined && native.isIdle(key) === 1;
}

module.exports = { hasEnded, isIdle };
