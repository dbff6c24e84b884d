'use strict';

/*
 * Node's handle classes `TCP` and `Pipe`, and the conversion of node's own handles
 * to these classes.
 */

const { asyncWrapProviders } = require('node:async_hooks');

const { Admission, StreamHandle, checkReceiver } = require('./handle');
const {
  closeDescriptor,
  duplicate,
  guessHandleType,
  native,
  uv,
} = require('./native');
const { byteLengthOf, checkBytes } = require('./bytes');
const { PendingWrite } = require('./pending-write');
const { checkRequest } = require('./requests');
const {
  kAdmit,
  kClosed,
  kConnect,
  kKey,
  kMarkClosed,
  kRefusal,
  kShutdownWaits,
  kTakesDescriptors,
  kWriteLarge,
} = require('./symbols');
const { resetAsyncId } = require('../node/async-reset');
const { getThreadId } = require('../node/main-thread');
const { checkNet, findNetDenial } = require('../node/permission');

const tcpConstants = Object.freeze({
  SOCKET: 0,
  SERVER: 1,
  UV_TCP_IPV6ONLY: 1,
  UV_TCP_REUSEPORT: 2,
});
const pipeConstants = Object.freeze({
  SOCKET: 0,
  SERVER: 1,
  IPC: 2,
  UV_READABLE: 1,
  UV_WRITABLE: 2,
});

/** Flags of a bind to a path. */
const pathFlags = Object.freeze({ STAYS: 1, TAKES_OVER: 2 });

/** Beside the flags of a bind to a port or a path: threads share the listener. */
const SHARED = 256;

const createTcp = () => native.createTcp();
const createPipe = () => native.createPipe();

// When the permission model denies something, connect returns the error, and all
// other verbs throw it. Node's handles do the same.

/** A TCP socket or server. */
class TCP extends StreamHandle {
  constructor(type, admission) {
    const isServer = type === tcpConstants.SERVER;
    super(isServer ? 'TCPSERVERWRAP' : 'TCPWRAP', admission, createTcp);
  }

  /** Returns node's number for this class, which `async_hooks` has by name. */
  getProviderType() {
    return asyncWrapProviders.TCPWRAP;
  }

  /** Starts a new async id: an Agent uses the socket for another request. */
  asyncReset() {
    resetAsyncId(this, 'TCPWRAP');
  }

  /** Makes the handle of a connection that this one has accepted. */
  [kAdmit](key, options) {
    return new TCP(tcpConstants.SOCKET, new Admission(key, options));
  }

  /** Binds to an IPv4 address. Returns 0 or a negative errno. */
  bind(address, port, flags) {
    checkNet('');
    return (
      this[kRefusal] ||
      native.bind(this[kKey], `${address}`, port | 0, flags | 0)
    );
  }

  /** Binds to an IPv6 address. Returns 0 or a negative errno. */
  bind6(address, port, flags) {
    checkNet('');
    return (
      this[kRefusal] ||
      native.bind6(this[kKey], `${address}`, port | 0, flags | 0)
    );
  }

  /**
   * Binds to an IPv4 or IPv6 address and listens, or joins another thread that does so.
   * Returns 0 or a negative errno.
   *
   * @param {string} address
   * @param {number} port
   * @param {number} flags
   * @param {number} backlog
   */
  listenShared(address, port, flags, backlog) {
    checkNet('');
    native.setThread(getThreadId());
    const where = [`${address}`, port | 0, flags & ~SHARED];
    return (
      this[kRefusal] || native.listenShared(this[kKey], ...where, +backlog)
    );
  }

  /** Starts to connect to an IPv4 address. Returns 0 or a negative errno. */
  connect(request, address, port) {
    checkRequest(request);
    const denial = findNetDenial(`${address}`);
    if (denial !== null) return denial;
    const status =
      this[kRefusal] || native.connect(this[kKey], `${address}`, port | 0);
    return this[kConnect](request, status);
  }

  /** Starts to connect to an IPv6 address. Returns 0 or a negative errno. */
  connect6(request, address, port) {
    checkRequest(request);
    const denial = findNetDenial(`${address}`);
    if (denial !== null) return denial;
    const status =
      this[kRefusal] || native.connect6(this[kKey], `${address}`, port | 0);
    return this[kConnect](request, status);
  }

  /** Sets `address`, `family` and `port` of the local end on `info`. */
  getsockname(info) {
    return fillAddress(info, native.getsockname(this[kKey]));
  }

  /** Sets `address`, `family` and `port` of the peer on `info`. */
  getpeername(info) {
    return fillAddress(info, native.getpeername(this[kKey]));
  }

  setNoDelay(enable) {
    return native.setNoDelay(this[kKey], Boolean(enable));
  }

  /** Switches keep-alive; `delay` and `interval` are in seconds. */
  setKeepAlive(enable, delay, interval, count) {
    return native.setKeepAlive(
      this[kKey],
      Boolean(enable),
      delay | 0,
      interval,
      count,
    );
  }

  setTypeOfService(value) {
    return native.setTypeOfService(this[kKey], value | 0);
  }

  getTypeOfService() {
    return native.getTypeOfService(this[kKey]);
  }

  /**
   * Makes the socket before bind or connect, so that options can be set. Returns 0
   * or a negative errno.
   *
   * @param {boolean} isIPv6
   * @param {boolean} isMultipath
   */
  openSocket(isIPv6, isMultipath) {
    return (
      this[kRefusal] ||
      native.openSocket(this[kKey], Boolean(isIPv6), Boolean(isMultipath))
    );
  }

  /**
   * Sets an option by its name in src/sys/named_option.rs.
   *
   * @param {string} name
   * @param {number | string} value
   */
  setOption(name, value) {
    return native.setOption(this[kKey], `${name}`, value);
  }

  /**
   * Returns an option of the system's: a number or text, or a negative errno.
   *
   * @param {string} name
   */
  getOption(name) {
    return native.getOption(this[kKey], `${name}`);
  }

  /**
   * Does the same as getpeername; on Linux also after a reset.
   *
   * @param {object} info
   */
  getFormerPeer(info) {
    return fillAddress(info, native.formerPeer(this[kKey]));
  }

  /** Returns what the system measures, by name, or a negative errno. */
  getTcpInfo() {
    return native.tcpInfo(this[kKey]);
  }

  /** Does nothing; node has this verb for Windows. */
  setSimultaneousAccepts() {
    return 0;
  }

  /**
   * Closes the connection with a reset. Returns 0, and calls `callback` later, or
   * returns a negative errno and stays open.
   */
  reset(callback) {
    if (this[kClosed]) return 0;
    checkReceiver(this);
    // As in libuv, which does not reset after a shutdown was requested.
    if (this[kShutdownWaits]) return uv.UV_EINVAL;
    const status = native.reset(this[kKey]);
    if (status === 0) this[kMarkClosed](callback);
    return status;
  }
}

/** A Unix-domain socket or server. */
class Pipe extends StreamHandle {
  constructor(type, admission) {
    const isServer = type === pipeConstants.SERVER;
    super(isServer ? 'PIPESERVERWRAP' : 'PIPEWRAP', admission, createPipe);
  }

  /** Returns node's number for this class, which `async_hooks` has by name. */
  getProviderType() {
    return asyncWrapProviders.PIPEWRAP;
  }

  /** Starts a new async id: an Agent uses the socket for another request. */
  asyncReset() {
    resetAsyncId(this, 'PIPEWRAP');
  }

  /** Makes the handle of a connection that this one has accepted. */
  [kAdmit](key, options) {
    return new Pipe(pipeConstants.SOCKET, new Admission(key, options));
  }

  /** Binds to a path, with `pathFlags`. Returns 0 or a negative errno. */
  bind(path, flags = 0) {
    checkNet(`${path}`);
    return this[kRefusal] || native.bindPipe(this[kKey], `${path}`, flags);
  }

  /**
   * Binds to a path and listens, or joins another thread that does so. Returns 0 or a
   * negative errno.
   *
   * @param {string} path
   * @param {number} flags
   * @param {number} backlog
   */
  listenShared(path, flags, backlog) {
    checkNet(`${path}`);
    native.setThread(getThreadId());
    const where = [`${path}`, flags & ~SHARED];
    return (
      this[kRefusal] || native.listenSharedPipe(this[kKey], ...where, +backlog)
    );
  }

  /** Starts to connect to a path. Returns 0 or a negative errno. */
  connect(request, path) {
    checkRequest(request);
    const denial = findNetDenial(`${path}`);
    if (denial !== null) return denial;
    const status = this[kRefusal] || native.connectPipe(this[kKey], `${path}`);
    return this[kConnect](request, status);
  }

  /** Gives all users access to the path: UV_READABLE, UV_WRITABLE or both. */
  fchmod(mode) {
    checkNet('');
    return native.chmod(this[kKey], mode | 0);
  }

  /**
   * Sets an option by its name in src/sys/named_option.rs.
   *
   * @param {string} name
   * @param {number | string} value
   */
  setOption(name, value) {
    return native.setOption(this[kKey], `${name}`, value);
  }

  /**
   * Returns an option of the system's: a number, or a negative errno.
   *
   * @param {string} name
   */
  getOption(name) {
    return native.getOption(this[kKey], `${name}`);
  }

  /** Returns `pid`, `uid` and `gid` of the peer, or a negative errno. */
  getPeerCredentials() {
    return native.peerCredentials(this[kKey]);
  }

  /**
   * Sets whether descriptors that come are taken, for `ondescriptors`. Otherwise the
   * system closes them.
   *
   * @param {boolean} takes
   * @returns {number} 0 or a negative errno
   */
  setTakesDescriptors(takes) {
    const self = /** @type {Record<PropertyKey, any>} */ (this);
    self[kTakesDescriptors] = Boolean(takes);
    return native.setTakesDescriptors(this[kKey], Boolean(takes));
  }

  /**
   * Duplicates descriptors for one write.
   *
   * @param {number[]} fds
   * @returns {number} a ticket for `writeDescriptors`, or a negative errno
   */
  holdDescriptors(fds) {
    const refusal = Number(this[kRefusal]);
    return refusal || native.holdDescriptors(this[kKey], fds);
  }

  /**
   * Writes bytes with the descriptors of a ticket: see `writeBuffer`.
   *
   * @param {object} request
   * @param {Uint8Array} bytes
   * @param {number} ticket
   * @returns {number} 0 or a negative errno
   */
  writeDescriptors(request, bytes, ticket) {
    checkRequest(request);
    // Descriptors cannot leave without a byte.
    if (byteLengthOf(checkBytes(bytes)) === 0) {
      return this.writeBuffer(request, bytes);
    }
    const write = PendingWrite.withDescriptors(bytes, ticket);
    const self = /** @type {Record<PropertyKey, any>} */ (this);
    return self[kWriteLarge](request, write);
  }

  setPendingInstances() {}
}

/**
 * Copies an address into `info`, or returns the errno in its place.
 *
 * @param {object} info
 * @param {object | number} address a negative errno where there is none
 * @returns {number} 0, or the errno
 */
function fillAddress(info, address) {
  if (typeof address === 'number') return address;
  Object.assign(info, address);
  return 0;
}

/**
 * Makes a rust-net handle on a duplicate of a handle's descriptor. The given
 * handle stays open, and stays its owner's. A handle of rust-net is returned as
 * it is.
 *
 * @param {{ fd?: number }} nativeHandle node's own
 * @returns {StreamHandle | number | null} null when it has no descriptor that
 *   rust-net can use, a negative errno when the system refuses
 */
function adoptNativeHandle(nativeHandle) {
  if (nativeHandle instanceof StreamHandle) return nativeHandle;
  const { fd } = nativeHandle;
  if (typeof fd !== 'number' || fd < 0) return null;
  const type = typeOfNative(nativeHandle, fd);
  if (type !== 'TCP' && type !== 'PIPE') return null;
  const copy = duplicate(fd);
  // The handle was written by the user, and `fd` is not a descriptor.
  if (copy === uv.UV_EBADF) return null;
  if (copy < 0) return copy;
  const handle =
    type === 'TCP'
      ? new TCP(tcpConstants.SOCKET)
      : new Pipe(pipeConstants.SOCKET);
  // Not a descriptor that the program opens: node checks nothing here.
  const status = handle[kRefusal] || native.open(handle[kKey], copy);
  if (status === 0) return handle;
  closeDescriptor(copy);
  handle.close();
  return status;
}

// Prefers the name of node's class, because guessing from the descriptor may fail.
function typeOfNative({ constructor }, fd) {
  if (constructor?.name === 'TCP') return 'TCP';
  return constructor?.name === 'Pipe' ? 'PIPE' : guessHandleType(fd);
}

module.exports = {
  Pipe,
  SHARED,
  TCP,
  adoptNativeHandle,
  pathFlags,
  pipeConstants,
  tcpConstants,
};
