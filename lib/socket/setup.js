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
 * A socket carries bytes.
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
 * Options that no user has touched: a Server's, for what it accepts. They are
 * used as they are.
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
    this.offload = server[kOffload];
    this.copyWrites = server[kCopyWrites];
  }
}

/**
 * The options of the Duplex underneath. A number is a descriptor, in the way of
 * the earliest releases.
 *
 * @param {any} given the user's options
 * @returns {any}
 */
function readDuplexOptions(given) {
  if (given instanceof AcceptedOptions) return given;
  const options = typeof given === 'number' ? { fd: given } : given;
  // Assigned and not spread: every store after a spread makes a new hidden
  // class, and the Duplex reads these options slowly then.
  return Object.assign({}, options, {
    allowHalfOpen: Boolean(options?.allowHalfOpen),
    // 'close' comes when the handle has closed, not when destroy() is done.
    emitClose: false,
    autoDestroy: true,
    // The handle encodes strings by itself.
    decodeStrings: false,
  });
}

/**
 * Own properties in node's order, before the Duplex adds its own.
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
  // Binding a pipe leaves its stream unopened; opening the descriptor again is
  // what makes it readable and writable once it connects.
  if (handle.fd < 0) return;
  const status = handle.open(handle.fd);
  if (status) throw new ErrnoException(status, 'open');
}

// One of node's, through which descriptors are opened on Windows.
function isPipe(handle) {
  return handle instanceof Pipe || handle.isPipe === true;
}

/** Standard output on Windows pipes is written synchronously, as node does. */
function makeStdioBlocking(socket, fd) {
  const status = socket._handle.setBlocking(true);
  if (status) throw new ErrnoException(status, 'setBlocking');
  socket._writev = null;
  socket._write = syncWrite(fd);
  // The synchronous write counts in this property, so it must be writable.
  Object.defineProperty(socket._handle, 'bytesWritten', {
    value: 0,
    writable: true,
  });
}

/**
 * Takes over the handle, or opens the descriptor, of the options.
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
 * Takes the `onread` option: data goes into the user's buffers.
 *
 * @param {any} socket
 * @param {any} onread
 */
function takeUserBuffer(socket, onread) {
  if (onread === null || typeof onread !== 'object') return;
  const { buffer, callback } = onread;
  const isGenerator = typeof buffer === 'function';
  if (!isGenerator && !isUint8Array(buffer)) return;
  if (typeof callback !== 'function') return;
  // The generator's first buffer is asked for when there is a handle.
  socket[kBuffer] = isGenerator ? true : buffer;
  if (isGenerator) socket[kBufferGen] = buffer;
  socket[kBufferCb] = callback;
}

/**
 * Starts to read, or sees to it that nothing is read yet.
 *
 * @param {any} socket
 * @param {any} options
 */
function startFlow(socket, { manualStart, pauseOnCreate, readable }) {
  // What is bound but not connected has nothing to read yet.
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
 * An abort stops the race for an address; the Duplex itself does the rest.
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
