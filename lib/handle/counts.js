'use strict';

const { native } = require('./native');
const { kKey } = require('./symbols');

const kNone = Object.freeze({
  queued: 0,
  reads: 0,
  writes: 0,
  rejected: 0,
  rejectedByAddress: 0,
  rejectedByRate: 0,
  proxyHeaders: 0,
  proxyRefused: 0,
});

/**
 * Returns the native side's counters of a handle.
 *
 * @param {any} handle any handle, or undefined
 * @returns {{ queued: number, reads: number, writes: number, rejected: number,
 *   rejectedByAddress: number, rejectedByRate: number, proxyHeaders: number,
 *   proxyRefused: number }} `queued` are coalesced bytes that are not sent yet. `reads`
 *   and `writes` are system calls. `rejected` are a listener's rejected connections. All
 *   are 0 for a closed handle.
 */
function countsOf(handle) {
  const key = handle?.[kKey];
  const counts = key === undefined ? null : native.handleStats(key);
  if (!Array.isArray(counts)) return kNone;
  // The order is that of `Handle::stats` in src/net/verbs.rs.
  const [queued, reads, writes, rejected, byAddress, byRate, ...proxy] = counts;
  const [proxyHeaders, proxyRefused] = proxy;
  return {
    queued,
    reads,
    writes,
    rejected,
    rejectedByAddress: byAddress,
    rejectedByRate: byRate,
    proxyHeaders,
    proxyRefused,
  };
}

/**
 * Returns how the connections of a listener are spread over the threads that share it.
 *
 * @param {{ [kKey]?: number } | null} handle any handle
 * @returns {{ waiting: number, threads: Array<{ threadId: number, connections: number }> }
 *   | undefined} undefined for one that is not shared
 */
function sharedCountsOf(handle) {
  const key = handle?.[kKey];
  const counts = key === undefined ? null : native.sharedCounts(key);
  if (!Array.isArray(counts)) return undefined;
  // The order is that of `Handle::shared_counts` in src/net/verbs.rs.
  const [waiting, ...rest] = counts;
  /** @type {Array<{ threadId: number, connections: number }>} */
  const threads = [];
  for (let i = 0; i < rest.length; i += 2) {
    threads.push({ threadId: rest[i], connections: rest[i + 1] });
  }
  return { waiting, threads };
}

module.exports = { countsOf, sharedCountsOf };
