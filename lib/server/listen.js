'use strict';

/*
 * The forms of `server.listen`.
 */

const dns = require('dns');

const { BoundSocket } = require('../socket/bound-socket');
const { netServerListen } = require('../node/channels');
const { ErrnoException, codes } = require('../common/errors');
const {
  SHARED,
  pathFlags,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { kAsyncId } = require('../node/symbols');
const { isIPv6 } = require('../address/ip');
const {
  isPipeName,
  normalizeArgs,
  toNumber,
} = require('../common/normalize-args');
const { listenInCluster } = require('./cluster');
const { validateLimits } = require('./limits');
const { validateProxy } = require('./proxy');
const { kBoundSocketConsume, kBoundSocketPath } = require('../common/symbols');
const {
  validateAbortSignal,
  validateBoolean,
  validatePort,
} = require('../common/validators');
const { addAbortListener } = require('events');

const { ERR_INVALID_ARG_VALUE, ERR_SERVER_ALREADY_LISTEN } = codes;

// fe80::/10
const kLinkLocal = /^fe[89ab][0-9a-f]:/i;

// The port and address type of a listener that has no port: a path or a handle.
const kNoAddress = -1;

/**
 * @param {{ ipv6Only?: boolean, reusePort?: boolean, shared?: boolean }} options
 */
function getFlags({ ipv6Only, reusePort, shared }) {
  return (
    (shared === true ? SHARED : 0) |
    (ipv6Only === true ? tcpConstants.UV_TCP_IPV6ONLY : 0) |
    (reusePort === true ? tcpConstants.UV_TCP_REUSEPORT : 0)
  );
}

// True for a handle of rust-net or node's own. The latter is used as it is: it may
// have another owner, and its accepted connections become rust-net's anyway.
function isHandle({ getAsyncId, listen: verb }) {
  return typeof getAsyncId === 'function' && typeof verb === 'function';
}

function listenOnHandle(server, handle, backlog) {
  server._handle = handle;
  server[kAsyncId] = handle.getAsyncId();
  server._listeningId++;
  const query = {
    address: null,
    port: kNoAddress,
    addressType: kNoAddress,
    backlog,
  };
  listenInCluster(server, query, true);
}

function findBoundSocket(options) {
  if (options instanceof BoundSocket) return options;
  return options.handle instanceof BoundSocket ? options.handle : null;
}

function listenOnBoundSocket(server, bound, backlog) {
  const path = bound[kBoundSocketPath];
  const handle = bound[kBoundSocketConsume]();
  // For address(): the handle does not know its path.
  if (path !== undefined) server._pipeName = path;
  listenOnHandle(server, handle, backlog);
}

function listenOnDescriptor(server, options, backlog) {
  const query = {
    address: null,
    port: null,
    addressType: null,
    fd: options.fd,
    flags: undefined,
    backlog,
  };
  listenInCluster(server, query, false);
}

function isLinkLocal({ address }) {
  return isIPv6(address) && kLinkLocal.test(address);
}

function lookupAndListen(server, host, query, exclusive) {
  const listeningId = server._listeningId;
  // Read from the module on each call, because users replace it.
  dns.lookup(host, { all: true }, (error, addresses) => {
    if (listeningId !== server._listeningId) return;
    if (error) {
      server.emit('error', error);
      return;
    }
    // Binding to a link-local address needs a zone, so it is the last choice.
    const found = addresses.find((each) => !isLinkLocal(each)) ?? addresses[0];
    query.address = found.address;
    query.addressType = found.family || 4;
    listenInCluster(server, query, exclusive);
  });
}

function listenOnPort(server, options, backlog, flags) {
  validatePort(options.port, 'options.port');
  // The kernel or the threads of this process share the port, without the primary.
  if (options.reusePort === true || options.shared === true) {
    options.exclusive = true;
  }
  const query = {
    address: null,
    port: options.port | 0,
    addressType: 4,
    fd: undefined,
    flags,
    backlog: options.backlog || backlog,
  };
  const exclusive = Boolean(options.exclusive);
  if (options.host) lookupAndListen(server, options.host, query, exclusive);
  else listenInCluster(server, query, exclusive);
}

function setPipeMode(server, { readableAll, writableAll }) {
  const mode =
    (readableAll === true ? pipeConstants.UV_READABLE : 0) |
    (writableAll === true ? pipeConstants.UV_WRITABLE : 0);
  if (mode === 0) return;
  const status = server._handle.fchmod(mode);
  if (!status) return;
  server._handle.close();
  server._handle = null;
  throw new ErrnoException(status, 'uv_pipe_chmod');
}

/**
 * Returns how to bind to a path.
 *
 * @param {{ shared?: boolean, unlinkOnClose?: boolean, unlinkStale?: boolean }} options
 * @returns {number | undefined} undefined as in node, without an option
 */
function getPathFlags({ shared, unlinkOnClose, unlinkStale }) {
  if (unlinkOnClose !== undefined) {
    validateBoolean(unlinkOnClose, 'options.unlinkOnClose');
  }
  if (unlinkStale !== undefined) {
    validateBoolean(unlinkStale, 'options.unlinkStale');
  }
  const flags =
    (unlinkOnClose === false ? pathFlags.STAYS : 0) |
    (unlinkStale === true ? pathFlags.TAKES_OVER : 0) |
    (shared === true ? SHARED : 0);
  return flags || undefined;
}

function listenOnPath(server, options, backlog) {
  const { path, readableAll, writableAll } = options;
  if (path[0] === '\0' && (readableAll || writableAll)) {
    throw new ERR_INVALID_ARG_VALUE(
      'options',
      options,
      'can not set readableAll or writableAllt to true when path is abstract unix socket',
    );
  }
  const flags = getPathFlags(options);
  server._pipeName = path;
  const query = {
    address: path,
    port: kNoAddress,
    addressType: kNoAddress,
    fd: undefined,
    flags,
    backlog: options.backlog || backlog,
    readableAll,
    writableAll,
  };
  const exclusive = Boolean(options.exclusive) || options.shared === true;
  listenInCluster(server, query, exclusive);
  // There is no handle if listening failed, or if the primary sets the mode.
  if (server._handle) setPipeMode(server, options);
}

/**
 * Checks the option `shared`. What the caller has bound is the caller's to share.
 *
 * @param {Record<string, unknown>} options
 */
function validateShared(options) {
  const { shared } = options;
  if (shared === undefined) return;
  validateBoolean(shared, 'options.shared');
  const { fd, handle, _handle } = options;
  const isBound = handle || _handle || (typeof fd === 'number' && fd >= 0);
  if (!shared || !isBound) return;
  throw new ERR_INVALID_ARG_VALUE(
    'options.shared',
    shared,
    'can not be true with a handle or a descriptor',
  );
}

function watchSignal(server, { signal }) {
  if (signal === undefined) return;
  validateAbortSignal(signal, 'options.signal');
  function onAborted() {
    server.close();
  }
  if (signal.aborted) {
    process.nextTick(onAborted);
    return;
  }
  const disposable = addAbortListener(signal, onAborted);
  server.once('close', disposable[Symbol.dispose]);
}

function isPortOmitted(args, options) {
  return (
    args.length === 0 ||
    typeof args[0] === 'function' ||
    (options.port === undefined && 'port' in options) ||
    options.port === null
  );
}

function readBacklog(args) {
  // (handle | path | port, backlog) or (port, host, backlog)
  return (
    toNumber(args.length > 1 && args[1]) || toNumber(args.length > 2 && args[2])
  );
}

function listenOnOptions(server, options, backlog, flags) {
  const { port } = options;
  if (typeof port === 'number' || typeof port === 'string') {
    listenOnPort(server, options, backlog, flags);
  } else if (options.path && isPipeName(options.path)) {
    listenOnPath(server, options, backlog);
  } else if ('port' in options || 'path' in options) {
    throw new ERR_INVALID_ARG_VALUE('options', options);
  } else {
    throw new ERR_INVALID_ARG_VALUE(
      'options',
      options,
      'must have the property "port" or "path"',
    );
  }
}

/**
 * Makes a server listen: `server.listen` in all its forms.
 *
 * @param {any} server
 * @param {any[]} args
 * @returns {any} the server
 * @throws {Error} ERR_SERVER_ALREADY_LISTEN, or ERR_INVALID_ARG_VALUE and its
 *   siblings for arguments that name nothing to listen on
 */
function listen(server, args) {
  const [given, cb] = normalizeArgs(args);
  if (server._handle) throw new ERR_SERVER_ALREADY_LISTEN();
  validateLimits(server, 'server');
  validateProxy(server, 'server');
  validateShared(given);
  netServerListen.asyncStart.publish({ server, options: given });
  if (cb !== null) server.once('listening', cb);

  const backlog = readBacklog(args);
  const bound = findBoundSocket(given);
  if (bound !== null) {
    listenOnBoundSocket(server, bound, backlog);
    return server;
  }
  const options = given._handle || given.handle || given;
  if (isHandle(options)) {
    listenOnHandle(server, options, backlog);
    return server;
  }
  const flags = getFlags(options);
  // Cancels the lookup or the request to the primary of an earlier call.
  server._listeningId++;
  watchSignal(server, options);
  if (typeof options.fd === 'number' && options.fd >= 0) {
    listenOnDescriptor(server, options, backlog);
    return server;
  }
  if (isPortOmitted(args, options)) options.port = 0;
  listenOnOptions(server, options, backlog, flags);
  return server;
}

module.exports = { listen };
