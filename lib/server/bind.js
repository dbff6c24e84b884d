'use strict';

/*
 * Makes the handle of a Server: binds it, then listens.
 */

const debug = require('util').debuglog('net');

const { filterConnections, onconnection, onrefused } = require('./accept');
const { applyLimits, keepFromTls } = require('./limits');
const { applyProxy } = require('./proxy');
const { netServerListen } = require('../node/channels');
const { kAnyIPv4, kAnyIPv6 } = require('../connect/attempt');
const { UVExceptionWithHostPort } = require('../common/errors');
const { applyOptions, openWithOptions } = require('../common/named-options');
const {
  Pipe,
  SHARED,
  TCP,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { uv } = require('../handle/native');
const { kAsyncId } = require('../node/symbols');
const { createHandle, getAsyncId } = require('../socket/attach');
const { kNamedOptions, kOwner } = require('../common/symbols');
const { tickTriggeredBy } = require('../node/trigger');

const { UV_EADDRINUSE, UV_ENOTSUP } = /** @type {Record<string, number>} */ (
  uv
);

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

/** @typedef {Record<PropertyKey, any>} Members an object by its members' names */

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

/**
 * Listens together with the threads that do so already, or as the first of them.
 *
 * @param {Members} handle
 * @param {Members} where the address by the names of `createServerHandle`'s parameters
 * @param {number} backlog
 * @param {Map<string, any>} [options] the server's options by name, which only the
 *   first one sets
 * @returns {object | number | Error} as `createServerHandle`
 */
function joinShared(handle, where, backlog, options) {
  const { address, port, addressType, flags } = where;
  const isPath = handle instanceof Pipe;
  const error =
    options !== undefined &&
    openWithOptions(handle, options, addressType === 6, true);
  const place = isPath ? [address] : [address, port];
  const status = error || handle.listenShared(...place, flags, backlog);
  if (!status) return handle;
  handle.close();
  return status;
}

/**
 * Binds and listens, as `bindServer` binds.
 *
 * @param {Members} where
 * @param {number} backlog
 * @param {Map<string, any>} [options]
 */
function listenShared(where, backlog, options) {
  if (where.addressType === -1) {
    const isSupported = process.platform !== 'win32';
    const handle = isSupported
      ? joinShared(createPipe(), where, backlog, options)
      : UV_ENOTSUP;
    return { handle, address: where.address, addressType: -1 };
  }
  const listen = (
    /** @type {string} */ address,
    /** @type {number} */ type,
  ) => {
    const handle = new TCP(tcpConstants.SERVER);
    const at = { ...where, address, addressType: type };
    return {
      ...at,
      handle: joinShared(handle, at, backlog, options),
    };
  };
  if (where.address) return listen(where.address, where.addressType);
  const bound = listen(kAnyIPv6, 6);
  const { handle } = bound;
  // Without IPv6, any address means any IPv4 address.
  const isWithoutIPv6 = isFailure(handle) && handle !== UV_EADDRINUSE;
  return isWithoutIPv6 ? listen(kAnyIPv4, 4) : bound;
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
  const isShared = (where.flags & SHARED) !== 0;
  const length = backlog || kDefaultBacklog;
  debug('setupListenHandle', address, port, addressType, backlog, fd);
  // A handle from the user or from cluster is already set.
  if (server._handle) {
    debug('setupListenHandle: have a handle already');
  } else {
    debug('setupListenHandle: create a handle');
    const options = server[kNamedOptions];
    const bound = isShared
      ? listenShared(where, length, options)
      : bindServer(where, options);
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
    (isShared ? 0 : server._handle.listen(length)) ||
    applyProxy(server);
  if (status) {
    server._handle.close();
    server._handle = null;
    failListen(server, status, address, port);
    return;
  }
  if (server.blockList) filterConnections(server, server._handle);
  if (isShared) keepFromTls(server);
  applyLimits(server);
  netServerListen.asyncEnd.publish({ server });
  server._connectionKey = `${addressType}:${address}:${port}`;
  if (server._unref) server.unref();
  tickTriggeredBy(server[kAsyncId], emitListeningNT, server);
}

module.exports = { createServerHandle, setupListenHandle };
