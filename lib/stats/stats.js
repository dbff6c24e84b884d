'use strict';

/*
 * The counters that `getStats` returns. The native side counts for the environment
 * and for each handle; a server counts in lib/server/counts.js.
 */

const { ErrnoException } = require('../common/errors');
const { kOwner, kStats } = require('../common/symbols');
const { countRaced } = require('../connect/parallel-race');
const { countsOf, sharedCountsOf } = require('../handle/counts');
const { openHandles } = require('../handle/dispatch');
const { native, openEnvironment } = require('../handle/native');
const httpCounts = require('./http-counts');
const { countHandOvers, handedOverSockets } = require('../socket/hand-over');

/** In the order of src/env/counters.rs. */
const names = [
  'sockets',
  'servers',
  'accepted',
  'connected',
  'bytesRead',
  'bytesWritten',
  'wakes',
  'batches',
  'events',
  'descriptorsReceived',
  'descriptorsSent',
];
const calls = ['poll', 'accept', 'read', 'write'];

function named(keys, values) {
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}

/**
 * Returns the counters of this thread's native environment. Opens it if it is not
 * open.
 *
 * @returns {object} see docs/api.md
 * @throws {Error} the system's error when the environment cannot be opened
 */
function environmentStats() {
  const status = openEnvironment();
  if (status !== 0) throw new ErrnoException(status, 'open');
  const counts = native.stats();
  return {
    driver: native.driver,
    ...named(names, counts),
    handedOver: countHandOvers(),
    raced: countRaced(),
    systemCalls: named(calls, counts.slice(names.length)),
    http: { ...httpCounts },
  };
}

/** Returns the counters of a Server, with the bytes of its open connections. */
function serverStats(server) {
  const past = server[kStats];
  const now = countsOf(server._handle);
  const shared = sharedCountsOf(server._handle);
  const bytes = {
    bytesRead: past.bytesRead,
    bytesWritten: past.bytesWritten,
  };
  for (const handle of openHandles()) {
    if (handle[kOwner]?._server !== server) continue;
    bytes.bytesRead += handle.bytesRead;
    bytes.bytesWritten += handle.bytesWritten;
  }
  for (const socket of handedOverSockets()) {
    if (socket._server !== server) continue;
    bytes.bytesRead += socket._handle.bytesRead;
    bytes.bytesWritten += socket._handle.bytesWritten;
  }
  return {
    connections: server._connections,
    accepted: past.accepted,
    dropped: past.dropped + now.rejected,
    rejectedByAddress: past.rejectedByAddress + now.rejectedByAddress,
    rejectedByRate: past.rejectedByRate + now.rejectedByRate,
    proxyHeaders: past.proxyHeaders + now.proxyHeaders,
    proxyRefused: past.proxyRefused + now.proxyRefused,
    ...bytes,
    ...(shared && { shared }),
  };
}

/**
 * Returns the counters of a Socket: bytes, bytes still queued, and system calls.
 */
function socketStats(socket) {
  const { reads, writes } = countsOf(socket._handle);
  return {
    bytesRead: socket.bytesRead,
    bytesWritten: socket._bytesDispatched,
    queued: socket._handle?.writeQueueSize ?? 0,
    reads,
    writes,
  };
}

module.exports = {
  environmentStats,
  serverStats,
  socketStats,
};
