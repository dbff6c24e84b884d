'use strict';

const { isIP } = require('../address/ip');
const {
  ErrnoException,
  ExceptionWithHostPort,
  codes,
} = require('../common/errors');
const {
  Pipe,
  TCP,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { kBoundSocketConsume, kBoundSocketPath } = require('../common/symbols');
const {
  validateBoolean,
  validateObject,
  validatePort,
  validateString,
} = require('../common/validators');

const { ERR_INVALID_ARG_VALUE, ERR_SOCKET_HANDLE_ADOPTED } = codes;

// Makes the constructor create an object without a bound socket.
const kUnbound = Symbol('kBoundSocketDeserialize');

const kNoOptions = Object.freeze({ __proto__: null });

function readFlag(options, name) {
  const value = options[name] ?? false;
  validateBoolean(value, `options.${name}`);
  return value;
}

function readHost(options, ipv6Only) {
  const { host } = options;
  if (host === undefined || host === null) {
    return ipv6Only
      ? { host: '::', family: 6 }
      : { host: '0.0.0.0', family: 4 };
  }
  validateString(host, 'options.host');
  const family = isIP(host);
  if (family === 0) {
    throw new ERR_INVALID_ARG_VALUE(
      'options.host',
      host,
      'must be a numeric IP address; net.BoundSocket does not perform DNS resolution',
    );
  }
  return { host, family };
}

function bindTcp(options) {
  const port = validatePort(options.port ?? 0, 'options.port');
  const ipv6Only = readFlag(options, 'ipv6Only');
  const reusePort = readFlag(options, 'reusePort');
  const { host, family } = readHost(options, ipv6Only);
  const flags =
    (ipv6Only ? tcpConstants.UV_TCP_IPV6ONLY : 0) |
    (reusePort ? tcpConstants.UV_TCP_REUSEPORT : 0);

  const handle = new TCP(tcpConstants.SOCKET);
  const address = {};
  // libuv delays EADDRINUSE until the socket is used; getsockname() is the
  // cheapest use.
  const status =
    (family === 6
      ? handle.bind6(host, port, flags)
      : handle.bind(host, port, flags)) || handle.getsockname(address);
  if (status) {
    handle.close();
    throw new ExceptionWithHostPort(status, 'bind', host, port);
  }
  return { handle, address };
}

function bindPipe(options) {
  const { path } = options;
  const tcpOnly = ['host', 'port', 'ipv6Only', 'reusePort'];
  if (tcpOnly.some((name) => options[name] !== undefined)) {
    throw new ERR_INVALID_ARG_VALUE(
      'options',
      options,
      'path is mutually exclusive with host, port, ipv6Only, and reusePort',
    );
  }
  validateString(path, 'options.path');
  if (path[0] === '\0' && process.platform !== 'linux') {
    throw new ERR_INVALID_ARG_VALUE(
      'options.path',
      path,
      'abstract socket paths are only supported on Linux',
    );
  }
  const handle = new Pipe(pipeConstants.SOCKET);
  const status = handle.bind(path);
  if (status) {
    handle.close();
    throw new ErrnoException(status, 'bind');
  }
  return { handle, address: path };
}

/**
 * A socket that is bound synchronously and without DNS. It does not listen or
 * connect until one Server (`listen(bound)`) or one Socket
 * (`new Socket({ handle: bound })`) takes it over.
 */
class BoundSocket {
  #handle = null;
  #address = {};
  #path;

  /**
   * Binds the socket.
   *
   * @param {any} [options] `port` and `host`, or `path`
   * @throws {Error} ERR_INVALID_ARG_VALUE and its siblings, or the system's error
   */
  constructor(options = kNoOptions) {
    if (options === kUnbound) return;
    validateObject(options, 'options');
    const isPipe = options.path !== undefined;
    const bound = isPipe ? bindPipe(options) : bindTcp(options);
    this.#handle = bound.handle;
    this.#address = bound.address;
    if (isPipe) this.#path = options.path;
  }

  /**
   * Returns the bound address.
   *
   * @returns {object | string} as `server.address()`
   * @throws {Error} ERR_SOCKET_HANDLE_ADOPTED after it was taken over or closed
   */
  address() {
    this.#assertOwner();
    return this.#address;
  }

  get [kBoundSocketPath]() {
    return this.#path;
  }

  /**
   * Returns the descriptor, which this object still owns.
   *
   * @returns {number}
   * @throws {Error} ERR_SOCKET_HANDLE_ADOPTED after it was taken over or closed
   */
  fd() {
    this.#assertOwner();
    return this.#handle.fd;
  }

  /**
   * Closes the socket. Throws ERR_SOCKET_HANDLE_ADOPTED after it was taken over
   * or closed.
   */
  close() {
    this[kBoundSocketConsume]().close();
  }

  [Symbol.dispose]() {
    if (this.#handle !== null) this.close();
  }

  [kBoundSocketConsume]() {
    this.#assertOwner();
    const handle = this.#handle;
    this.#handle = null;
    return handle;
  }

  get isPipe() {
    return this.#path !== undefined;
  }

  #assertOwner() {
    if (this.#handle === null) throw new ERR_SOCKET_HANDLE_ADOPTED();
  }
}

/**
 * Makes a BoundSocket without a bound socket. Node calls it for one that arrives
 * from another thread.
 *
 * @returns {BoundSocket}
 */
function _TransferredBoundSocket() {
  return new BoundSocket(kUnbound);
}
_TransferredBoundSocket.prototype = BoundSocket.prototype;

module.exports = { BoundSocket, _TransferredBoundSocket };
