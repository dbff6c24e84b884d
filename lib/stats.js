'use strict';

/*
 * What has been counted. The numbers of the environment and of a handle come
 * from the native side; a server's are kept here.
 */

const { openHandles } = require('./dispatch');
const { ErrnoException } = require('./errors');
const { kKey } = require('./handle-symbols');
const { native, openEnvironment } = require('./native');
const { kOwner, kStats } = require('./symbols');

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

/** In the order of src/net/handle.rs: queued, reads, writes, turned away. */
function handleStats(owner) {
  const key = owner._handle?.[kKey];
  const counts = key === undefined ? null : native.handleStats(key);
  return Array.isArray(counts) ? counts : [0, 0, 0, 0];
}

/**
 * Makes a Server count. Hidden: `util.inspect` shows what node's shows.
 *
 * @param {any} server
 */
function startCounting(server) {
  Object.defineProperty(server, kStats, {
    value: { accepted: 0, dropped: 0, bytesRead: 0, bytesWritten: 0 },
  });
}

/**
 * Adds the bytes of a connection that is over.
 *
 * @param {any} server what the connection takes for its server
 * @param {number} bytesRead
 * @param {number} bytesWritten
 */
function addConnection(server, bytesRead, bytesWritten) {
  const stats = server[kStats];
  // Absent where the user set `_server` to something of their own.
  if (stats === undefined) return;
  stats.bytesRead += bytesRead;
  stats.bytesWritten += bytesWritten;
}

/** Whom the native side has turned away is not told to JavaScript. */
function turnedAway(server) {
  const [, , , count] = handleStats(server);
  return count;
}

/**
 * Adds what the handle of a server has counted, before it is closed.
 *
 * @param {any} server
 */
function keepCounts(server) {
  server[kStats].dropped += turnedAway(server);
}

function serverStats(server) {
  const { accepted, dropped: told, ...bytes } = server[kStats];
  const dropped = told + turnedAway(server);
  for (const handle of openHandles()) {
    if (handle[kOwner]?._server !== server) continue;
    bytes.bytesRead += handle.bytesRead;
    bytes.bytesWritten += handle.bytesWritten;
  }
  return { connections: server._connections, accepted, dropped, ...bytes };
}

function socketStats(socket) {
  const [, reads, writes] = handleStats(socket);
  return {
    bytesRead: socket.bytesRead,
    bytesWritten: socket._bytesDispatched,
    queued: socket._handle?.writeQueueSize ?? 0,
    reads,
    writes,
  };
}

module.exports = {
  addConnection,
  environmentStats,
  keepCounts,
  serverStats,
  socketStats,
  startCounting,
};
