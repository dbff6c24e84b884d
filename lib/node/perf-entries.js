'use strict';

/*
 * The 'net' entries of perf_hooks. Only node's own net can make them: the
 * function that follows its connect does, for the context that it finds on the
 * owner of the handle. So it is given owners that are nothing but a context.
 */

const debug = require('util').debuglog('net');

const { netClientSocketChannel } = require('./channels');
const { internal } = require('./internals');
const { loadOwn } = require('./loader');
const nodeNet = require('./net');
const { kPerfContext } = require('../common/symbols');

const ignore = () => {};

/** Everything that node's function asks an owner for, before the context. */
const plainOwner = {
  connecting: true,
  destroyed: false,
  readable: true,
  writable: true,
  emit: ignore,
  isPaused: () => true,
  _unrefTimer: ignore,
};

/** Subscribers want to hear of users' sockets only. */
function unpublished(act) {
  Object.defineProperty(netClientSocketChannel, 'publish', {
    value: ignore,
    configurable: true,
  });
  act();
  delete (/** @type {any} */ (netClientSocketChannel).publish);
}

/**
 * Lets a Socket of node's connect a handle that does nothing, for the request
 * that it makes: the function hangs on it.
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
  // A path is connected to within this call, and needs no look-up.
  unpublished(() => socket.connect({ path: 'nowhere' }));
  return handle;
}

/** The last symbol that the function asks an owner for is the context's. */
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
 * @returns {((read: () => object | undefined) => void) | null} node's function,
 *   for an owner whose context is what `read` answers; null where it is not to
 *   be found
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
let questions = 0;

/** What node's net says of itself with NODE_DEBUG=net would pass for ours. */
function untold(act) {
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
  untold(() => {
    // Found on the first connect: a server never pays for it.
    finishOf()?.(read);
  });
}

function countQuestion() {
  return ++questions === 1;
}

/**
 * Node asks for the context a second time only where somebody observes.
 *
 * @returns {boolean}
 */
function isObserved() {
  questions = 0;
  enqueue(countQuestion);
  return questions > 1;
}

/**
 * Begins the entry of a connection, where 'net' entries are observed.
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
 * Ends the entry, and hands it to those who observe.
 *
 * @param {any} socket
 */
function endEntry(socket) {
  const context = socket[kPerfContext];
  if (context !== undefined) enqueue(() => context);
}

module.exports = { endEntry, startEntry };
