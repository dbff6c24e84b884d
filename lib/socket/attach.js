'use strict';

/*
 * The life of a Socket's handle: made from a descriptor, taken over, replaced
 * and closed.
 */

const { AsyncResource } = require('async_hooks');
const { isUint8Array } = require('util').types;
const debug = require('util').debuglog('net');

const { ErrnoException, codes } = require('../common/errors');
const {
  Pipe,
  TCP,
  adoptNativeHandle,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { guessHandleType } = require('../handle/native');
const { kAsyncId } = require('../node/symbols');
const { DuplexHandle } = require('../handle/duplex-handle');
const nodeNet = require('../node/net');
const { onStreamWriteError, readerFor } = require('./stream-io');
const {
  kBuffer,
  kBufferGen,
  kCoalesce,
  kCopyWrites,
  kOffload,
  kOwner,
} = require('../common/symbols');
const { validateInt32 } = require('../common/validators');

const { ERR_INVALID_FD_TYPE } = codes;

const isWindows = process.platform === 'win32';

function noop() {}

/**
 * Makes the handle that suits a descriptor, without opening it.
 *
 * @param {number} fd
 * @param {boolean} isServer
 * @returns {any}
 */
function createHandle(fd, isServer) {
  validateInt32(fd, 'fd', 0);
  const type = guessHandleType(fd);
  if (type === 'PIPE') {
    return new Pipe(isServer ? pipeConstants.SERVER : pipeConstants.SOCKET);
  }
  if (type === 'TCP') {
    return new TCP(isServer ? tcpConstants.SERVER : tcpConstants.SOCKET);
  }
  throw new ERR_INVALID_FD_TYPE(type);
}

/**
 * Opens a descriptor that somebody else made.
 *
 * @param {number} fd
 * @returns {any}
 */
function openHandle(fd) {
  if (isWindows && guessHandleType(fd) !== 'TCP') return throughNode({ fd });
  return openOrClose(createHandle(fd, false), fd);
}

/**
 * Opens a descriptor by a new handle, which is closed where that fails.
 *
 * @param {any} handle
 * @param {number} fd stays the caller's where that fails
 * @returns {any} the handle
 */
function openOrClose(handle, fd) {
  const status = handle.open(fd);
  if (!status) return handle;
  handle.close();
  throw new ErrnoException(status, 'open');
}

/**
 * Takes a listener over from node (cluster and child processes deliver node's
 * own handles). Where the system refuses, it listens by node's.
 *
 * @param {any} handle
 * @returns {any}
 */
function takeOverHandle(handle) {
  const own = adoptNativeHandle(handle);
  return own === null || typeof own === 'number'
    ? handle
    : replace(handle, own);
}

// Ours has a descriptor of its own: with node's open as well, the peer would
// never see the end.
function replace(handle, own) {
  if (own !== handle) handle.close();
  return own;
}

// On Windows handles of node's have no descriptor, and descriptors are its C
// library's: what only node can use is used through a socket of node's.
function throughNode(given) {
  /** @type {any} */
  const socket = new nodeNet.Socket({
    ...given,
    allowHalfOpen: true,
    manualStart: true,
  });
  return new DuplexHandle(socket._handle, socket);
}

/**
 * Takes a connection over from node: its data would not pass through our stream
 * state, and node's handles end the process over requests of ours. A handle of
 * the user's making stays what it is.
 *
 * @param {any} handle
 * @returns {any}
 * @throws {Error} where the system refuses; the handle is node's still
 */
function takeOverConnection(handle) {
  const own = adoptNativeHandle(handle);
  if (typeof own === 'number') throw new ErrnoException(own, 'dup');
  if (own !== null) return replace(handle, own);
  return isWindows && isNodeHandle(handle) ? throughNode({ handle }) : handle;
}

/**
 * @param {any} handle
 * @returns {boolean} whether it is node's own, and not shaped like one
 */
function isNodeHandle(handle) {
  if (handle instanceof TCP || handle instanceof Pipe) return false;
  return ['TCP', 'Pipe'].includes(handle.constructor.name);
}

/**
 * @param {any} handle possibly one of the user's making, that does
 *   not know its async id
 * @returns {number}
 */
function getAsyncId(handle) {
  if (typeof handle?.getAsyncId === 'function') return handle.getAsyncId();
  return new AsyncResource('JSSTREAM').asyncId();
}

/**
 * Prepares a socket for a new life on its handle, if it has one yet.
 *
 * @param {any} socket
 */
function initSocketHandle(socket) {
  socket._undestroy();
  socket._sockname = null;

  const handle = socket._handle;
  if (!handle) return;
  handle[kOwner] = socket;
  handle.onread = readerFor(handle);
  handle.onwriteerror = onStreamWriteError;
  socket[kAsyncId] = getAsyncId(handle);

  if (socket[kCoalesce] === false) handle.setCoalesce?.(false);
  if (socket[kOffload] !== undefined) handle.setOffload?.(socket[kOffload]);
  if (socket[kCopyWrites] !== undefined) {
    handle.setCopyWrites?.(socket[kCopyWrites]);
  }

  if (!socket[kBuffer]) return;
  if (socket[kBufferGen] !== null) {
    const buffer = socket[kBufferGen]();
    if (!isUint8Array(buffer)) return;
    socket[kBuffer] = buffer;
  }
  handle.useUserBuffer(socket[kBuffer]);
}

/**
 * Puts the next attempt's handle in place of one that failed to connect.
 *
 * @param {any} socket
 * @param {any} handle
 */
function reinitializeHandle(socket, handle) {
  socket._handle?.close();
  socket._handle = handle;
  socket._handle[kOwner] = socket;
  initSocketHandle(socket);
}

/**
 * Forgets the handle, which may still have events on their way.
 *
 * @param {any} socket
 */
function releaseHandle(socket) {
  socket._handle.onread = noop;
  socket._handle.onwriteerror = noop;
  socket._handle = null;
  socket._sockname = null;
}

function closeHandle(socket, hadError, andRelease) {
  socket._handle?.close(() => {
    debug('emit close');
    socket.emit('close', hadError);
    if (andRelease) releaseHandle(socket);
  });
}

function resetHandle(socket, hadError) {
  socket.resetAndClosing = false;
  const status = socket._handle.reset(() => {
    debug('emit close');
    socket.emit('close', hadError);
  });
  if (!status) return;
  // Node leaves the descriptor open here, and never says 'close'.
  closeHandle(socket, true, false);
  socket.emit('error', new ErrnoException(status, 'reset'));
}

/**
 * Closes the handle of a socket that is being destroyed; 'close' follows.
 *
 * @param {any} socket
 * @param {boolean} hadError
 */
function destroyHandle(socket, hadError) {
  // http asks for this: its 'error' listeners, which run as next ticks, are
  // to find the socket still whole; microtasks come after them.
  const late = socket._closeAfterHandlingError;
  if (socket.resetAndClosing) resetHandle(socket, hadError);
  else if (late) queueMicrotask(() => closeHandle(socket, hadError, true));
  else closeHandle(socket, hadError, false);

  if (!late) releaseHandle(socket);
}

/**
 * @param {any} socket
 */
function startReading(socket) {
  debug('Socket._handle.readStart');
  socket._handle.reading = true;
  const status = socket._handle.readStart();
  if (status) socket.destroy(new ErrnoException(status, 'read'));
}

/**
 * Takes what a socket has received and its user has not, before another takes
 * the connection over.
 *
 * @param {any} socket one whose handle is ours
 * @returns {Buffer | null}
 */
function takeReceived(socket) {
  const later = socket._handle.takeUndelivered();
  const first = takeBuffered(socket);
  if (first === null && later.length === 0) return null;
  // Of a socket with an encoding it is text.
  if (first !== null) {
    later.unshift(Buffer.from(first, socket.readableEncoding));
  }
  return Buffer.concat(later);
}

/**
 * Takes what a stream has buffered, unheard by who listens for 'data' there.
 *
 * @param {any} socket ours or node's; it is about to be destroyed
 * @returns {any} a Buffer or, with an encoding, a string; null if there is none
 */
function takeBuffered(socket) {
  if (socket.readableLength === 0) return null;
  socket.removeAllListeners('data');
  return socket.read();
}

module.exports = {
  createHandle,
  destroyHandle,
  getAsyncId,
  initSocketHandle,
  isNodeHandle,
  openHandle,
  openOrClose,
  reinitializeHandle,
  startReading,
  takeBuffered,
  takeOverConnection,
  takeOverHandle,
  takeReceived,
};
