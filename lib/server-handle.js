'use strict';

/*
 * The handle of a Server: bound, then listening.
 */

const debug = require('util').debuglog('net');

const { filterConnections, onconnection } = require('./accept');
const { netServerListen } = require('./channels');
const { kAnyIPv4, kAnyIPv6 } = require('./connect-attempt');
const { UVExceptionWithHostPort } = require('./errors');
const { Pipe, TCP, pipeConstants, tcpConstants, uv } = require('./handle');
const { createHandle, getAsyncId } = require('./socket-handle');
const { kAsyncId, kOwner } = require('./symbols');
const { tickTriggeredBy } = require('./trigger');

// The kernel rounds backlog + 1 up to a power of two: this makes 512.
const kDefaultBacklog = 511;

function isDescriptor(fd) {
  return typeof fd === 'number' && fd >= 0;
}

function openServerHandle(fd) {
  let handle;
  try {
    handle = createHandle(fd, true);
  } catch (error) {
    // Nothing to listen on: the caller reports it as an event.
    debug('listen invalid fd=%d:', fd, error.message);
    return uv.UV_EINVAL;
  }
  return handle.open(fd) || handle;
}

function createPipe() {
  /** @type {any} */
  const handle = new Pipe(pipeConstants.SERVER);
  if (process.platform === 'win32') {
    const instances = parseInt(process.env.NODE_PENDING_PIPE_INSTANCES, 10);
    if (!Number.isNaN(instances)) handle.setPendingInstances(instances);
  }
  return handle;
}

function bindHandle(handle, address, port, addressType, flags = 0) {
  debug('bind to', address || 'any');
  if (handle instanceof Pipe) return handle.bind(address);
  return addressType === 6
    ? handle.bind6(address, port, flags)
    : handle.bind(address, port, flags);
}

/**
 * Makes a handle that is bound and does not listen yet.
 *
 * @param {string | null} address any address when empty; a path with a port
 *   and an address type of -1
 * @param {number} port
 * @param {number} addressType
 * @param {number} [fd] to open instead
 * @param {number} [flags]
 * @returns {object | number} a negative errno when it cannot be done
 */
function createServerHandle(address, port, addressType, fd, flags) {
  if (isDescriptor(fd)) return openServerHandle(fd);
  const isPipe = port === -1 && addressType === -1;
  const handle = isPipe ? createPipe() : new TCP(tcpConstants.SERVER);
  if (!isPipe && !address) {
    if (!bindHandle(handle, kAnyIPv6, port, 6, flags)) return handle;
    handle.close();
    // Without IPv6 any address means any of IPv4.
    return createServerHandle(kAnyIPv4, port, undefined, undefined, flags);
  }
  const status = bindHandle(handle, address, port, addressType, flags);
  if (!status) return handle;
  handle.close();
  return status;
}

/** As above, and tells which family the unspecified address stood for. */
function bindServer(address, port, addressType, fd, flags) {
  if (!address && typeof fd !== 'number') {
    const handle = createServerHandle(kAnyIPv6, port, 6, fd, flags);
    if (typeof handle !== 'number') {
      return { handle, address: kAnyIPv6, addressType: 6 };
    }
    address = kAnyIPv4;
    addressType = 4;
  }
  const handle = createServerHandle(address, port, addressType, fd, flags);
  return { handle, address, addressType };
}

function emitErrorNT(server, error) {
  server.emit('error', error);
}

function emitListeningNT(server) {
  // Closed in the meantime, perhaps.
  if (server._handle) server.emit('listening');
}

function failListen(server, status, address, port) {
  const error = new UVExceptionWithHostPort(status, 'listen', address, port);
  netServerListen.error.publish({ server, error });
  tickTriggeredBy(server[kAsyncId], emitErrorNT, server, error);
}

/**
 * `Server.prototype._listen2`: the name is the one that node's function has,
 * and packages wrap it.
 *
 * @this {any}
 * @param {string | null} address
 * @param {number} port
 * @param {number} addressType
 * @param {number} backlog
 * @param {number} fd
 * @param {number} flags
 */
function setupListenHandle(address, port, addressType, backlog, fd, flags) {
  debug('setupListenHandle', address, port, addressType, backlog, fd);
  // There is one already when it came from the user or from cluster.
  if (this._handle) {
    debug('setupListenHandle: have a handle already');
  } else {
    debug('setupListenHandle: create a handle');
    const bound = bindServer(address, port, addressType, fd, flags);
    ({ address, addressType } = bound);
    if (typeof bound.handle === 'number') {
      failListen(this, bound.handle, address, port);
      return;
    }
    this._handle = bound.handle;
  }

  this[kAsyncId] = getAsyncId(this._handle);
  this._handle.onconnection = onconnection;
  this._handle[kOwner] = this;

  const status = this._handle.listen(backlog || kDefaultBacklog);
  if (status) {
    this._handle.close();
    this._handle = null;
    failListen(this, status, address, port);
    return;
  }
  if (this.blockList) filterConnections(this, this._handle);
  netServerListen.asyncEnd.publish({ server: this });
  this._connectionKey = `${addressType}:${address}:${port}`;
  if (this._unref) this.unref();
  tickTriggeredBy(this[kAsyncId], emitListeningNT, this);
}

module.exports = { createServerHandle, setupListenHandle };
