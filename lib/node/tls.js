'use strict';

/*
 * TLS over a socket of rust-net. Node's tls takes any stream, through a wrapper,
 * but treats only node's own sockets as sockets. Only these may still be
 * connecting, have addresses and options, and close together with the TLSSocket.
 *
 * A connected socket is handed over, where that is possible: then it is on a handle
 * of node's, and node takes it for a socket of its own. `attach` is for the others.
 */

const { isOwnInstance } = require('./instance-of');
const { functionOf, internal } = require('./internals');
const { countLoaded, isLoaded } = require('./loaded-modules');
const {
  bufferedChunks,
  dropDecoder,
  ignoreReadableListeners,
} = require('./stream-state');
const { kHandedOver } = require('../common/symbols');
const { isAtLeast } = require('./release');
const { answerTlsSocket, loadTls } = require('./tls-question');

const kBinding = 'Internal Binding tls_wrap';
const kNoSocket = -1;
// Node 18 leaves a TLSSocket open when the socket beneath it is destroyed.
const closesAlong = isAtLeast(20);

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

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 *
 * @typedef {object} Layers
 * @property {Function} Socket rust-net's
 * @property {(socket: Members) => HandedOver | undefined} handOver moves a socket to a
 *   handle of node's, where that is possible
 * @property {(socket: Members, state: HandedOver) => void} continueAlone lets it go on
 *   without TLS
 *
 * @typedef {object} HandedOver
 * @property {Buffer[]} early what TLS must get before what it reads itself
 * @property {boolean} wasReading
 */

/** @type {WeakMap<object, HandedOver>} the sockets that TLS has got the handles of */
const handedOver = new WeakMap();

/** Gives TLS what the socket has received: first what its stream has buffered. */
function deliverEarly(
  /** @type {Members} */ tlsSocket,
  /** @type {Members} */ socket,
  /** @type {Buffer[]} */ early,
) {
  const encoding = socket.readableEncoding ?? undefined;
  const receive = (/** @type {string | Buffer} */ data) =>
    tlsSocket._handle?.receive(
      typeof data === 'string' ? Buffer.from(data, encoding) : data,
    );
  let data;
  while ((data = socket.read()) !== null) receive(data);
  early.forEach(receive);
}

/**
 * Does what remains for a TLSSocket on a handle of node's. Node itself delivers what
 * the socket's stream has buffered, in a tick that follows, but takes no text.
 */
function attachDirectly(
  /** @type {Members} */ tlsSocket,
  /** @type {Members} */ socket,
) {
  // What node does for a socket that it knows: its timeout sees TLS's traffic.
  tlsSocket._parent = socket;
  if (!closesAlong) socket.once('close', () => tlsSocket.destroy());
  const state = handedOver.get(socket);
  const early = state?.early.splice(0) ?? [];
  const hasText = socket.readableEncoding && socket.readableLength > 0;
  if (early.length === 0 && !hasText) return;
  process.nextTick(deliverEarly, tlsSocket, socket, early);
}

function wrapInit(/** @type {Layers} */ { Socket }) {
  // A Node without cryptography has no tls.
  const init = initOf();
  if (init === undefined) return;
  /** @this {Members} */
  loadTls().prototype._init = function _init(
    /** @type {Members[]} */ ...[socket, wrapper, ...rest]
  ) {
    init.call(this, socket, wrapper, ...rest);
    if (!wrapper?._handle || !isOwnInstance(Socket, socket)) return;
    if (wrapper === socket) attachDirectly(this, socket);
    else attach(this, socket, wrapper);
  };
}

const wrapHandleOf = internal(
  'TLSSocket.prototype._wrapHandle',
  'a socket stops reading when TLS on top of it could not be set up',
  () => functionOf(loadTls().prototype._wrapHandle),
);

function wrapWrapHandle(/** @type {Layers} */ { continueAlone }) {
  const wrapHandle = wrapHandleOf();
  if (wrapHandle === undefined) return;
  /** @this {Members} */
  loadTls().prototype._wrapHandle = function _wrapHandle(
    /** @type {Members[]} */ ...[socket, ...rest]
  ) {
    try {
      return wrapHandle.call(this, socket, ...rest);
    } catch (error) {
      const state = handedOver.get(socket);
      if (state !== undefined) continueAlone(socket, state);
      throw error;
    }
  };
}

const bridge = {
  /** True when `prepare` has nothing left to do. */
  ready: false,

  /**
   * Patches node's tls for rust-net's sockets, if it is loaded.
   *
   * @param {Layers} layers
   */
  prepare(layers) {
    if (!isTlsLoaded()) return;
    bridge.ready = true;
    wrapInit(layers);
    wrapWrapHandle(layers);
  },

  /**
   * Hands sockets over when TLSSocket asks whether they are node's.
   *
   * @param {Layers} layers
   */
  answerTls(layers) {
    const { Socket, handOver } = layers;
    answerTlsSocket({
      knows(/** @type {unknown} */ object) {
        if (!isOwnInstance(Socket, object)) return false;
        if (!bridge.ready) bridge.prepare(layers);
        return bridge.ready;
      },
      answer(/** @type {Members} */ object) {
        // A second TLSSocket, after the first could not be made.
        if (object._handle?.[kHandedOver]) return true;
        const state = handOver(object);
        if (state !== undefined) handedOver.set(object, state);
        return state !== undefined;
      },
    });
  },
};

module.exports = bridge;
