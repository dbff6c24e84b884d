'use strict';

/*
 * Node's handle classes `TCP` and `Pipe`, and how a handle of node's becomes one
 * of them.
 */

const { Admission, StreamHandle, checkReceiver } = require('./handle');
const {
  closeDescriptor,
  duplicate,
  guessHandleType,
  native,
  uv,
} = require('./native');
const { checkRequest } = require('./requests');
const {
  kAdmit,
  kClosed,
  kConnect,
  kKey,
  kMarkClosed,
  kRefusal,
  kShutdownWaits,
} = require('./symbols');
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

const createTcp = () => native.createTcp();
const createPipe = () => native.createPipe();

// What the permission model denies is thrown, but returned by a connect: node's
// handles do so.

/** A TCP socket or server. */
class TCP extends StreamHandle {
  constructor(type, admission) {
    const isServer = type === tcpConstants.SERVER;
    super(isServer ? 'TCPSERVERWRAP' : 'TCPWRAP', admission, createTcp);
  }

  /** Makes the handle of a connection that this one has accepted. */
  [kAdmit](key, options) {
    return new TCP(tcpConstants.SOCKET, new Admission(key, options));
  }

  bind(address, port, flags) {
    checkNet('');
    return (
      this[kRefusal] ||
      native.bind(this[kKey], `${address}`, port | 0, flags | 0)
    );
  }

  bind6(address, port, flags) {
    checkNet('');
    return (
      this[kRefusal] ||
      native.bind6(this[kKey], `${address}`, port | 0, flags | 0)
    );
  }

  connect(request, address, port) {
    checkRequest(request);
    const denial = findNetDenial(`${address}`);
    if (denial !== null) return denial;
    const status =
      this[kRefusal] || native.connect(this[kKey], `${address}`, port | 0);
    return this[kConnect](request, status);
  }

  connect6(request, address, port) {
    checkRequest(request);
    const denial = findNetDenial(`${address}`);
    if (denial !== null) return denial;
    const status =
      this[kRefusal] || native.connect6(this[kKey], `${address}`, port | 0);
    return this[kConnect](request, status);
  }

  getsockname(info) {
    return fillAddress(info, native.getsockname(this[kKey]));
  }

  getpeername(info) {
    return fillAddress(info, native.getpeername(this[kKey]));
  }

  setNoDelay(enable) {
    return native.setNoDelay(this[kKey], Boolean(enable));
  }

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

  setSimultaneousAccepts() {
    return 0;
  }

  reset(callback) {
    if (this[kClosed]) return 0;
    checkReceiver(this);
    // As in libuv, which does not reset behind an end that was asked for.
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

  /** Makes the handle of a connection that this one has accepted. */
  [kAdmit](key, options) {
    return new Pipe(pipeConstants.SOCKET, new Admission(key, options));
  }

  bind(path) {
    checkNet(`${path}`);
    return this[kRefusal] || native.bindPipe(this[kKey], `${path}`);
  }

  connect(request, path) {
    checkRequest(request);
    const denial = findNetDenial(`${path}`);
    if (denial !== null) return denial;
    const status = this[kRefusal] || native.connectPipe(this[kKey], `${path}`);
    return this[kConnect](request, status);
  }

  fchmod(mode) {
    checkNet('');
    return native.chmod(this[kKey], mode | 0);
  }

  setPendingInstances() {}
}

function fillAddress(info, address) {
  if (typeof address === 'number') return address;
  Object.assign(info, address);
  return 0;
}

/**
 * Our own handle for what a node-native handle is open on. The native handle
 * stays its owner's; ours has a descriptor of its own.
 * @param {{ fd?: number }} nativeHandle
 * @returns {StreamHandle | number | null} null where there is no descriptor to
 *   share, a negative errno where the system refuses
 */
function adoptNativeHandle(nativeHandle) {
  if (nativeHandle instanceof StreamHandle) return nativeHandle;
  const { fd } = nativeHandle;
  if (typeof fd !== 'number' || fd < 0) return null;
  const type = typeOfNative(nativeHandle, fd);
  if (type !== 'TCP' && type !== 'PIPE') return null;
  const copy = duplicate(fd);
  // A number of the user's making.
  if (copy === uv.UV_EBADF) return null;
  if (copy < 0) return copy;
  const handle =
    type === 'TCP'
      ? new TCP(tcpConstants.SOCKET)
      : new Pipe(pipeConstants.SOCKET);
  const status = handle.open(copy);
  if (status === 0) return handle;
  closeDescriptor(copy);
  handle.close();
  return status;
}

// The system may refuse to say what a descriptor is; node's classes do not.
function typeOfNative({ constructor }, fd) {
  if (constructor?.name === 'TCP') return 'TCP';
  return constructor?.name === 'Pipe' ? 'PIPE' : guessHandleType(fd);
}

module.exports = {
  Pipe,
  TCP,
  adoptNativeHandle,
  pipeConstants,
  tcpConstants,
};
