'use strict';

/*
 * What a Socket tells about itself: its addresses, its counters and its state.
 */

const { kBoundPath, kBytesRead, kBytesWritten } = require('../common/symbols');

function byteLength(chunk, encoding) {
  return typeof chunk === 'string'
    ? Buffer.byteLength(chunk, encoding)
    : chunk.length;
}

// Counts the write that waits for the connection: a chunk, or a writev's list.
function pendingLength(data, encoding) {
  if (!data) return 0;
  if (!Array.isArray(data)) return byteLength(data, encoding);
  return data.reduce(
    (sum, entry) => sum + byteLength(entry.chunk, entry.encoding),
    0,
  );
}

/**
 * @param {any} socket
 * @returns {{ address?: string, family?: string, port?: number }}
 */
function readPeerName(socket) {
  if (!socket._handle?.getpeername || socket.connecting) {
    return socket._peername || {};
  }
  if (!socket._peername) {
    const out = {};
    // Not kept when it fails: the connection may still come.
    if (socket._handle.getpeername(out)) return out;
    socket._peername = out;
  }
  return socket._peername;
}

/**
 * @param {any} socket
 * @returns {{ address?: string, family?: string, port?: number }}
 */
function readSockName(socket) {
  // A pipe handle cannot tell the path that it was bound to.
  if (socket[kBoundPath] !== undefined) return { address: socket[kBoundPath] };
  if (!socket._handle?.getsockname) return {};
  if (!socket._sockname) {
    socket._sockname = {};
    socket._handle.getsockname(socket._sockname);
  }
  return socket._sockname;
}

/**
 * @this {any}
 * @returns {number}
 */
function bytesRead() {
  return this._handle ? this._handle.bytesRead : this[kBytesRead];
}

/**
 * @this {any}
 * @returns {number} what has been handed to the handle
 */
function _bytesDispatched() {
  return this._handle ? this._handle.bytesWritten : this[kBytesWritten];
}

/**
 * @this {any}
 * @returns {number | undefined} what has been written, sent or not
 */
function bytesWritten() {
  const { writableBuffer } = this;
  if (!writableBuffer) return undefined;
  let bytes = this._bytesDispatched;
  for (const { chunk, encoding } of writableBuffer) {
    bytes += byteLength(chunk, encoding);
  }
  const { _pendingData: pending } = this;
  // A handle of the program's may not count, and nothing is added to that.
  if (!pending) return bytes;
  return bytes + pendingLength(pending, this._pendingEncoding);
}

/** @this {any} */
function remoteAddress() {
  return this._getpeername().address;
}

/** @this {any} */
function remoteFamily() {
  return this._getpeername().family;
}

/** @this {any} */
function remotePort() {
  return this._getpeername().port;
}

/** @this {any} */
function localAddress() {
  return this._getsockname().address;
}

/** @this {any} */
function localPort() {
  return this._getsockname().port;
}

/** @this {any} */
function localFamily() {
  return this._getsockname().family;
}

/** @this {any} */
function _connecting() {
  return this.connecting;
}

/** @this {any} */
function pending() {
  return !this._handle || this.connecting;
}

/** @this {any} */
function readyState() {
  if (this.connecting) return 'opening';
  if (this.readable) return this.writable ? 'open' : 'readOnly';
  return this.writable ? 'writeOnly' : 'closed';
}

/** @this {any} */
function bufferSize() {
  return this._handle ? this.writableLength : undefined;
}

module.exports = {
  _bytesDispatched,
  _connecting,
  bufferSize,
  bytesRead,
  bytesWritten,
  localAddress,
  localFamily,
  localPort,
  pending,
  readPeerName,
  readSockName,
  readyState,
  remoteAddress,
  remoteFamily,
  remotePort,
};
