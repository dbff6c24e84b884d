'use strict';

/*
 * TLS over a socket of ours. Node's tls takes any stream, by way of a wrapper,
 * but treats only its own sockets as sockets: which may still be connecting,
 * have addresses and options, and end together with the TLS on top of them.
 */

const { isOwnInstance } = require('./instance-of');
const { functionOf, internal } = require('./internals');
const { countLoaded, isLoaded } = require('./loaded-modules');
const { dropDecoder, ignoreReadableListeners } = require('./stream-state');
const { loadOwn } = require('./loader');

const kBinding = 'Internal Binding tls_wrap';
const kNoSocket = -1;

/** How much of node's list of loaded modules has been looked at. */
let looked = 0;

function isTlsLoaded() {
  const from = looked;
  looked = countLoaded();
  return looked > from && isLoaded(kBinding, from);
}

function toMilliseconds(seconds) {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** The verbs of a TLSSocket's handle that mean the socket underneath. */
function createVerbs(socket) {
  const readAddress = (verb) => (out) =>
    socket._handle?.[verb] ? socket._handle[verb](out) : kNoSocket;
  return {
    getsockname: readAddress('getsockname'),
    getpeername: readAddress('getpeername'),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    setNoDelay: (enable) => void socket.setNoDelay(enable),
    // A handle's are seconds.
    setKeepAlive: (enable, delay, interval, count) =>
      void socket.setKeepAlive(
        enable,
        toMilliseconds(delay),
        toMilliseconds(interval),
        count,
      ),
  };
}

function ignore() {}

/**
 * Of a socket of node's TLS takes the handle: what listens on the socket hears of
 * no bytes any more, but of what the program emits there itself.
 *
 * @param {any} socket ours
 * @param {Function} listener is called for what was read, in place of all that
 *   listen
 */
function redirectData(socket, listener) {
  const { emit, push, read } = socket;
  let isReading = false;
  const reading = (verb) =>
    function (...args) {
      const wasReading = isReading;
      isReading = true;
      try {
        return verb.apply(this, args);
      } finally {
        isReading = wasReading;
      }
    };
  socket.push = reading(function (...args) {
    // Without listeners, which the program may remove, a stream does not flow.
    if (this.readableFlowing === null) this.resume();
    return push.apply(this, args);
  });
  socket.read = reading(read);
  socket.emit = function (event, ...args) {
    if (event === 'readable') return false;
    if (event !== 'data' || !isReading) return emit.call(this, event, ...args);
    isReading = false;
    try {
      listener.apply(this, args);
    } finally {
      isReading = true;
    }
    return true;
  };
}

/** Undoes `setEncoding`: TLS is no text. */
function dropEncoding(socket) {
  const { readableEncoding: encoding } = socket;
  if (!encoding) return;
  const text = socket.readableLength > 0 ? socket.read() : null;
  dropDecoder(socket);
  if (text !== null) socket.unshift(Buffer.from(text, encoding));
}

/**
 * Has TLS alone read the socket.
 *
 * @param {any} socket ours; the wrapper was the last to listen
 */
function readForTls(socket) {
  dropEncoding(socket);
  const listener = socket.listeners('data').at(-1);
  redirectData(socket, listener);
  socket.removeListener('data', listener);
  // A stream flows where somebody listens, and not where 'readable' is used.
  socket.on('data', ignore);
  if (socket.listenerCount('readable') === 0) return;
  ignoreReadableListeners(socket);
  socket.resume();
}

/**
 * What node does for a socket of its own, at the end of the constructor.
 *
 * @param {any} tlsSocket
 * @param {any} socket ours
 * @param {any} wrapper what carries the bytes between the two
 */
function attach(tlsSocket, socket, wrapper) {
  tlsSocket._parent = socket;
  readForTls(socket);
  // The handshake waits for the connection.
  tlsSocket.connecting = socket.connecting || !socket._handle;
  socket.once('connect', () => {
    tlsSocket.connecting = false;
    tlsSocket.emit('connect');
  });
  // TLS has a last record to send after the peer's end, and ends the socket
  // when it has.
  socket.allowHalfOpen = true;
  // The wrapper's own 'close' comes a turn later.
  socket.once('close', () => tlsSocket.destroy());
  Object.assign(wrapper._handle, createVerbs(socket));
}

const initOf = internal(
  'TLSSocket.prototype._init',
  'TLS treats rust-net sockets as plain streams: no addresses, no timeouts',
  () => functionOf(loadTls().prototype._init),
);

function loadTls() {
  const { TLSSocket } = loadOwn(() => require('tls'));
  return /** @type {any} */ (TLSSocket);
}

function wrapInit(Socket) {
  // A Node without cryptography has no tls to teach.
  const init = initOf();
  if (init === undefined) return;
  loadTls().prototype._init = function _init(socket, wrapper, ...rest) {
    init.call(this, socket, wrapper, ...rest);
    if (wrapper?._handle && isOwnInstance(Socket, socket)) {
      attach(this, socket, wrapper);
    }
  };
}

const bridge = {
  /** Whether there is nothing left to do for `prepare`. */
  ready: false,

  /**
   * Teaches node's tls about our sockets, if it is loaded.
   *
   * @param {Function} Socket ours
   */
  prepare(Socket) {
    if (!isTlsLoaded()) return;
    bridge.ready = true;
    wrapInit(Socket);
  },
};

module.exports = bridge;
