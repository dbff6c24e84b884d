'use strict';

/*
 * Descriptors that are passed over Unix-domain sockets: `writeDescriptors` and the
 * event 'descriptors'.
 *
 * A socket takes descriptors only while somebody listens. Otherwise the system closes
 * them, and nothing is paid for them.
 */

const { Duplex } = require('stream');
const { isUint8Array } = require('util').types;

const { ErrnoException, codes } = require('../common/errors');
const { kHandle, kTakesDescriptors } = require('../common/symbols');
const {
  validateArray,
  validateFunction,
  validateInt32,
} = require('../common/validators');
const { byteLengthOf, viewOf } = require('../handle/bytes');
const { closeAll } = require('../handle/descriptors');
const { uv } = require('../handle/native');
const { createWriteRequest, afterWriteDispatched } = require('./stream-io');

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE } = codes;
const { UV_ENOTCONN, UV_ENOTSUP } = /** @type {Record<string, number>} */ (uv);

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {(error?: Error | null) => void} Callback
 */

/** The most descriptors in one message: Linux's `SCM_MAX_FD`. */
const MOST = 253;

const EVENT = 'descriptors';

/** On a chunk: what its descriptors are held under. */
const kTicket = Symbol('ticket');
/** On a Socket: how many of its chunks with descriptors are not written. */
const kUnwritten = Symbol('unwritten');

const { addListener, prependListener } = Duplex.prototype;

/**
 * Emits 'descriptors': the `ondescriptors` of a handle. Without a listener the
 * descriptors are closed, and the socket takes no more of them.
 *
 * @this {Members} the handle
 * @param {number[]} fds
 */
function onDescriptors(fds) {
  const socket = this.owner;
  if (!socket.destroyed && socket.emit(EVENT, fds)) return;
  closeAll(fds);
  socket[kTakesDescriptors] = false;
  this.setTakesDescriptors(false);
}

/**
 * Makes a socket's handle take the descriptors that come.
 *
 * @param {Members} handle
 */
function takeDescriptors(handle) {
  // Only a Unix-domain socket can.
  if (typeof handle.setTakesDescriptors !== 'function') return;
  handle.ondescriptors = onDescriptors;
  handle.setTakesDescriptors(true);
}

/**
 * Takes descriptors from the first listener on.
 *
 * @param {Members} socket
 * @param {string | symbol} event
 */
function noteListener(socket, event) {
  if (event !== EVENT || socket[kTakesDescriptors] === true) return;
  socket[kTakesDescriptors] = true;
  const handle = socket[kHandle];
  if (handle) takeDescriptors(handle);
}

/**
 * Returns the bytes to write, as an object that the stream passes on as it is.
 *
 * @param {unknown} data
 * @returns {Buffer & Members}
 */
function bytesOf(data) {
  if (typeof data !== 'string' && !isUint8Array(data)) {
    const types = ['string', 'Buffer', 'Uint8Array'];
    throw new ERR_INVALID_ARG_TYPE('data', types, data);
  }
  const given = typeof data === 'string' ? Buffer.from(data) : data;
  const length = byteLengthOf(given);
  if (length === 0) {
    throw new ERR_INVALID_ARG_VALUE('data', data, 'must not be empty');
  }
  const { buffer, byteOffset } = viewOf(given, 0, length);
  return Buffer.from(buffer, byteOffset, length);
}

/**
 * Returns a copy of the list, of which each element was read once.
 *
 * @param {readonly unknown[]} fds
 * @returns {number[]}
 */
function checkedDescriptors(fds) {
  validateArray(fds, 'fds');
  const { length } = fds;
  if (length < 1 || length > MOST) {
    throw new ERR_OUT_OF_RANGE('fds.length', `>= 1 && <= ${MOST}`, length);
  }
  const list = [];
  for (let i = 0; i < length; i++) {
    const fd = fds[i];
    validateInt32(fd, `fds[${i}]`, 0);
    list.push(Number(fd));
  }
  return list;
}

/**
 * Duplicates the descriptors, so that the program may close them at once.
 *
 * @param {Members} socket
 * @param {number[]} fds
 * @returns {number} what they are held under
 * @throws {Error} ENOTCONN without a connection, ENOTSUP for TCP and on Windows, and
 *   the system's, such as EBADF
 */
function hold(socket, fds) {
  const handle = socket[kHandle];
  if (!handle) throw new ErrnoException(UV_ENOTCONN, 'writeDescriptors');
  const ticket = handle.holdDescriptors?.(fds) ?? UV_ENOTSUP;
  if (ticket >= 0) return ticket;
  const isState = ticket === UV_ENOTSUP || ticket === UV_ENOTCONN;
  throw new ErrnoException(ticket, isState ? 'writeDescriptors' : 'dup');
}

/**
 * Replaces the socket's way to its handle until all chunks with descriptors are
 * written. Others keep it, and the stream keeps the order: without `_writev` it makes
 * one write of each chunk.
 *
 * @param {Members} socket
 */
function divertWrites(socket) {
  const { _writeGeneric, _writev } = socket;
  socket[kUnwritten] = { count: 0, _writeGeneric, _writev };
  socket._writev = null;
  socket._writeGeneric = writeEither;
}

/** @param {Members} socket */
function noteWritten(socket) {
  const unwritten = socket[kUnwritten];
  unwritten.count--;
  if (unwritten.count > 0) return;
  socket._writeGeneric = unwritten._writeGeneric;
  socket._writev = unwritten._writev;
  socket[kUnwritten] = undefined;
}

/**
 * Writes one chunk, with its descriptors if it has some: `_writeGeneric` meanwhile.
 *
 * @this {Members} the socket
 * @param {boolean} writev
 * @param {Members} data
 * @param {string} encoding
 * @param {Callback} callback
 */
function writeEither(writev, data, encoding, callback) {
  const ticket = data[kTicket];
  const handle = this[kHandle];
  const isPlain = ticket === undefined || this.connecting || !handle;
  if (isPlain || typeof handle.writeDescriptors !== 'function') {
    this[kUnwritten]._writeGeneric.call(this, writev, data, encoding, callback);
    return;
  }
  this._pendingData = null;
  this._pendingEncoding = '';
  this._unrefTimer();
  const request = createWriteRequest(handle);
  request.buffer = data;
  const status = handle.writeDescriptors(request, data, ticket);
  afterWriteDispatched(request, status, callback);
}

const descriptorMethods = {
  /**
   * Writes data together with descriptors, which the peer gets as its own.
   *
   * @this {Members}
   * @param {string | Uint8Array} data at least one byte
   * @param {number[]} fds 1 to 253 open descriptors; may be closed after the call
   * @param {Callback} [callback] as for `write()`
   * @returns {boolean} as `write()` does
   */
  writeDescriptors(data, fds, callback) {
    const bytes = bytesOf(data);
    const list = checkedDescriptors(fds);
    if (callback !== undefined) validateFunction(callback, 'callback');
    // What is over reports itself as any write does.
    if (this.destroyed || this.writableEnded) {
      return this.write(bytes, callback);
    }
    bytes[kTicket] = hold(this, list);
    if (this[kUnwritten] === undefined) divertWrites(this);
    this[kUnwritten].count++;
    return this.write(bytes, (/** @type {Error | null} */ error) => {
      noteWritten(this);
      callback?.(error);
    });
  },

  /**
   * @this {Members}
   * @param {string | symbol} event
   * @param {(...args: unknown[]) => void} listener
   */
  on(event, listener) {
    addListener.call(this, event, listener);
    noteListener(this, event);
    return this;
  },

  /**
   * @this {Members}
   * @param {string | symbol} event
   * @param {(...args: unknown[]) => void} listener
   */
  prependListener(event, listener) {
    prependListener.call(this, event, listener);
    noteListener(this, event);
    return this;
  },
};

module.exports = { descriptorMethods, takeDescriptors };
