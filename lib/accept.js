'use strict';

/*
 * What a Server does with a connection that its handle has accepted.
 */

// What logs nothing is called directly from its first call on.
/** @type {(...args: any[]) => void} */
let debug = require('util').debuglog('net', (optimized) => {
  debug = optimized;
});

const { nativeKeyOf } = require('./block-list');
const { netServerSocketChannel } = require('./channels');
const { ErrnoException } = require('./errors');
const { isIP } = require('./ip');
const { takeOverConnection } = require('./socket-handle');
const { Socket } = require('./socket');
const { applyServerOptions } = require('./socket-options');
const { AcceptedOptions } = require('./socket-setup');
const { kConnectionClass, kOwner, kStats } = require('./symbols');

const kFilter = Symbol('filter');

function readAddress(handle, verb) {
  const out = { __proto__: null };
  handle[verb]?.(out);
  return out;
}

/** The argument of 'drop': none for a pipe, which has no addresses. */
function describeConnection(handle) {
  if (!handle.getsockname && !handle.getpeername) return [];
  const data = { __proto__: null };
  if (handle.getsockname) {
    const local = readAddress(handle, 'getsockname');
    data.localAddress = local.address;
    data.localPort = local.port;
    data.localFamily = local.family;
  }
  if (handle.getpeername) {
    const remote = readAddress(handle, 'getpeername');
    data.remoteAddress = remote.address;
    data.remotePort = remote.port;
    data.remoteFamily = remote.family;
  }
  return [data];
}

function isFull(server) {
  return (
    server.maxConnections != null &&
    server._connections >= server.maxConnections
  );
}

/**
 * Has the native side turn away whom the server's list covers, before anything
 * reaches JavaScript. Not with a limit to the connections: whoever comes when
 * it is reached is told of by 'drop', blocked or not.
 *
 * @param {any} server
 * @param {any} handle the server's
 */
function filterConnections(server, handle) {
  const { blockList } = server;
  const isAlone = blockList && server.maxConnections == null;
  const key = isAlone ? nativeKeyOf(blockList) : -1;
  if (key === (handle[kFilter] ?? -1)) return;
  if (typeof handle.setBlockList !== 'function') return;
  handle.setBlockList(key);
  handle[kFilter] = key;
}

function isBlocked(server, serverHandle, handle) {
  if (!server.blockList || !handle.getpeername) return false;
  filterConnections(server, serverHandle);
  const { address } = readAddress(handle, 'getpeername');
  const family = isIP(address);
  return family !== 0 && server.blockList.check(address, `ipv${family}`);
}

function createSocket(server, handle) {
  const Connection = server[kConnectionClass] ?? Socket;
  const socket = new Connection(new AcceptedOptions(handle, server));
  applyServerOptions(socket, handle, server);
  return socket;
}

// Without a descriptor of our own there is no connection for us.
function takeOver(server, clientHandle) {
  try {
    return takeOverConnection(clientHandle);
  } catch (error) {
    clientHandle.close();
    const status = /** @type {any} */ (error).errno;
    server.emit('error', new ErrnoException(status, 'accept'));
    return undefined;
  }
}

/**
 * The `onconnection` of a Server's handle.
 *
 * @this {any} the handle; under cluster's round robin a stand-in for one
 * @param {number} status
 * @param {object} [clientHandle] node's own, when it comes from cluster
 */
function onconnection(status, clientHandle) {
  debug('onconnection');
  const server = this[kOwner];
  if (status) {
    server.emit('error', new ErrnoException(status, 'accept'));
    return;
  }
  const handle = takeOver(server, clientHandle);
  if (handle === undefined) return;
  if (isFull(server)) {
    server[kStats].dropped++;
    server.emit('drop', ...describeConnection(handle));
    handle.close();
    return;
  }
  if (isBlocked(server, this, handle)) {
    server[kStats].dropped++;
    handle.close();
    return;
  }
  const socket = createSocket(server, handle);
  server[kStats].accepted++;
  server._connections++;
  socket.server = server;
  socket._server = server;
  server.emit('connection', socket);
  if (netServerSocketChannel.hasSubscribers) {
    netServerSocketChannel.publish({ socket });
  }
}

module.exports = { filterConnections, onconnection };
