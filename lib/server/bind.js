'use strict';

/*
 * Makes the handle of a Server: binds it, then listens.
 */

const debug = require('util').debuglog('net');

const { filterConnections, onconnection, onrefused } = require('./accept');
const { applyLimits } = require('./limits');
const { applyProxy } = require('./proxy');
const { netServerListen } = require('../node/channels');
const { kAnyIPv4, kAnyIPv6 } = require('../connect/attempt');
const { UVExceptionWithHostPort } = require('../common/errors');
const { applyOptions, openWithOptions } = require('../common/named-options');
const {
  Pipe,
  TCP,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { uv } = require('../handle/native');
const { kAsyncId } = require('../node/symbols');
const { createHandle, getAsyncId } = require('../socket/attach');
const { kNamedOptions, kOwner } = require('../common/symbols');
const { tickTriggeredBy } = require('../node/trigger');

// The kernel rounds backlog + 1 up to a power of two, which makes 512.
const kDefaultBacklog = 511;

function isDescriptor(fd) {
  return typeof fd === 'number' && fd >= 0;
}

function openServerHandle(fd) {
  let handle;
  try {
    handle = createHandle(fd, true);
  } catch (error) {
    // Not a socket. The caller reports the errno in an 'error' event.
    debug('listen invalid fd=%d:', fd, error.message);
    return uv.UV_EINVAL;
  }
  const status = handle.open(fd);
  if (!status) return handle;
  handle.close();
  return status;
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

function bindHandle(
  handle,
  { address, port, addressType, flags = 0 },
  options,
) {
  debug('bind to', address || 'any');
  if (handle instanceof Pipe) return handle.bind(address, flags);
  if (options !== undefined) {
    const error = openWithOptions(handle, options, addressType === 6, true);
    if (error) return error;
  }
  return addressType === 6
    ? handle.bind6(address, port, flags)
    : handle.bind(address, port, flags);
}

/**
 * Makes a handle that is bound and does not listen yet.
 *
 * @param {string | null} address an IP address, or empty for any; a path if port
 *   and address type are -1
 * @param {number} port 0 for any free one
 * @param {number} addressType 4, 6, or -1 for a path
 * @param {number} [fd] a descriptor to open instead
 * @param {number} [flags] of `tcpConstants`, or of `pathFlags` for a path
 * @param {Map<string, any>} [options] the server's options by name
 * @returns {object | number | Error} the handle, a negative errno, or the error of an
 *   option
 */
function createServerHandle(
  address,
  port,
  addressType,
  fd,
  flags,
  options = undefined,
) {
  if (isDescriptor(fd)) return openServerHandle(fd);
  const isPipe = port === -1 && addressType === -1;
  const handle = isPipe ? createPipe() : new TCP(tcpConstants.SERVER);
  if (!isPipe && !address) {
    const any = { address: kAnyIPv6, port, addressType: 6, flags };
    if (!bindHandle(handle, any, options)) return handle;
    handle.close();
    // Without IPv6, any address means any IPv4 address.
    return createServerHandle(
      kAnyIPv4,
      port,
      undefined,
      undefined,
      flags,
      options,
    );
  }
  const where = { address, port, addressType, flags };
  const status = bindHandle(handle, where, options);
  if (!status) return handle;
  handle.close();
  return status;
}

/**
 * Binds like `createServerHandle`; also returns the address and its type.
 *
 * @param {Record<string, any>} where the address by the names of its parameters
 * @param {Map<string, any>} [options] the server's options by name
 */
function bindServer({ address, port, addressType, fd, flags }, options) {
  if (!address && typeof fd !== 'number') {
    const handle = createServerHandle(kAnyIPv6, port, 6, fd, flags, options);
    if (!isFailure(handle)) {
      return { handle, address: kAnyIPv6, addressType: 6 };
    }
    address = kAnyIPv4;
    addressType = 4;
  }
  const handle = createServerHandle(
    address,
    port,
    addressType,
    fd,
    flags,
    options,
  );
  return { handle, address, addressType };
}

/** @param {unknown} outcome */
function isFailure(outcome) {
  return typeof outcome === 'number' || outcome instanceof Error;
}

function emitErrorNT(server, error) {
  server.emit('error', error);
}

function emitListeningNT(server) {
  // The server may have been closed in the meantime.
  if (server._handle) server.emit('listening');
}

// Takes a negative errno, or the error of an option.
function failListen(server, failure, address, port) {
  const error =
    typeof failure === 'number'
      ? new UVExceptionWithHostPort(failure, 'listen', address, port)
      : failure;
  netServerListen.error.publish({ server, error });
  tickTriggeredBy(server[kAsyncId], emitErrorNT, server, error);
}

/**
 * Makes a server listen; the outcome is 'listening' or 'error'. It does the work
 * of `Server.prototype._listen2`, which packages wrap.
 *
 * @param {any} server
 * @param {any} where the arguments of `createServerHandle`, by name
 * @param {number} backlog 0 for the default of 511
 */
function setupListenHandle(server, where, backlog) {
  let { address, addressType } = where;
  const { port, fd } = where;
  const isAdopted = Boolean(server._handle) || isDescriptor(fd);
  debug('setupListenHandle', address, port, addressType, backlog, fd);
  // A handle from the user or from cluster is already set.
  if (server._handle) {
    debug('setupListenHandle: have a handle already');
  } else {
    debug('setupListenHandle: create a handle');
    const bound = bindServer(where, server[kNamedOptions]);
    ({ address, addressType } = bound);
    if (isFailure(bound.handle)) {
      failListen(server, bound.handle, address, port);
      return;
    }
    server._handle = bound.handle;
  }

  server[kAsyncId] = getAsyncId(server._handle);
  server._handle.onconnection = onconnection;
  if (server.proxyProtocol !== undefined) {
    server._handle.onrefused = onrefused;
  }
  server._handle[kOwner] = server;

  const options = isAdopted ? server[kNamedOptions] : undefined;
  const status =
    (options && applyOptions(server._handle, options, true)) ||
    server._handle.listen(backlog || kDefaultBacklog) ||
    applyProxy(server);
  if (status) {
    server._handle.close();
    server._handle = null;
    failListen(server, status, address, port);
    return;
  }
  if (server.blockList) filterConnections(server, server._handle);
  applyLimits(server);
  netServerListen.asyncEnd.publish({ server });
  server._connectionKey = `${addressType}:${address}:${port}`;
  if (server._unref) server.unref();
  tickTriggeredBy(server[kAsyncId], emitListeningNT, server);
}

module.exports = { createServerHandle, setupListenHandle };
