'use strict';

/*
 * net.Stream as node 0.1 to 0.4 documented it: today's Socket with the defaults
 * of that time, and with `setSecure()`.
 */

const { codes } = require('../common/errors');
const { loadOwn } = require('../node/loader');
const { dropDecoder } = require('../node/stream-state');
const { normalizeArgs } = require('../common/normalize-args');
const { Socket } = require('../socket/socket');
const { kNormalizedArgs } = require('../common/symbols');

const { ERR_INVALID_STATE, ERR_SOCKET_CLOSED } = codes;

const kHost = '127.0.0.1';

const kAsked = Symbol('asked');
const kHeld = Symbol('held');
const kSecure = Symbol('secure');

function readOptions(given) {
  if (typeof given === 'number') return { allowHalfOpen: true, fd: given };
  return { allowHalfOpen: true, ...given };
}

/**
 * Makes a legacy Stream; works without `new`.
 *
 * @this {any}
 * @param {any} [options] those of net.Socket, or a descriptor
 * @returns {any}
 */
function Stream(options) {
  if (!(this instanceof Stream)) return new Stream(options);
  Socket.call(this, readOptions(options));
  /** @type {any} */ (this).setDefaultEncoding('ascii');
  /** True once setSecure() was called. */
  this[kAsked] = false;
  /** Calls of write() and end() while setSecure() waits for earlier writes. */
  this[kHeld] = null;
  /** The TLSSocket and whether the peer's certificate was verified. */
  this[kSecure] = null;
}
Object.setPrototypeOf(Stream.prototype, Socket.prototype);
Object.setPrototypeOf(Stream, Socket);

/** @this {any} */
function readyState() {
  if (this.connecting) return 'opening';
  if (!this._handle) return 'closed';
  if (this.readable) return this.writable ? 'open' : 'readOnly';
  return this.writable ? 'writeOnly' : 'closed';
}

Object.defineProperty(Stream.prototype, 'readyState', {
  get: readyState,
  configurable: true,
});

/**
 * Normalizes the arguments of connect(), with 127.0.0.1 as the default host.
 *
 * @param {any[]} args
 * @returns {any}
 */
function readConnectArgs(args) {
  const isNormalized = Array.isArray(args[0]) && args[0][kNormalizedArgs];
  const [given, listener] = isNormalized ? args[0] : normalizeArgs(args);
  const isPort = given.path == null;
  const options = isPort ? { ...given, host: given.host || kHost } : given;
  /** @type {any} */
  const normalized = [options, listener];
  normalized[kNormalizedArgs] = true;
  return normalized;
}

/** @this {any} */
Stream.prototype.connect = function (...args) {
  this[kSecure] = null;
  Socket.prototype.connect.call(this, readConnectArgs(args));
  // For a socket that connects again, connect() sets Socket's write() on the
  // instance, where it would hide the write() of this class.
  delete this.write;
  return this;
};

/** @this {any} */
Stream.prototype.setEncoding = function (encoding) {
  if (encoding != null) {
    return Socket.prototype.setEncoding.call(this, encoding);
  }
  // Back to Buffers, which today's streams have no method for.
  dropDecoder(this);
  return this;
};

/** @this {any} */
Stream.prototype.write = function (...args) {
  if (this[kHeld] === null) return Socket.prototype.write.apply(this, args);
  this[kHeld].push(['write', args]);
  return false;
};

/** @this {any} */
Stream.prototype.end = function (...args) {
  if (this[kHeld] === null) return Socket.prototype.end.apply(this, args);
  this[kHeld].push(['end', args]);
  return this;
};

function releaseHeld(stream) {
  const held = stream[kHeld];
  stream[kHeld] = null;
  for (const [verb, args] of held) stream[verb](...args);
  const wasWritten = held.some(([verb]) => verb === 'write');
  if (!wasWritten || stream.writableNeedDrain) return;
  process.nextTick(() => stream.emit('drain'));
}

/** Fails the writes that are still held: they will not be sent any more. */
function dropHeld(stream) {
  for (const [, args] of stream[kHeld] ?? []) {
    const callback = args[args.length - 1];
    if (typeof callback === 'function') callback(new ERR_SOCKET_CLOSED());
  }
  stream[kAsked] = false;
  stream[kHeld] = null;
}

function startSecure(stream, credentials) {
  // Loaded on use: it needs node's cryptography.
  const { afterWrites, makeSecure } = loadOwn(() => require('./secure'));
  // The peer may send TLS from now on.
  stream._handle.readStop();
  afterWrites(stream, () => {
    makeSecure(stream, credentials, (socket, verified) => {
      stream[kSecure] = { socket, verified };
      stream.emit('secure');
    });
    releaseHeld(stream);
  });
}

/**
 * Turns the stream into a TLS one. Earlier writes are sent unencrypted, later
 * ones encrypted. 'secure' is emitted after the handshake, in which an accepted
 * stream is the server.
 *
 * @this {any}
 * @param {any} [credentials] the result of `tls.createSecureContext`, or the old
 *   `{ key, cert, ca }`; with `ca`, a server requests a client certificate
 * @throws {Error} ERR_INVALID_STATE on a second call
 */
Stream.prototype.setSecure = function (credentials) {
  if (this[kAsked]) throw new ERR_INVALID_STATE('The stream is already secure');
  const secure = loadOwn(() => require('./secure'));
  const read = secure.readCredentials(credentials);
  this[kAsked] = true;
  this[kHeld] = [];
  this.once('close', () => dropHeld(this));
  if (this.connecting || !this._handle) {
    this.once('connect', () => startSecure(this, read));
  } else {
    startSecure(this, read);
  }
};

/**
 * Returns true when a trusted authority has signed the peer's certificate. The
 * name in the certificate is not checked.
 *
 * @this {any}
 * @returns {boolean}
 */
Stream.prototype.verifyPeer = function () {
  return this[kSecure] !== null && this[kSecure].verified;
};

/**
 * Returns the peer's certificate.
 *
 * @this {any}
 * @returns {object} empty when the stream is not secure or the peer sent none
 */
Stream.prototype.getPeerCertificate = function () {
  return this[kSecure]?.socket.getPeerCertificate() ?? {};
};

/**
 * Returns the cipher in use.
 *
 * @this {any}
 * @returns {object} `name` and `version`; empty when the stream is not secure
 */
Stream.prototype.getCipher = function () {
  return this[kSecure]?.socket.getCipher() ?? {};
};

/**
 * Makes a Stream and starts to connect it.
 *
 * @param {...any} args `(port, [host])`, `(path)`, or what connect() takes today
 * @returns {any}
 */
function createConnection(...args) {
  const normalized = readConnectArgs(args);
  const [options] = normalized;
  /** @type {any} */
  const stream = new Stream(options);
  if (options.timeout) stream.setTimeout(options.timeout);
  return stream.connect(normalized);
}

module.exports = { Stream, createConnection };
