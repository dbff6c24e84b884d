'use strict';

/*
 * The life cycle of a Socket's handle: made from a descriptor or taken over,
 * replaced, and closed.
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
const { nameEnds } = require('./connection-error');
const { takeDescriptors } = require('./descriptors');
const { onStreamWriteError, readerFor } = require('./stream-io');
const {
  kBuffer,
  kBufferGen,
  kCoalesce,
  kCopyWrites,
  kOffload,
  kOwner,
  kTakesDescriptors,
} = require('../common/symbols');
const { validateInt32 } = require('../common/validators');

const { ERR_INVALID_FD_TYPE } = codes;

const isWindows = process.platform === 'win32';

function noop() {}

/**
 * Makes a handle of the type of a descriptor, without opening it.
 *
 * @param {number} fd
 * @param {boolean} isServer true for a listening handle
 * @returns {any}
 * @throws {TypeError} ERR_INVALID_FD_TYPE unless it is a TCP socket or a pipe
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
 * Makes a handle for a descriptor, and opens it.
 *
 * @param {number} fd
 * @returns {any}
 * @throws {Error} the system's error when it cannot be opened
 */
function openHandle(fd) {
  if (isWindows && guessHandleType(fd) !== 'TCP') return throughNode({ fd });
  return openOrClose(createHandle(fd, false), fd);
}

/**
 * Opens a descriptor in a new handle. When that fails, closes the handle; the
 * descriptor stays the caller's.
 *
 * @param {any} handle
 * @param {number} fd
 * @returns {any} the handle
 * @throws {Error} the system's error
 */
function openOrClose(handle, fd) {
  const status = handle.open(fd);
  if (!status) return handle;
  handle.close();
  throw new ErrnoException(status, 'open');
}

/**
 * Takes a listener over from node: cluster and child processes deliver node's own
 * handles.
 *
 * @param {any} handle node's own
 * @returns {any} a handle of rust-net, or node's when the system refuses
 */
function takeOverHandle(handle) {
  const own = adoptNativeHandle(handle);
  return own === null || typeof own === 'number'
    ? handle
    : replace(handle, own);
}

// Closes node's handle. While its descriptor stays open, the peer never sees EOF.
function replace(handle, own) {
  if (own !== handle) handle.close();
  return own;
}

// Wraps a socket of node:net, for Windows. There node's handles have no
// descriptor, and descriptors belong to node's C library, so only node can use
// them.
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
 * Takes a connection over from node. A handle of node cannot stay: it reports its
 * numbers elsewhere, and aborts the process over rust-net's requests. A handle
 * that the user wrote is used as it is.
 *
 * @param {any} handle
 * @returns {any}
 * @throws {Error} when the system refuses; the handle then still belongs to node
 */
function takeOverConnection(handle) {
  const own = adoptNativeHandle(handle);
  if (typeof own === 'number') throw new ErrnoException(own, 'dup');
  if (own !== null) return replace(handle, own);
  return isWindows && isNodeHandle(handle) ? throughNode({ handle }) : handle;
}

/**
 * Returns true for a handle of node's own. One that a program wrote in the same
 * shape does not count.
 *
 * @param {any} handle
 * @returns {boolean}
 */
function isNodeHandle(handle) {
  if (handle instanceof TCP || handle instanceof Pipe) return false;
  return ['TCP', 'Pipe'].includes(handle.constructor.name);
}

/**
 * Returns the async id of a handle.
 *
 * @param {any} handle if the user wrote it and it has no id, it gets a new one
 * @returns {number}
 */
function getAsyncId(handle) {
  if (typeof handle?.getAsyncId === 'function') return handle.getAsyncId();
  return new AsyncResource('JSSTREAM').asyncId();
}

/**
 * Resets a socket's state and connects it to its handle, if it has one.
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

  if (socket[kTakesDescriptors]) takeDescriptors(handle);

  if (!socket[kBuffer]) return;
  if (socket[kBufferGen] !== null) {
    const buffer = socket[kBufferGen]();
    if (!isUint8Array(buffer)) return;
    socket[kBuffer] = buffer;
  }
  handle.useUserBuffer(socket[kBuffer]);
}

/**
 * Closes a handle that failed to connect, and sets the next attempt's handle.
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
 * Removes the handle from the socket. Later events of the handle are ignored.
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
  // Node leaves the descriptor open here, and never emits 'close'.
  closeHandle(socket, true, false);
  socket.emit('error', new ErrnoException(status, 'reset'));
}

/**
 * Closes the handle of a socket that is being destroyed. 'close' is emitted
 * later.
 *
 * @param {any} socket
 * @param {boolean} hadError the argument of 'close'
 */
function destroyHandle(socket, hadError) {
  // Set by http, whose 'error' listeners run as next ticks and expect the handle
  // to be still there. Microtasks run after them.
  const late = socket._closeAfterHandlingError;
  if (socket.resetAndClosing) resetHandle(socket, hadError);
  else if (late) queueMicrotask(() => closeHandle(socket, hadError, true));
  else closeHandle(socket, hadError, false);

  if (!late) releaseHandle(socket);
}

/**
 * Starts to read from the socket's handle. Destroys the socket if that fails.
 *
 * @param {any} socket
 */
function startReading(socket) {
  debug('Socket._handle.readStart');
  socket._handle.reading = true;
  const status = socket._handle.readStart();
  if (!status) return;
  socket.destroy(nameEnds(new ErrnoException(status, 'read'), socket));
}

/**
 * Takes the bytes that a socket has received but not delivered, and stops
 * reading. They belong to the connection's next owner.
 *
 * @param {any} socket one whose handle is rust-net's
 * @returns {Buffer | null} null when there are none
 */
function takeReceived(socket) {
  const later = socket._handle.takeUndelivered();
  const first = takeBuffered(socket);
  if (first === null && later.length === 0) return null;
  // With an encoding, the buffered data is text.
  if (first !== null) {
    later.unshift(Buffer.from(first, socket.readableEncoding));
  }
  return Buffer.concat(later);
}

/**
 * Takes the data that a stream has buffered, without emitting 'data'. Removes its
 * 'data' listeners. The stream reads no more.
 *
 * @param {any} socket rust-net's or node's; it is about to be destroyed
 * @returns {any} a Buffer or, with an encoding, a string; null when empty
 */
function takeBuffered(socket) {
  const { readableLength } = socket;
  if (readableLength === 0) return null;
  socket.removeAllListeners('data');
  // Its handle may be closed already, and a new read would fail.
  socket._read = () => {};
  // Without a length, a stream that flows returns only its first chunk.
  return socket.read(readableLength);
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
