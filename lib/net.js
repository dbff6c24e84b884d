'use strict';

const activeHandles = require('./active-handles');
const family = require('./auto-select-family');
const { expectBinary } = require('./binary');
const { BoundSocket, _TransferredBoundSocket } = require('./bound-socket');
const ipcBridge = require('./ipc-bridge');
const { isIP, isIPv4, isIPv6 } = require('./ip');
const { keepLoaded, loadOwn } = require('./node/loader');
const nodeNet = require('./node/net');
const { normalizeArgs } = require('./normalize-args');
const { Server, createServer } = require('./server');
const { warnOfSettings } = require('./settings');
const { Socket, connect } = require('./socket');

function createServerHandle(address, port, addressType, fd, flags) {
  const serverHandle = loadOwn(() => require('./server-handle'));
  return serverHandle.createServerHandle(address, port, addressType, fd, flags);
}

/**
 * What has been counted since the thread loaded rust-net, or since the socket
 * or server was made.
 *
 * @param {any} [target] a Socket or Server of rust-net
 * @returns {object} see docs/api.md
 */
function getStats(target) {
  return loadOwn(() => require('./get-stats')).getStats(target);
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

// Early, so that it takes node's answers and not a program's.
if (/** @type {any} */ (process).permission) require('./permission');
// Later would do, but whoever installs it learns it here.
expectBinary();
warnOfSettings();
keepLoaded();
// This one looks for children among node's own handles, and so is the first.
ipcBridge.install({ Server, Socket });
activeHandles.install();

/** The public object: the keys of node:net, in their order, and one of ours. */
module.exports = {
  _createServerHandle: createServerHandle,
  _normalizeArgs: normalizeArgs,
  _TransferredBoundSocket,
  ...legacy,
  // Loaded on use, as node does: few programs need them.
  get BlockList() {
    return loadOwn(() => require('./block-list')).BlockList;
  },
  get SocketAddress() {
    return loadOwn(() => require('./socket-address')).SocketAddress;
  },
  BoundSocket,
  connect,
  createConnection: connect,
  createServer,
  isIP,
  isIPv4,
  isIPv6,
  Server,
  Socket,
  Stream: Socket,
  getDefaultAutoSelectFamily: family.getDefaultAutoSelectFamily,
  setDefaultAutoSelectFamily: family.setDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout:
    family.getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamilyAttemptTimeout:
    family.setDefaultAutoSelectFamilyAttemptTimeout,
  // Ours alone: __test__/api-comparison.test.js has the list of such things.
  getStats,
};
