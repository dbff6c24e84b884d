'use strict';

/*
 * The public object, of net's shape. What sockets and servers work with takes
 * longer to load than all the rest: this file alone waits with it until somebody
 * uses `Socket`, `Server` or one of their siblings.
 */

const ipc = require('./bridge/ipc-receive');
const { normalizeArgs } = require('./common/normalize-args');
const { warnOfSettings } = require('./common/settings');
const family = require('./connect/auto-select-family');
const { isIP, isIPv4, isIPv6 } = require('./address/ip');
const { expectBinary } = require('./handle/binary');
const activeHandles = require('./node/active-handles');
const { keepLoaded, loadOwn } = require('./node/loader');
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
    ...require('./server/bind'),
    ...require('./socket/attach'),
    ...require('./bridge/ipc-send'),
    BoundSocket,
    _TransferredBoundSocket,
  };
}

/**
 * Loads what sockets and servers work with, as one: once there is a first socket
 * nothing is left to be read, for which there may be no descriptor or no right.
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
 * What has been counted since the thread loaded rust-net, or since the socket
 * or server was made.
 *
 * @param {any} [target] a Socket or Server of rust-net
 * @returns {object} see docs/api.md
 */
function getStats(target) {
  return loadOwn(() => require('./stats/get-stats')).getStats(target);
}

let hasWarned = false;

// A no-op since long ago, and gone from node after release 22.
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

/** The keys of node:net, in their order, and one of ours. */
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
  // Ours alone: __test__/project/api-comparison.test.js has the list of such things.
  getStats,
};

/** Puts a getter in a key's place that becomes a plain value with its first use. */
function wait(name, read) {
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
  wait(name, () => loadSockets()[name]);
}
wait('Stream', () => loadSockets().Socket);

// Early, so that it takes node's answers and not a program's.
if (/** @type {any} */ (process).permission) require('./node/permission');
// Later would do, but whoever installs rust-net learns it here.
expectBinary();
warnOfSettings();
keepLoaded();
// A parent may send a socket before there is one here.
if (process.connected) ipc.listenToParent(loadSockets);

module.exports = { loadSockets, net };
