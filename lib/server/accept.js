'use strict';

/*
 * Makes Sockets of the connections that a Server's handle has accepted.
 */

// On its first call the logger is replaced with an optimized one, which is empty
// unless NODE_DEBUG names net.
/** @type {(...args: any[]) => void} */
let debug = require('util').debuglog('net', (optimized) => {
  debug = optimized;
});

const { nativeKeyOf } = require('../address/block-list');
const { netServerSocketChannel } = require('../node/channels');
const { ErrnoException } = require('../common/errors');
const namedOptions = require('../common/named-options');
const { kReasons, showClient, takeProxyHeader } = require('./proxy');
const { isIP } = require('../address/ip');
const { takeOverConnection } = require('../socket/attach');
const { Socket } = require('../socket/socket');
const { AcceptedOptions } = require('../socket/setup');
const {
  kConnectionClass,
  kNamedOptions,
  kOnConnection,
  kOwner,
  kSetKeepAlive,
  kSetKeepAliveInitialDelay,
  kSetNoDelay,
  kStats,
} = require('../common/symbols');

/** @typedef {Record<PropertyKey, any>} Members an object by its members' names */

const kFilter = Symbol('filter');

/**
 * @param {Members} handle
 * @param {string} verb
 * @returns {Members} empty where the verb says nothing
 */
function readAddress(handle, verb) {
  const out = Object.create(null);
  handle[verb]?.(out);
  return out;
}

/**
 * Returns the address of a peer that may be gone.
 *
 * @param {Members} handle
 */
function readPeer(handle) {
  const peer = readAddress(handle, 'getpeername');
  if (peer.address !== undefined || !handle.getFormerPeer) return peer;
  return readAddress(handle, 'getFormerPeer');
}

/**
 * Returns the arguments of 'drop': none for a pipe, which has no addresses.
 *
 * @param {Members} handle
 * @returns {Members[]}
 */
function describeConnection(handle) {
  if (!handle.getsockname && !handle.getpeername) return [];
  const data = Object.create(null);
  if (handle.getsockname) {
    const local = readAddress(handle, 'getsockname');
    data.localAddress = local.address;
    data.localPort = local.port;
    data.localFamily = local.family;
  }
  if (handle.getpeername) {
    const remote = readPeer(handle);
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
 * Makes the native side reject connections that the server's block list covers.
 * Skipped when maxConnections is set: blocked peers must still reach 'drop'.
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

/**
 * Applies a server's options to an accepted connection.
 *
 * @param {any} socket
 * @param {any} handle
 * @param {any} server
 */
function applyServerOptions(socket, handle, server) {
  if (server.noDelay && handle.setNoDelay) {
    socket[kSetNoDelay] = true;
    handle.setNoDelay(true);
  }
  if (server.keepAlive && handle.setKeepAlive) {
    socket[kSetKeepAlive] = true;
    socket[kSetKeepAliveInitialDelay] = server.keepAliveInitialDelay;
    handle.setKeepAlive(true, server.keepAliveInitialDelay);
  }
}

/**
 * Sets a server's options by name on a connection. The system does that for a TCP
 * listener, but not for a Unix-domain socket or for what cluster accepts.
 *
 * @param {Record<PropertyKey, any>} socket
 * @param {Record<PropertyKey, any>} handle
 * @param {Record<PropertyKey, any>} server
 */
function applyNamedOptions(socket, handle, server) {
  if (namedOptions.isTcp(server._handle)) return;
  const values = server[kNamedOptions];
  const error = namedOptions.applyOptions(handle, values, false, true);
  if (error) process.nextTick(() => socket.destroy(error));
}

function createSocket(server, handle) {
  const Connection = server[kConnectionClass] ?? Socket;
  const socket = new Connection(new AcceptedOptions(handle, server));
  applyServerOptions(socket, handle, server);
  if (server[kNamedOptions] !== undefined) {
    applyNamedOptions(socket, handle, server);
  }
  return socket;
}

// Closes the connection and emits 'error' when its descriptor cannot be
// duplicated.
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
 * Takes the PROXY header of a connection, whose peer is the client of the proxy from then
 * on.
 *
 * @param {Members} server
 * @param {Members} serverHandle
 * @param {Members} handle
 */
function readProxy(server, serverHandle, handle) {
  if (server.proxyProtocol === undefined) return { isRejected: false };
  const header = takeProxyHeader(handle);
  if (header === undefined) return { isRejected: false };
  // This checks the proxy's own address. The client's is checked after the header.
  const isRejected = isBlocked(server, serverHandle, handle);
  showClient(handle, header);
  return { header, isRejected };
}

/**
 * Handles a connection that is refused for its PROXY header: the `onrefused` of a
 * Server's handle.
 *
 * @this {Members} the handle
 * @param {Members} handle of the connection
 * @param {number} reason its number
 */
function onrefused(handle, reason) {
  const server = this[kOwner];
  const [data = Object.create(null)] = describeConnection(handle);
  data.reason = kReasons[reason];
  // A Unix-domain socket knows no reset.
  if (!handle.reset || handle.reset()) handle.close();
  server[kStats].dropped++;
  server.emit('drop', data);
}

/**
 * Handles an accepted connection: the `onconnection` of a Server's handle.
 *
 * @this {any} the handle; under cluster's round robin a stand-in for one
 * @param {number} status 0, or a negative errno
 * @param {object} [clientHandle] node's own when it comes from cluster
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
  const { header, isRejected } = readProxy(server, this, handle);
  if (isFull(server)) {
    server[kStats].dropped++;
    server.emit('drop', ...describeConnection(handle));
    handle.close();
    return;
  }
  if (isRejected || isBlocked(server, this, handle)) {
    server[kStats].dropped++;
    handle.close();
    return;
  }
  const socket = createSocket(server, handle);
  if (header !== undefined) socket.proxy = header;
  server[kStats].accepted++;
  server._connections++;
  socket.server = server;
  socket._server = server;
  server.emit('connection', socket);
  server[kOnConnection]?.(socket);
  if (netServerSocketChannel.hasSubscribers) {
    netServerSocketChannel.publish({ socket });
  }
}

module.exports = { filterConnections, onconnection, onrefused };
