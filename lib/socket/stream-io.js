'use strict';

/*
 * The I/O between a Socket and its handle: sends chunks, completes their
 * callbacks, and delivers received data. Handles follow node's stream contract,
 * and report the numbers of each call in `streamBaseState`.
 */

const { isUint8Array } = require('util').types;

const { ErrnoException } = require('../common/errors');
const { nameEnds } = require('./connection-error');
const { emitData } = require('./fast-path');
const { StreamHandle } = require('../handle/handle');
const { WriteWrap } = require('../handle/requests');
const {
  kArrayBufferOffset,
  kBytesWritten,
  kLastWriteWasAsync,
  kReadBytesOrError,
  streamBaseState,
} = require('../handle/stream-state');
const { uv } = require('../handle/native');
const { setOwnReader } = require('../node/reader');
const { isAtLeast } = require('../node/release');
const { foreignStreamState } = require('../node/foreign-stream-state');
const { hasEmittedEnd, soleTarget } = require('../node/stream-state');
const { enterRelay } = require('./relay');
const {
  kAfterAsyncWrite,
  kBuffer,
  kBufferCb,
  kBufferGen,
  kOwner,
  kTakesBuffer,
  kUpdateTimer,
} = require('../common/symbols');

// Before Node 22, a write that destroy() cancels calls back without an error.
const reportsDestroy = isAtLeast(22);

/** Returns true when a handle reports in rust-net's `streamBaseState`. */
function isOwnHandle(handle) {
  return handle instanceof StreamHandle || handle.isDuplexHandle === true;
}

/** Returns the array in which a handle reports its last write. */
function writeStateOf(handle) {
  return isOwnHandle(handle) ? streamBaseState : foreignStreamState();
}

/** Completes a write that the handle could not finish within the call. */
function onWriteComplete(status, _handle, message) {
  const socket = this.handle[kOwner];
  if (status < 0 && (reportsDestroy || !socket.destroyed)) {
    const failure = new ErrnoException(status, 'write', message ?? this.error);
    const error = nameEnds(failure, socket);
    if (typeof this.callback === 'function') this.callback(error);
    else socket.destroy(error);
    return;
  }
  if (!socket.destroyed) {
    socket[kUpdateTimer]();
    socket[kAfterAsyncWrite](this);
  }
  if (typeof this.callback === 'function') this.callback(null);
}

/**
 * Makes the request of one write.
 *
 * @param {Record<PropertyKey, any>} handle
 * @returns {Record<PropertyKey, any>}
 */
function createWriteRequest(handle) {
  /** @type {any} */
  const req = new WriteWrap();
  req.handle = handle;
  req.oncomplete = onWriteComplete;
  req.async = false;
  req.bytes = 0;
  // The data, kept alive until the write is complete.
  req.buffer = null;
  req.callback = null;
  return req;
}

/**
 * Goes on after a write verb.
 *
 * @param {Record<PropertyKey, any>} req its request
 * @param {number} status what it returned
 * @param {Function} callback as for `writeChunk`
 * @returns {any} the request
 */
function afterWriteDispatched(req, status, callback) {
  if (status !== 0) {
    const error = new ErrnoException(status, 'write', req.error);
    callback(nameEnds(error, req.handle[kOwner]));
    return req;
  }
  const state = writeStateOf(req.handle);
  req.bytes = state[kBytesWritten];
  req.async = state[kLastWriteWasAsync] !== 0;
  if (req.async) req.callback = callback;
  else if (typeof callback === 'function') callback();
  return req;
}

function writeEncoded(handle, req, data, encoding) {
  switch (encoding) {
    case 'buffer':
      req.buffer = data;
      return handle.writeBuffer(req, data);
    case 'utf8':
    case 'utf-8':
      return handle.writeUtf8String(req, data);
    case 'latin1':
    case 'binary':
      return handle.writeLatin1String(req, data);
    case 'ascii':
      return handle.writeAsciiString(req, data);
    case 'ucs2':
    case 'ucs-2':
    case 'utf16le':
    case 'utf-16le':
      return handle.writeUcs2String(req, data);
    default:
      req.buffer = Buffer.from(data, encoding);
      return handle.writeBuffer(req, req.buffer);
  }
}

/**
 * Sends one chunk.
 *
 * @param {any} handle
 * @param {Uint8Array | string} data
 * @param {string} encoding 'buffer' for bytes
 * @param {Function} callback called within this call if the handle has taken all
 *   bytes, or fails; otherwise later
 * @returns {{ async: boolean, bytes: number }} the request
 */
function writeChunk(handle, data, encoding, callback) {
  const req = createWriteRequest(handle);
  const status = writeEncoded(handle, req, data, encoding);
  return afterWriteDispatched(req, status, callback);
}

function flattenChunks(entries) {
  if (entries.allBuffers) {
    // Changed in place: the Writable does not use the list after the call.
    for (let i = 0; i < entries.length; i++) entries[i] = entries[i].chunk;
    return entries;
  }
  const pairs = new Array(entries.length * 2);
  for (let i = 0; i < entries.length; i++) {
    pairs[i * 2] = entries[i].chunk;
    pairs[i * 2 + 1] = entries[i].encoding;
  }
  return pairs;
}

/**
 * Sends the chunks that a Writable has buffered, in one call.
 *
 * @param {any} handle
 * @param {Array<{ chunk: any, encoding: string }> & { allBuffers: boolean }} entries
 * @param {Function} callback as for `writeChunk`
 * @returns {{ async: boolean, bytes: number }} the request
 */
function writeChunks(handle, entries, callback) {
  const req = createWriteRequest(handle);
  const { allBuffers } = entries;
  const chunks = flattenChunks(entries);
  const status = handle.writev(req, chunks, allBuffers);
  // After a synchronous writev the data is already sent or copied.
  if (writeStateOf(handle)[kLastWriteWasAsync] !== 0) req.buffer = chunks;
  return afterWriteDispatched(req, status, callback);
}

function deliverToUserBuffer(socket, nread) {
  const more = socket[kBufferCb](nread, socket[kBuffer]) !== false;
  if (socket[kBufferGen] === null) return { more, next: undefined };
  const next = socket[kBufferGen]();
  if (!isUint8Array(next)) return { more, next: undefined };
  socket[kBuffer] = next;
  return { more, next };
}

/** Stops reading from a handle. Destroys the socket if that fails. */
function stopReading(socket, handle) {
  handle.reading = false;
  if (socket.destroyed) return;
  const status = handle.readStop();
  if (status) socket.destroy(new ErrnoException(status, 'read'));
}

/**
 * Destroys the socket: the `onwriteerror` of its handle. A write failed after it
 * was reported as complete, so that no request is left to report the error.
 *
 * @this {any} the handle
 * @param {number} status a negative errno
 */
function onStreamWriteError(status) {
  const socket = this[kOwner];
  socket.destroy(nameEnds(new ErrnoException(status, 'write'), socket));
}

function endReading(socket) {
  // Some handles, such as a terminal's, can be read again after EOF.
  if (hasEmittedEnd(socket)) return;
  socket.push(null);
  // Without this, 'end' would wait for a consumer although nothing is buffered.
  socket.read(0);
}

/**
 * Returns the received bytes as a Buffer.
 *
 * @param {any} memory a Buffer of rust-net, or an ArrayBuffer
 * @param {number} nread bytes in the ArrayBuffer
 * @returns {Buffer}
 */
function toChunk(memory, nread) {
  if (memory instanceof ArrayBuffer) {
    return Buffer.from(memory, streamBaseState[kArrayBufferOffset], nread);
  }
  return memory;
}

/**
 * Delivers received bytes, EOF or an error to the Socket: the `onread` of its
 * handle.
 *
 * @this {any} the handle
 * @param {Buffer | ArrayBuffer} [memory] the received bytes: a Buffer from
 *   rust-net's handles, an ArrayBuffer from others; undefined if they are in the
 *   user's buffer
 * @returns {Uint8Array | undefined} the user's next buffer
 */
function onStreamRead(memory) {
  const nread = streamBaseState[kReadBytesOrError];
  const socket = this[kOwner];
  socket[kUpdateTimer]();

  if (nread > 0 && !socket.destroyed) {
    if (socket[kBuffer]) {
      const { more, next } = deliverToUserBuffer(socket, nread);
      if (!more) stopReading(socket, this);
      return next;
    }
    const chunk = toChunk(memory, nread);
    if (soleTarget(socket) !== undefined) {
      enterRelay(socket, this, onStreamRead);
    }
    if (!emitData(socket, chunk) && !socket.push(chunk)) {
      stopReading(socket, this);
    }
    return undefined;
  }
  if (nread === uv.UV_EOF) endReading(socket);
  else if (nread !== 0) {
    socket.destroy(nameEnds(new ErrnoException(nread, 'read'), socket));
  }
  return undefined;
}

onStreamRead[kTakesBuffer] = true;
setOwnReader(onStreamRead);

/**
 * Does the same as `onStreamRead` for a handle that is not rust-net's.
 *
 * @this {any} the handle
 * @param {Uint8Array | ArrayBuffer} [memory]
 * @returns {Uint8Array | undefined}
 */
function onForeignRead(memory) {
  const state = foreignStreamState();
  streamBaseState[kReadBytesOrError] = state[kReadBytesOrError];
  streamBaseState[kArrayBufferOffset] = state[kArrayBufferOffset];
  // A copy, as in node.
  const chunk = isUint8Array(memory) ? Buffer.from(memory) : memory;
  return onStreamRead.call(this, chunk);
}

/**
 * Returns the `onread` for a handle.
 *
 * @param {any} handle
 * @returns {Function}
 */
function readerFor(handle) {
  return isOwnHandle(handle) ? onStreamRead : onForeignRead;
}

module.exports = {
  afterWriteDispatched,
  createWriteRequest,
  onStreamWriteError,
  readerFor,
  stopReading,
  writeChunk,
  writeChunks,
};
