'use strict';

/*
 * What `getStats` reports. The native side counts for the environment and for
 * each handle; a server counts in lib/server/counts.js.
 */

const { ErrnoException } = require('../common/errors');
const { kOwner, kStats } = require('../common/symbols');
const { countsOf } = require('../handle/counts');
const { openHandles } = require('../handle/dispatch');
const { native, openEnvironment } = require('../handle/native');

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
];
const calls = ['poll', 'accept', 'read', 'write'];

function named(keys, values) {
  return Object.fromEntries(keys.map((key, i) => [key, values[i]]));
}

function environmentStats() {
  const status = openEnvironment();
  if (status !== 0) throw new ErrnoException(status, 'open');
  const counts = native.stats();
  return {
    driver: native.driver,
    ...named(names, counts),
    systemCalls: named(calls, counts.slice(names.length)),
  };
}

function serverStats(server) {
  const { accepted, dropped: told, ...bytes } = server[kStats];
  const dropped = told + countsOf(server._handle).rejected;
  for (const handle of openHandles()) {
    if (handle[kOwner]?._server !== server) continue;
    bytes.bytesRead += handle.bytesRead;
    bytes.bytesWritten += handle.bytesWritten;
  }
  return { connections: server._connections, accepted, dropped, ...bytes };
}

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
