'use strict';

const { native } = require('./native');
const { kKey } = require('./symbols');

const kNone = Object.freeze({ queued: 0, reads: 0, writes: 0, rejected: 0 });

/**
 * Returns what the native side has counted for a handle.
 *
 * @param {any} handle any, or none
 * @returns {{ queued: number, reads: number, writes: number, rejected: number }}
 *   coalesced bytes that have not left, system calls that read and wrote, and,
 *   on a listener, connections that were rejected; zeros for a closed handle
 */
function countsOf(handle) {
  const key = handle?.[kKey];
  const counts = key === undefined ? null : native.handleStats(key);
  if (!Array.isArray(counts)) return kNone;
  // In the order of `Handle::stats` in src/net/verbs.rs.
  const [queued, reads, writes, rejected] = counts;
  return { queued, reads, writes, rejected };
}

module.exports = { countsOf };
