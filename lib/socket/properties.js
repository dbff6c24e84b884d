'use strict';

/*
 * The getters of a Socket: its addresses, counters and state.
 */

const { kBoundPath, kBytesRead, kBytesWritten } = require('../common/symbols');

function byteLength(chunk, encoding) {
  return typeof chunk === 'string'
    ? Buffer.byteLength(chunk, encoding)
    : chunk.length;
}

// Returns the bytes of the write that waits for the connection: a chunk, or the
// list of a writev.
function pendingLength(data, encoding) {
  if (!data) return 0;
  if (!Array.isArray(data)) return byteLength(data, encoding);
  return data.reduce(
    (sum, entry) => sum + byteLength(entry.chunk, entry.encoding),
    0,
  );
}

/**
 * Returns the peer's address.
 *
 * @param {any} socket
 * @returns {{ address?: string, family?: string, port?: number }} empty before
 *   the socket is connected
 */
function readPeerName(socket) {
  if (!socket._handle?.getpeername || socket.connecting) {
    return socket._peername || {};
  }
  if (!socket._peername) {
    const out = {};
    // Not cached on failure: the socket may connect later.
    if (socket._handle.getpeername(out)) return out;
    socket._peername = out;
  }
  return socket._peername;
}

/**
 * Returns the local address.
 *
 * @param {any} socket
 * @returns {{ address?: string, family?: string, port?: number }} empty without a
 *   handle
 */
function readSockName(socket) {
  // A pipe handle does not know the path that it is bound to.
  if (socket[kBoundPath] !== undefined) return { address: socket[kBoundPath] };
  if (!socket._handle?.getsockname) return {};
  if (!socket._sockname) {
    socket._sockname = {};
    socket._handle.getsockname(socket._sockname);
  }
  return socket._sockname;
}

/**
 * Returns how many bytes were received.
 *
 * @this {any}
 * @returns {number}
 */
function bytesRead() {
  return this._handle ? this._handle.bytesRead : this[kBytesRead];
}

/**
 * Returns how many bytes were passed to the handle.
 *
 * @this {any}
 * @returns {number}
 */
function _bytesDispatched() {
  return this._handle ? this._handle.bytesWritten : this[kBytesWritten];
}

/**
 * Returns how many bytes were written, sent or not.
 *
 * @this {any}
 * @returns {number | undefined} undefined before the Duplex is set up
 */
function bytesWritten() {
  const { writableBuffer } = this;
  if (!writableBuffer) return undefined;
  let bytes = this._bytesDispatched;
  for (const { chunk, encoding } of writableBuffer) {
    bytes += byteLength(chunk, encoding);
  }
  const { _pendingData: pending } = this;
  // Returned as it is: a handle that the program wrote may not count, and then
  // `bytes` is not a number.
  if (!pending) return bytes;
  return bytes + pendingLength(pending, this._pendingEncoding);
}

/**
 * Returns the peer's IP address.
 *
 * @this {any}
 */
function remoteAddress() {
  return this._getpeername().address;
}

/**
 * Returns 'IPv4' or 'IPv6'.
 *
 * @this {any}
 */
function remoteFamily() {
  return this._getpeername().family;
}

/**
 * Returns the peer's port.
 *
 * @this {any}
 */
function remotePort() {
  return this._getpeername().port;
}

/**
 * Returns the local IP address, or the path of a bound pipe.
 *
 * @this {any}
 */
function localAddress() {
  return this._getsockname().address;
}

/**
 * Returns the local port.
 *
 * @this {any}
 */
function localPort() {
  return this._getsockname().port;
}

/**
 * Returns 'IPv4' or 'IPv6'.
 *
 * @this {any}
 */
function localFamily() {
  return this._getsockname().family;
}

/**
 * Returns `connecting`, under its old name.
 *
 * @this {any}
 */
function _connecting() {
  return this.connecting;
}

/**
 * Returns true before the socket is connected, and after it is closed.
 *
 * @this {any}
 */
function pending() {
  return !this._handle || this.connecting;
}

/**
 * Returns 'opening', 'open', 'readOnly', 'writeOnly' or 'closed'.
 *
 * @this {any}
 */
function readyState() {
  if (this.connecting) return 'opening';
  if (this.readable) return this.writable ? 'open' : 'readOnly';
  return this.writable ? 'writeOnly' : 'closed';
}

/**
 * Returns how many bytes wait in the Duplex; deprecated by node.
 *
 * @this {any}
 */
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
