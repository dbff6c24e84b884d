'use strict';

/*
 * The public object, which has the shape of `net`. The modules behind sockets
 * and servers take longer to load than everything else. Only this file delays
 * them: it loads them on the first use of `Socket`, `Server` or a function that
 * makes one.
 */

const ipc = require('./bridge/ipc-receive');
const { normalizeArgs } = require('./common/normalize-args');
const { printsStats, warnOfSettings } = require('./common/settings');
const family = require('./connect/auto-select-family');
const { isIP, isIPv4, isIPv6 } = require('./address/ip');
const { expectBinary } = require('./handle/binary');
const activeHandles = require('./node/active-handles');
const { keepLoaded, loadOwn } = require('./node/loader');
const { isMainThread } = require('./node/main-thread');
const nodeNet = require('./node/net');

/** @type {any} */
let loaded;

function load() {
  const {
    BoundSocket,
    _TransferredBoundSocket,
  } = require('./socket/bound-socket');
  return {
    ...require('./socket/socket'),
    ...require('./server/server'),
    ...require('./server/closing'),
    ...require('./server/counts'),
    ...require('./server/own-options'),
    ...require('./server/bind'),
    ...require('./socket/attach'),
    ...require('./bridge/ipc-send'),
    ...require('./handle/has-ended'),
    isEnvironmentOpen: require('./handle/native').isEnvironmentOpen,
    BoundSocket,
    _TransferredBoundSocket,
  };
}

/**
 * Loads all modules of sockets and servers at once. Once there is a socket, no
 * file needs to be read: the process may have run out of descriptors, or dropped
 * its right to read files.
 *
 * @returns {any} Socket, Server and what their modules export
 */
function loadSockets() {
  if (loaded !== undefined) return loaded;
  loaded = loadOwn(load);
  ipc.install(loadSockets);
  ipc.expectChildren();
  activeHandles.install();
  return loaded;
}

function connect(...args) {
  return loadSockets().connect(...args);
}

function createServer(options, connectionListener) {
  return loadSockets().createServer(options, connectionListener);
}

function createServerHandle(address, port, addressType, fd, flags) {
  const { createServerHandle: create } = loadSockets();
  return create(address, port, addressType, fd, flags);
}

/**
 * Returns the counters of this thread since it loaded rust-net, or those of one
 * socket or server since it was made.
 *
 * @param {any} [target] a Socket or Server of rust-net, or options
 * @returns {object} see docs/api.md
 */
function getStats(target) {
  return loadOwn(() => require('./stats/get-stats')).getStats(target);
}

/**
 * Returns the counters of this thread; undefined where it has made no socket.
 *
 * @returns {import('../index').EnvironmentStats | undefined}
 */
function statsIfUsed() {
  if (loaded === undefined || !loaded.isEnvironmentOpen()) return undefined;
  return /** @type {import('../index').EnvironmentStats} */ (getStats());
}

let hasWarned = false;

// A no-op for many releases; node removed it after release 22.
function _setSimultaneousAccepts() {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    'net._setSimultaneousAccepts() is deprecated and will be removed.',
    'DeprecationWarning',
    'DEP0121',
  );
}

const legacy =
  '_setSimultaneousAccepts' in nodeNet ? { _setSimultaneousAccepts } : {};

/** @type {object | undefined} */
let promises;

/** The keys of node:net, in the same order, and one that only rust-net has. */
const net = {
  _createServerHandle: createServerHandle,
  _normalizeArgs: normalizeArgs,
  _TransferredBoundSocket: undefined,
  ...legacy,
  // Loaded on use, as node does: few programs need them.
  get BlockList() {
    return loadOwn(() => require('./address/block-list')).BlockList;
  },
  get SocketAddress() {
    return loadOwn(() => require('./address/socket-address')).SocketAddress;
  },
  BoundSocket: undefined,
  connect,
  createConnection: connect,
  createServer,
  // In node since release 27.
  get promises() {
    promises ??= loadOwn(() => require('./promises')).promisesOf(net);
    return promises;
  },
  isIP,
  isIPv4,
  isIPv6,
  Server: undefined,
  Socket: undefined,
  Stream: undefined,
  getDefaultAutoSelectFamily: family.getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily: family.setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout:
    family.getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout:
    family.setDefaultAutoSelectFamilyAttemptTimeout,
  // Not in node:net. __test__/project/api-comparison.test.js lists such keys.
  getStats,
};

/** Makes a key a getter that replaces itself with a plain value on first use. */
function defineLazy(name, read) {
  const become = (value) =>
    Object.defineProperty(net, name, {
      value,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  Object.defineProperty(net, name, {
    get() {
      const value = read();
      become(value);
      return value;
    },
    set: become,
    configurable: true,
    enumerable: true,
  });
}

for (const name of [
  '_TransferredBoundSocket',
  'BoundSocket',
  'Server',
  'Socket',
]) {
  defineLazy(name, () => loadSockets()[name]);
}
defineLazy('Stream', () => loadSockets().Socket);

// Loaded early: it must see node's functions, not a program's replacements.
if (/** @type {any} */ (process).permission) require('./node/permission');
// Checked now rather than with the first socket, so that a broken installation
// fails at `require`.
expectBinary();
warnOfSettings(isMainThread);
if (printsStats()) require('./stats/exit-line').install(statsIfUsed);
keepLoaded();
// A parent process may send a socket before this process makes one.
if (process.connected) ipc.listenToParent(loadSockets);

module.exports = { loadSockets, net };
