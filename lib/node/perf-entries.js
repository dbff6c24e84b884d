'use strict';

/*
 * The 'net' entries of perf_hooks. Only node's own net can make them: its
 * `afterConnect` does, from the context on the owner of the handle. So this file
 * calls that function with a minimal owner that carries such a context.
 */

const debug = require('util').debuglog('net');

const { netClientSocketChannel } = require('./channels');
const { internal } = require('./internals');
const { loadOwn } = require('./loader');
const nodeNet = require('./net');
const { kPerfContext } = require('../common/symbols');

const ignore = () => {};

/** The properties that node's function reads of an owner before the context. */
const plainOwner = {
  connecting: true,
  destroyed: false,
  readable: true,
  writable: true,
  emit: ignore,
  isPaused: () => true,
  _unrefTimer: ignore,
};

/**
 * Calls `act` without publishing to the diagnostics channel, whose subscribers
 * expect users' sockets only.
 */
function withoutPublishing(act) {
  Object.defineProperty(netClientSocketChannel, 'publish', {
    value: ignore,
    configurable: true,
  });
  act();
  delete (/** @type {any} */ (netClientSocketChannel).publish);
}

/**
 * Connects a socket of node:net over a handle that does nothing. The request that
 * node makes for this has `afterConnect` as its `oncomplete`.
 *
 * @returns {any} the handle, with the request as `req`
 */
function connectNothing() {
  /** @type {any} */
  const handle = { getAsyncId: () => 0, req: undefined };
  handle.connect = (/** @type {any} */ req) => {
    handle.req = req;
    return 0;
  };
  /** @type {any} */
  const socket = new nodeNet.Socket(
    /** @type {any} */ ({ handle, manualStart: true }),
  );
  // With a path, node connects within this call and looks nothing up.
  withoutPublishing(() => socket.connect({ path: 'nowhere' }));
  return handle;
}

/**
 * Finds the symbol of the context: the last property that node's function reads
 * of an owner.
 */
function findContextSymbol(finish) {
  let last;
  finish(
    new Proxy(plainOwner, {
      get: (target, key) => {
        last = key;
        return target[key];
      },
      set: () => true,
    }),
  );
  return typeof last === 'symbol' ? last : undefined;
}

/**
 * Finds node's `afterConnect`.
 *
 * @returns {((read: () => object | undefined) => void) | null} calls it with an
 *   owner whose context is what `read` returns; null where it is not found
 */
function findFinish() {
  const { req, ...handle } = connectNothing();
  const [ownerSymbol] = Object.getOwnPropertySymbols(handle);
  if (ownerSymbol === undefined || !req) return null;
  const finish = (/** @type {object} */ owner) =>
    req.oncomplete(0, { [ownerSymbol]: owner }, req, true, true);
  const contextSymbol = findContextSymbol(finish);
  if (contextSymbol === undefined) return null;
  const owner = { ...plainOwner, read: ignore };
  Object.defineProperty(owner, contextSymbol, { get: () => owner.read() });
  return (read) => {
    owner.read = read;
    owner.connecting = true;
    finish(owner);
  };
}

const finishOf = internal(
  'afterConnect',
  "perf_hooks has no 'net' entries for rust-net sockets",
  () => findFinish() ?? undefined,
);
/** How often node has read the context since `isObserved` began. */
let reads = 0;

/**
 * Calls `act` without what node's net logs under NODE_DEBUG=net: it would look
 * like a message about the user's socket.
 */
function withoutDebugLog(act) {
  if (!debug.enabled) {
    act();
    return;
  }
  /** @type {any} */
  const { stderr } = process;
  const own = Object.getOwnPropertyDescriptor(stderr, 'write');
  Object.defineProperty(stderr, 'write', {
    value: () => true,
    configurable: true,
  });
  try {
    act();
  } finally {
    delete stderr.write;
    if (own) Object.defineProperty(stderr, 'write', own);
  }
}

function enqueue(read) {
  withoutDebugLog(() => {
    // Looked up on the first connect, so that a server never pays for it.
    finishOf()?.(read);
  });
}

function countRead() {
  return ++reads === 1;
}

/**
 * Returns true when a program observes 'net' entries. Node reads the context a
 * second time only then.
 *
 * @returns {boolean}
 */
function isObserved() {
  reads = 0;
  enqueue(countRead);
  return reads > 1;
}

/**
 * Begins the entry of a connection, when 'net' entries are observed.
 *
 * @param {any} socket
 * @param {string} host
 * @param {number} port
 */
function startEntry(socket, host, port) {
  if (!isObserved()) return;
  const { performance } = loadOwn(() => require('perf_hooks'));
  socket[kPerfContext] = {
    type: 'net',
    name: 'connect',
    detail: { host, port },
    startTime: performance.now(),
  };
}

/**
 * Ends the entry and passes it to the observers.
 *
 * @param {any} socket
 */
function endEntry(socket) {
  const context = socket[kPerfContext];
  if (context !== undefined) enqueue(() => context);
}

module.exports = { endEntry, startEntry };
