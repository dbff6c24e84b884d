'use strict';

/*
 * net.Stream as node 0.1 to 0.4 documented it: a Socket of today with the
 * defaults of that time, and with TLS on request.
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
 * @this {any}
 * @param {any} [options] those of net.Socket, or a descriptor
 * @returns {any}
 */
function Stream(options) {
  if (!(this instanceof Stream)) return new Stream(options);
  Socket.call(this, readOptions(options));
  /** @type {any} */ (this).setDefaultEncoding('ascii');
  /** Whether setSecure() was called. */
  this[kAsked] = false;
  /** What is written while setSecure() waits for what was written before. */
  this[kHeld] = null;
  /** The TLSSocket and how the peer's verification went. */
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
 * The arguments of connect() with the host that used to be the default.
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
  // What it puts back, for a socket that connects again, is not our write().
  delete this.write;
  return this;
};

/** @this {any} */
Stream.prototype.setEncoding = function (encoding) {
  if (encoding != null) {
    return Socket.prototype.setEncoding.call(this, encoding);
  }
  // Buffers again. The stream of today knows no way back.
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

/** Nothing will be sent any more of what waits. */
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
  // From here on the peer may send TLS.
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
 * Turns the stream into a TLS one: what was written before goes out as it is,
 * what is written later is encrypted. 'secure' follows. An accepted stream is
 * the server of the handshake.
 *
 * @this {any}
 * @param {any} [credentials] what `tls.createSecureContext` returns, or the old
 *   `{ key, cert, ca }`; with authorities a server asks for a certificate
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
 * @this {any}
 * @returns {boolean} whether an authority that we know has signed the peer's
 *   certificate; whose it is, is another question
 */
Stream.prototype.verifyPeer = function () {
  return this[kSecure] !== null && this[kSecure].verified;
};

/**
 * @this {any}
 * @returns {object} empty when the stream is not secure or the peer gave none
 */
Stream.prototype.getPeerCertificate = function () {
  return this[kSecure]?.socket.getPeerCertificate() ?? {};
};

/**
 * @this {any}
 * @returns {object} `name` and `version`; empty when the stream is not secure
 */
Stream.prototype.getCipher = function () {
  return this[kSecure]?.socket.getCipher() ?? {};
};

/**
 * A Stream on its way to a peer.
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
