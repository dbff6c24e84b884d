'use strict';

/*
 * Hands a connection to node's tls: it moves to a handle of node's own, which TLS
 * reads and writes in C++, without JavaScript between them. The Socket stays, on
 * that handle, as a socket of node:net does beneath TLS: it has the addresses, the
 * options, the timeout and the counters, and it emits 'close'.
 */

const { createDuplicate } = require('../handle/duplicate');
const { StreamHandle } = require('../handle/handle');
const { kRelayed } = require('../handle/symbols');
const { Pipe, TCP } = require('../handle/tcp-pipe');
const { handsOver } = require('../common/settings');
const { carrierOf } = require('../node/carrier');
const { setOwner } = require('../node/owner');
const { isAtLeast } = require('../node/release');
const { hasEnded } = require('../node/stream-state');
const { kAsyncId } = require('../node/symbols');
const { startReading } = require('./attach');
const { readerFor } = require('./stream-io');
const {
  kBuffer,
  kHandedOver,
  kHandOver,
  kOwner,
} = require('../common/symbols');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {object} HandedOver
 * @property {Buffer[]} early the bytes that were read and not delivered
 * @property {boolean} wasReading true when the socket was reading
 */

const isWindows = process.platform === 'win32';
const enabled = handsOver();
// Before Node 22, a write that destroy() cancels calls back without an error.
const reportsDestroy = isAtLeast(22);

/** @type {Set<Members>} the sockets whose connections were handed over, while open */
const sockets = new Set();
let count = 0;

// On Windows node cannot open the descriptor of a pipe.
function isMovable(/** @type {unknown} */ handle) {
  if (!(handle instanceof StreamHandle) || !handle.isOpen) return false;
  return !(isWindows && handle instanceof Pipe);
}

// TLS over a socket that is half-closed, or reads into a buffer of the program's,
// goes through the stream.
function isOpenBothWays(/** @type {Members} */ socket) {
  if (socket.connecting || socket.destroyed || socket.writableEnded) {
    return false;
  }
  return !hasEnded(socket) && socket[kBuffer] === null;
}

// Coalesced writes count as written, so they must leave before TLS writes. The
// bytes that a relay has moved are known to its handle alone.
function isQuiet(/** @type {Members} */ socket) {
  const handle = socket._handle;
  if (socket.writableLength > 0 || handle[kRelayed]) return false;
  return handle.flush() === 0 && handle.writeQueueSize === 0;
}

/** @param {Members} socket */
function mayHandOver(socket) {
  if (!enabled || socket[kHandOver] === false) return false;
  return isMovable(socket._handle) && isOpenBothWays(socket) && isQuiet(socket);
}

/**
 * Returns a handle of node's on the same connection, or undefined where the system
 * refuses. It belongs to the async context of the former handle.
 *
 * @param {Members} handle
 * @returns {Members | undefined}
 */
function duplicateOf(handle) {
  try {
    return handle.runInAsyncScope(createDuplicate, undefined, handle);
  } catch {
    return undefined;
  }
}

/** Makes the counters of a handle start at what the former one has counted. */
function continueCounts(
  /** @type {Members} */ handle,
  /** @type {Record<string, number>} */ counts,
) {
  const prototype = Object.getPrototypeOf(handle);
  for (const [name, base] of Object.entries(counts)) {
    if (base === 0) continue;
    const get = () => base + Reflect.get(prototype, name, handle);
    Object.defineProperty(handle, name, { get, configurable: true });
  }
}

/** @param {Buffer[]} chunks */
function totalLength(chunks) {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}

/** Puts the socket on its new handle, and closes the former one. */
function swapHandle(
  /** @type {Members} */ socket,
  /** @type {Members} */ handle,
) {
  const former = socket._handle;
  if (!former.hasRef()) handle.unref();
  handle[kOwner] = socket;
  handle[kHandedOver] = true;
  handle.reading = false;
  handle.onread = readerFor(handle);
  setOwner(handle, socket);
  socket._handle = handle;
  socket[kAsyncId] = handle.getAsyncId();
  former.close();
}

/**
 * Moves the connection of a socket to a handle of node's own, if nothing is under way
 * that only the former handle knows of.
 *
 * @param {Members} socket rust-net's
 * @returns {HandedOver | undefined} undefined when it stays as it is
 */
function handOver(socket) {
  if (!mayHandOver(socket)) return undefined;
  const former = socket._handle;
  const handle = duplicateOf(former);
  if (handle === undefined) return undefined;
  const wasReading = former.reading;
  const early = former.takeUndelivered();
  continueCounts(handle, {
    bytesRead: former.bytesRead + totalLength(early),
    bytesWritten: former.bytesWritten,
  });
  swapHandle(socket, handle);
  sockets.add(socket);
  count++;
  return { early, wasReading };
}

/**
 * Lets a socket go on by itself, on node's handle, when TLS could not be set up.
 *
 * @param {Members} socket
 * @param {HandedOver} state
 */
function continueAlone(socket, { early, wasReading }) {
  for (const chunk of early.splice(0)) socket.push(chunk);
  if (wasReading && !socket._handle.reading) startReading(socket);
}

/**
 * Returns true for a handle of a TCP connection, also beneath TLS.
 *
 * @param {Members} handle
 * @returns {boolean}
 */
function isTcp(handle) {
  if (handle instanceof TCP) return true;
  return handle[kHandedOver] === true && typeof handle.reset === 'function';
}

/**
 * Writes to a socket beneath TLS, around TLS.
 *
 * @param {Members} socket
 * @param {{ writev: boolean, data: any, encoding: string }} chunks
 * @param {(error?: Error | null) => void} callback
 */
function writeBeneath(socket, { writev, data, encoding }, callback) {
  const carrier = carrierOf(socket._handle);
  const done = (/** @type {Error | null | undefined} */ error) =>
    callback(socket.destroyed && !reportsDestroy ? null : error);
  if (writev) carrier._writev(data, done);
  else carrier._write(data, encoding, done);
}

/**
 * Ends a socket beneath TLS, around TLS.
 *
 * @param {Members} handle
 * @param {(error?: Error | null) => void} callback
 */
function shutdownBeneath(handle, callback) {
  const carrier = carrierOf(/** @type {{ onread: unknown }} */ (handle));
  carrier._final(callback);
}

/**
 * Returns how many connections this thread has handed over.
 *
 * @returns {number}
 */
function countHandOvers() {
  return count;
}

/**
 * Returns the open sockets whose connections were handed over.
 *
 * @returns {Iterable<Members>}
 */
function handedOverSockets() {
  return sockets;
}

/**
 * Forgets a socket that is being destroyed.
 *
 * @param {object} socket
 */
function forget(socket) {
  sockets.delete(socket);
}

module.exports = {
  continueAlone,
  countHandOvers,
  forget,
  handOver,
  handedOverSockets,
  isTcp,
  shutdownBeneath,
  writeBeneath,
};
