'use strict';

/*
 * The steps of the Socket constructor.
 */

const { addAbortListener } = require('events');
const { isUint8Array } = require('util').types;

const { BoundSocket } = require('./bound-socket');
const { ErrnoException, codes } = require('../common/errors');
const { Pipe } = require('../handle/tcp-pipe');
const { kAsyncId, kTimeout } = require('../node/symbols');
const { getAsyncId, openHandle, takeOverConnection } = require('./attach');
const {
  kBoundPath,
  kBoundSocketConsume,
  kBoundSocketPath,
  kBoundSource,
  kBuffer,
  kBufferCb,
  kBufferGen,
  kCoalesce,
  kCopyWrites,
  kHandOver,
  kOffload,
  kHandle,
  kLastWriteQueueSize,
  kRelays,
} = require('../common/symbols');
const { syncWrite } = require('./sync-write');
const { validateAbortSignal } = require('../common/validators');

const { ERR_INVALID_ARG_VALUE } = codes;

const objectModes = ['objectMode', 'readableObjectMode', 'writableObjectMode'];

/**
 * Throws ERR_INVALID_ARG_VALUE for an object mode, because a socket carries bytes.
 *
 * @param {any} given the user's options
 */
function rejectObjectMode(given) {
  for (const name of objectModes) {
    if (!given?.[name]) continue;
    throw new ERR_INVALID_ARG_VALUE(
      `options.${name}`,
      given[name],
      'is not supported',
    );
  }
}

/**
 * The options of a Server for its connections. They need no validation and no
 * copy, because users never see them.
 */
class AcceptedOptions {
  constructor(handle, server) {
    this.handle = handle;
    this.allowHalfOpen = Boolean(server.allowHalfOpen);
    this.pauseOnCreate = server.pauseOnConnect;
    this.readable = true;
    this.writable = true;
    this.readableHighWaterMark = server.highWaterMark;
    this.writableHighWaterMark = server.highWaterMark;
    this.emitClose = false;
    this.autoDestroy = true;
    this.decodeStrings = false;
    this.coalesce = server[kCoalesce];
    this.relay = server[kRelays];
    this.handOver = server[kHandOver];
    this.offload = server[kOffload];
    this.copyWrites = server[kCopyWrites];
  }
}

/**
 * Returns the options for the Duplex. A number is taken for a descriptor, as in
 * the earliest releases.
 *
 * @param {any} given the user's options
 * @returns {any}
 */
function readDuplexOptions(given) {
  if (given instanceof AcceptedOptions) return given;
  const options = typeof given === 'number' ? { fd: given } : given;
  // Object.assign, not a spread: each store after a spread makes a new hidden
  // class, which slows down the Duplex constructor.
  return Object.assign({}, options, {
    allowHalfOpen: Boolean(options?.allowHalfOpen),
    // 'close' is emitted when the handle has closed, not at the end of destroy().
    emitClose: false,
    autoDestroy: true,
    // The handle encodes strings.
    decodeStrings: false,
  });
}

/**
 * Creates the own properties in node's order, before the Duplex adds its own.
 *
 * @param {any} socket
 */
function reserveState(socket) {
  socket.connecting = false;
  socket[kAsyncId] = -1;
  socket._hadError = false;
  socket[kHandle] = null;
  socket._parent = null;
  socket._host = null;
  socket[kLastWriteQueueSize] = 0;
  socket[kTimeout] = null;
  socket[kBuffer] = null;
  socket[kBufferCb] = null;
  socket[kBufferGen] = null;
  socket._closeAfterHandlingError = false;
}

function adoptBoundSocket(socket, bound) {
  const path = bound[kBoundSocketPath];
  const handle = bound[kBoundSocketConsume]();
  socket._handle = handle;
  socket[kBoundSource] = true;
  if (path === undefined) return;
  socket[kBoundPath] = path;
  // A bound pipe has no open stream. Opening its own descriptor makes it readable
  // and writable once it connects.
  if (handle.fd < 0) return;
  const status = handle.open(handle.fd);
  if (status) throw new ErrnoException(status, 'open');
}

// True also for a DuplexHandle over a pipe of node's, as opened on Windows.
function isPipe(handle) {
  return handle instanceof Pipe || handle.isPipe === true;
}

/** Makes standard output on a Windows pipe write synchronously, as node does. */
function makeStdioBlocking(socket, fd) {
  const status = socket._handle.setBlocking(true);
  if (status) throw new ErrnoException(status, 'setBlocking');
  socket._writev = null;
  socket._write = syncWrite(fd);
  // syncWrite counts in this property, which is otherwise read-only.
  Object.defineProperty(socket._handle, 'bytesWritten', {
    value: 0,
    writable: true,
  });
}

/**
 * Takes over the handle, or opens the descriptor, that the options name.
 *
 * @param {any} socket
 * @param {{ fd?: number, handle?: any }} options
 */
function takeHandle(socket, { fd, handle }) {
  if (handle) {
    if (handle instanceof BoundSocket) adoptBoundSocket(socket, handle);
    else socket._handle = takeOverConnection(handle);
    socket[kAsyncId] = getAsyncId(socket._handle);
  } else if (fd !== undefined) {
    socket._handle = openHandle(fd);
    socket[kAsyncId] = socket._handle.getAsyncId();
    const isStdio = fd === 1 || fd === 2;
    if (process.platform === 'win32' && isStdio && isPipe(socket._handle)) {
      makeStdioBlocking(socket, fd);
    }
  }
}

/**
 * Reads the option `onread`, with which data goes into the user's buffers. An
 * invalid one is ignored, as in node.
 *
 * @param {any} socket
 * @param {any} onread
 */
function takeUserBuffer(socket, onread) {
  if (onread === null || typeof onread !== 'object') return;
  const { buffer, callback } = onread;
  const isFunction = typeof buffer === 'function';
  if (!isFunction && !isUint8Array(buffer)) return;
  if (typeof callback !== 'function') return;
  // A function is called for its first buffer once there is a handle.
  socket[kBuffer] = isFunction ? true : buffer;
  if (isFunction) socket[kBufferGen] = buffer;
  socket[kBufferCb] = callback;
}

/**
 * Starts to read, unless the options delay it.
 *
 * @param {any} socket
 * @param {any} options
 */
function startFlow(socket, { manualStart, pauseOnCreate, readable }) {
  // A bound socket is not connected, so it has nothing to read yet.
  if (!socket._handle || readable === false || socket[kBoundSource]) return;
  if (pauseOnCreate) {
    socket._handle.reading = false;
    socket._handle.readStop();
    socket.readableFlowing = false;
  } else if (!manualStart) {
    socket.read(0);
  }
}

/**
 * Marks the socket as aborted when the signal is, which stops a connect race. The
 * Duplex destroys the socket.
 *
 * @param {any} socket
 * @param {any} signal
 */
function watchSignal(socket, signal) {
  validateAbortSignal(signal, 'options.signal');
  let disposable;
  function onAbort() {
    disposable?.[Symbol.dispose]();
    socket._aborted = true;
  }
  process.nextTick(() => {
    if (signal.aborted) onAbort();
    else disposable = addAbortListener(signal, onAbort);
  });
}

module.exports = {
  AcceptedOptions,
  readDuplexOptions,
  rejectObjectMode,
  reserveState,
  startFlow,
  takeHandle,
  takeUserBuffer,
  watchSignal,
};
