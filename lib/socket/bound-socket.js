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

// Asks the constructor for a shell with nothing bound in it.
const kEmptyShell = Symbol('kBoundSocketDeserialize');

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
  // libuv keeps EADDRINUSE back until the socket is used: asking for the
  // address is the cheapest use.
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
 * A socket that is bound, at once and without DNS, and neither listens nor
 * connects until one Server (`listen(bound)`) or one Socket
 * (`new Socket({ handle: bound })`) takes it over.
 */
class BoundSocket {
  #handle = null;
  #address = {};
  #path;

  /** @param {any} [options] `port` and `host`, or `path` */
  constructor(options = kNoOptions) {
    if (options === kEmptyShell) return;
    validateObject(options, 'options');
    const isPipe = options.path !== undefined;
    const bound = isPipe ? bindPipe(options) : bindTcp(options);
    this.#handle = bound.handle;
    this.#address = bound.address;
    if (isPipe) this.#path = options.path;
  }

  /** @returns {object | string} as `server.address()` */
  address() {
    this.#assertOwner();
    return this.#address;
  }

  get [kBoundSocketPath]() {
    return this.#path;
  }

  /** @returns {number} the descriptor, which stays ours */
  fd() {
    this.#assertOwner();
    return this.#handle.fd;
  }

  /** Gives the address back, if nobody has taken the socket over. */
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
 * Node's entry for a BoundSocket that arrives from another thread: a shell
 * without a socket.
 *
 * @returns {BoundSocket}
 */
function _TransferredBoundSocket() {
  return new BoundSocket(kEmptyShell);
}
_TransferredBoundSocket.prototype = BoundSocket.prototype;

module.exports = { BoundSocket, _TransferredBoundSocket };
