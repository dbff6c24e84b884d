'use strict';

/*
 * TLS over a socket of rust-net. Node's tls takes any stream, through a wrapper,
 * but treats only node's own sockets as sockets. Only these may still be
 * connecting, have addresses and options, and close together with the TLSSocket.
 */

const { isOwnInstance } = require('./instance-of');
const { functionOf, internal } = require('./internals');
const { countLoaded, isLoaded } = require('./loaded-modules');
const {
  bufferedChunks,
  dropDecoder,
  ignoreReadableListeners,
} = require('./stream-state');
const { loadOwn } = require('./loader');

const kBinding = 'Internal Binding tls_wrap';
const kNoSocket = -1;

/** How many entries of node's list of loaded modules have been searched. */
let searched = 0;

function isTlsLoaded() {
  const from = searched;
  searched = countLoaded();
  return searched > from && isLoaded(kBinding, from);
}

function toMilliseconds(seconds) {
  return seconds === undefined ? undefined : seconds * 1000;
}

/** Makes the verbs of a TLSSocket's handle that act on the socket beneath it. */
function createVerbs(socket) {
  const readAddress = (verb) => (out) =>
    socket._handle?.[verb] ? socket._handle[verb](out) : kNoSocket;
  return {
    getsockname: readAddress('getsockname'),
    getpeername: readAddress('getpeername'),
    ref: () => void socket.ref(),
    unref: () => void socket.unref(),
    setNoDelay: (enable) => void socket.setNoDelay(enable),
    // Handles take seconds, sockets milliseconds.
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
 * Sends all received bytes to one listener, and hides them from all others. Over
 * a socket of node:net, TLS takes the handle, so 'data' listeners get nothing but
 * what the program emits itself.
 *
 * @param {any} socket rust-net's
 * @param {Function} listener called for what was read
 */
function redirectData(socket, listener) {
  const { emit, push, read } = socket;
  let isReading = false;
  // Since Node 26.12 a flowing stream emits some of its chunks without read().
  const received = new WeakSet(bufferedChunks(socket));
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
    // The stream stops flowing when the program removes the listeners.
    if (this.readableFlowing === null) this.resume();
    if (args[0] instanceof Uint8Array) received.add(args[0]);
    return push.apply(this, args);
  });
  socket.read = reading(read);
  socket.emit = function (event, ...args) {
    if (event === 'readable') return false;
    if (event !== 'data' || !(isReading || received.has(args[0]))) {
      return emit.call(this, event, ...args);
    }
    const wasReading = isReading;
    isReading = false;
    try {
      listener.apply(this, args);
    } finally {
      isReading = wasReading;
    }
    return true;
  };
}

/** Undoes `setEncoding`, because TLS needs bytes. */
function dropEncoding(socket) {
  const { readableEncoding: encoding } = socket;
  if (!encoding) return;
  const text = socket.readableLength > 0 ? socket.read() : null;
  dropDecoder(socket);
  if (text !== null) socket.unshift(Buffer.from(text, encoding));
}

/**
 * Makes TLS the only reader of the socket.
 *
 * @param {any} socket rust-net's; the wrapper's 'data' listener is the last one
 */
function readForTls(socket) {
  dropEncoding(socket);
  const listener = socket.listeners('data').at(-1);
  redirectData(socket, listener);
  socket.removeListener('data', listener);
  // A stream flows only with a 'data' listener and without 'readable' listeners.
  socket.on('data', ignore);
  if (socket.listenerCount('readable') === 0) return;
  ignoreReadableListeners(socket);
  socket.resume();
}

/**
 * Does what the TLSSocket constructor does at its end for a socket of node:net.
 *
 * @param {any} tlsSocket
 * @param {any} socket rust-net's
 * @param {any} wrapper node's stream that carries the bytes between the two
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
  // After the peer's EOF, TLS still sends a last record, and then ends the socket.
  socket.allowHalfOpen = true;
  // The wrapper's own 'close' comes one loop iteration later.
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
  // A Node without cryptography has no tls.
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
  /** True when `prepare` has nothing left to do. */
  ready: false,

  /**
   * Patches node's tls for rust-net's sockets, if it is loaded.
   *
   * @param {Function} Socket rust-net's
   */
  prepare(Socket) {
    if (!isTlsLoaded()) return;
    bridge.ready = true;
    wrapInit(Socket);
  },
};

module.exports = bridge;
