'use strict';

/*
 * One attempt to connect a Socket to one address: binds the local end, connects,
 * and handles the outcome.
 */

const { debuglog, getSystemErrorName } = require('util');
const debug = debuglog('net');

const {
  ErrnoException,
  ExceptionWithHostPort,
  codes,
} = require('../common/errors');
const namedOptions = require('../common/named-options');
const { PipeConnectWrap, TCPConnectWrap } = require('../handle/requests');
const { uv } = require('../handle/native');
const { endEntry, startEntry } = require('../node/perf-entries');
const {
  kDeadline,
  kNamedOptions,
  kOwner,
  kSetKeepAlive,
  kSetKeepAliveCount,
  kSetKeepAliveInitialDelay,
  kSetKeepAliveInterval,
  kSetNoDelay,
  kSetTOS,
} = require('../common/symbols');

const { ERR_IP_BLOCKED } = codes;

const kAnyIPv4 = '0.0.0.0';
const kAnyIPv6 = '::';

// Windows restricts the type of service, so node ignores its errors there.
const isWindows = process.platform === 'win32';

/**
 * @typedef {object} Endpoint
 * @property {string} address an IP address or a path
 * @property {number} [port]
 * @property {number} [family] 4 or 6; undefined for a path
 * @property {string} [localAddress]
 * @property {number} [localPort]
 */

/**
 * Checks that a handle is bound to the requested port. libuv delays EADDRINUSE
 * until listen or connect, where binding again would pick a random port.
 *
 * @param {number} status of the bind
 * @param {number | undefined} port the requested one
 * @param {any} handle
 * @returns {number} 0, the negative errno of the bind, or UV_EADDRINUSE
 */
function checkBindError(status, port, handle) {
  if (status !== 0 || !(port > 0) || !handle.getsockname) return status;
  const out = {};
  const failure = handle.getsockname(out);
  if (failure !== 0 || out.port === port) return failure;
  debug(`checkBindError, bound to ${out.port} instead of ${port}`);
  return uv.UV_EADDRINUSE;
}

/**
 * Sets the socket's options by name on its handle, and binds that to the local end, if
 * one was requested.
 *
 * @param {any} handle
 * @param {Endpoint} endpoint gets the wildcard address if it has no local one
 * @returns {Error | null}
 */
function bindLocal(handle, endpoint) {
  const { family, localPort } = endpoint;
  const options = handle[kOwner]?.[kNamedOptions];
  if (options !== undefined) {
    const error = namedOptions.openWithOptions(
      handle,
      options,
      family === 6,
      false,
    );
    if (error) return error;
  }
  if (!endpoint.localAddress && !localPort) return null;
  endpoint.localAddress ||= family === 4 ? kAnyIPv4 : kAnyIPv6;
  const { localAddress } = endpoint;
  const bound =
    family === 4
      ? handle.bind(localAddress, localPort || 0)
      : handle.bind6(localAddress, localPort || 0, 0);
  debug(
    'connect: binding to localAddress: %s and localPort: %d (addressType: %d)',
    localAddress,
    localPort,
    family,
  );
  const status = checkBindError(bound, localPort, handle);
  if (!status) return null;
  return new ExceptionWithHostPort(status, 'bind', localAddress, localPort);
}

/**
 * Returns ERR_IP_BLOCKED when the socket's block list covers the address.
 *
 * @param {any} socket
 * @param {Endpoint} endpoint
 * @returns {Error | null}
 */
function checkBlocked(socket, { address, family }) {
  if (family === undefined) return null;
  if (!socket.blockList?.check(address, `ipv${family}`)) return null;
  return new ERR_IP_BLOCKED(address);
}

/**
 * Emits 'connectionAttempt'.
 *
 * @param {any} socket
 * @param {Endpoint} endpoint
 */
function emitAttempt(socket, { address, port, family }) {
  debug(
    'connect: attempting to connect to %s:%d (addressType: %d)',
    address,
    port,
    family,
  );
  socket.emit('connectionAttempt', address, port, family);
}

/**
 * Emits 'connectionAttemptFailed'.
 *
 * @param {any} socket
 * @param {Endpoint} endpoint
 * @param {Error} error
 */
function emitAttemptFailed(socket, { address, port, family }, error) {
  socket.emit('connectionAttemptFailed', address, port, family, error);
}

function createRequest(endpoint, oncomplete) {
  const { address, port, family, localAddress, localPort } = endpoint;
  if (family === undefined) {
    return Object.assign(new PipeConnectWrap(), { address, oncomplete });
  }
  return Object.assign(new TCPConnectWrap(), {
    oncomplete,
    address,
    port,
    localAddress,
    localPort,
    addressType: family,
  });
}

/**
 * Calls the connect verb for the endpoint's family.
 *
 * @param {any} handle
 * @param {any} req
 * @param {Endpoint} endpoint
 * @returns {number | (Error & { code: string })} 0, a negative errno, or the
 *   error of node's permission model
 */
function dispatch(handle, req, { address, port, family }) {
  if (family === undefined) return handle.connect(req, address);
  if (family === 4) return handle.connect(req, address, port);
  return handle.connect6(req, address, port);
}

/**
 * Starts to connect the socket's handle.
 *
 * @param {any} socket
 * @param {Endpoint} endpoint
 * @param {Function} oncomplete called with the outcome if there is no `error`
 * @returns {{ req: object, error: Error | null }} `error` when connecting fails
 *   within the call
 */
function startConnect(socket, endpoint, oncomplete) {
  const req = createRequest(endpoint, oncomplete);
  socket[kDeadline]?.follow(req);
  const status = dispatch(socket._handle, req, endpoint);
  if (!status) return { req, error: null };
  const local = socket._getsockname();
  const error = new ExceptionWithHostPort(
    status,
    'connect',
    endpoint.address,
    endpoint.port,
    `${local.address}:${local.port}`,
  );
  return { req, error };
}

/**
 * Starts an attempt of a race: binds the local end, checks the address, announces the
 * attempt, and connects.
 *
 * @param {Record<PropertyKey, any>} socket
 * @param {Endpoint} endpoint
 * @param {Function} oncomplete called with the outcome if there is a `req`
 * @returns {{ req?: Record<PropertyKey, any>, error?: Error }} neither of them when a
 *   listener has destroyed the socket
 */
function startRaced(socket, endpoint, oncomplete) {
  const bindError = bindLocal(socket._handle, endpoint);
  if (bindError) return { error: bindError };
  const blocked = checkBlocked(socket, endpoint);
  if (blocked) return failRaced(socket, endpoint, blocked);
  emitAttempt(socket, endpoint);
  if (!socket.connecting) return {};
  socket.autoSelectFamilyAttemptedAddresses.push(
    `${endpoint.address}:${endpoint.port}`,
  );
  const { req, error } = startConnect(socket, endpoint, oncomplete);
  return error ? failRaced(socket, endpoint, error) : { req };
}

/**
 * @param {Record<PropertyKey, any>} socket
 * @param {Endpoint} endpoint
 * @param {Error} error
 */
function failRaced(socket, endpoint, error) {
  emitAttemptFailed(socket, endpoint, error);
  return { error };
}

/**
 * Makes the error of a connect that failed after it had started.
 *
 * @param {any} req
 * @param {number} status a negative errno
 * @returns {Error}
 */
function createConnectError(req, status) {
  const { address, port, localAddress, localPort } = req;
  const hasLocal = localAddress && localPort;
  const local = hasLocal ? `${localAddress}:${localPort}` : undefined;
  const error = new ExceptionWithHostPort(
    status,
    'connect',
    address,
    port,
    local,
  );
  if (hasLocal) Object.assign(error, { localAddress, localPort });
  return error;
}

/**
 * Announces that a connect failed after it had started.
 *
 * @param {Record<PropertyKey, any>} socket
 * @param {Record<PropertyKey, any>} req
 * @param {number} status a negative errno
 * @returns {Error}
 */
function failStarted(socket, req, status) {
  const error = createConnectError(req, status);
  const { address, port, addressType: family } = req;
  emitAttemptFailed(socket, { address, port, family }, error);
  return error;
}

/**
 * Applies the options that were set before the socket was connected.
 *
 * @param {any} socket
 */
function applyOptions(socket) {
  const handle = socket._handle;
  if (socket[kSetNoDelay] && handle.setNoDelay) handle.setNoDelay(true);
  if (socket[kSetKeepAlive] && handle.setKeepAlive) {
    handle.setKeepAlive(
      true,
      socket[kSetKeepAliveInitialDelay],
      socket[kSetKeepAliveInterval],
      socket[kSetKeepAliveCount],
    );
  }
  // TCP has them already.
  if (socket[kNamedOptions] !== undefined && !namedOptions.isTcp(handle)) {
    const error = namedOptions.applyOptions(
      handle,
      socket[kNamedOptions],
      false,
    );
    if (error) socket.emit('error', error);
  }
  if (socket[kSetTOS] === undefined || !handle.setTypeOfService) return;
  const status = handle.setTypeOfService(socket[kSetTOS]);
  if (status && !isWindows && getSystemErrorName(status) !== 'EBADF') {
    socket.emit('error', new ErrnoException(status, 'setTypeOfService'));
  }
}

/**
 * Completes a connection: applies the remembered options, emits 'connect' and
 * 'ready', and starts to read.
 *
 * @param {any} socket
 * @param {boolean} readable true when the handle can be read from
 * @param {boolean} writable true when the handle can be written to
 */
function finishConnect(socket, readable, writable) {
  debug('afterConnect');
  socket.connecting = false;
  socket._sockname = null;
  socket[kDeadline]?.stop();
  // Only a pipe can be open in one direction.
  if (socket.readable && !readable) {
    socket.push(null);
    socket.read();
  }
  if (socket.writable && !writable) socket.end();
  socket._unrefTimer();
  applyOptions(socket);
  socket.emit('connect');
  socket.emit('ready');
  if (readable && !socket.isPaused()) socket.read(0);
  endEntry(socket);
}

/** Handles the outcome of a socket's only attempt: its `oncomplete`. */
function afterConnect(status, handle, req, readable, writable) {
  const socket = handle[kOwner];
  // The outcome may arrive after destroy().
  if (socket.destroyed) return;
  if (status === 0) {
    finishConnect(socket, readable, writable);
    return;
  }
  debug('afterConnect');
  socket.connecting = false;
  socket._sockname = null;
  socket.destroy(failStarted(socket, req, status));
}

/**
 * Connects to the only address. Every failure destroys the socket.
 *
 * @param {any} socket
 * @param {Endpoint} endpoint
 */
function connectOnce(socket, endpoint) {
  const bindError = bindLocal(socket._handle, endpoint);
  if (bindError) {
    socket.destroy(bindError);
    return;
  }
  emitAttempt(socket, endpoint);
  // A listener may have destroyed the socket.
  if (!socket.connecting) return;
  const blocked = checkBlocked(socket, endpoint);
  if (blocked) {
    socket.destroy(blocked);
    return;
  }
  const { error } = startConnect(socket, endpoint, afterConnect);
  if (error) {
    socket.destroy(error);
    return;
  }
  socket[kDeadline]?.followOnly();
  if (endpoint.family !== undefined) {
    startEntry(socket, endpoint.address, endpoint.port);
  }
}

module.exports = {
  checkBindError,
  connectOnce,
  createConnectError,
  emitAttemptFailed,
  failStarted,
  finishConnect,
  kAnyIPv4,
  kAnyIPv6,
  startRaced,
};
