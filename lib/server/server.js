'use strict';

const EventEmitter = require('events');
const { getDefaultHighWaterMark } = require('stream');
const util = require('util');

const bind = require('./bind');
const {
  closeAllConnections,
  closeIdleConnections,
  closeServer,
  finishClosing,
} = require('./closing');
const { Connections } = require('./connections');
const { startCounting } = require('./counts');
const { setPaused } = require('./limits');
const { listen } = require('./listen');
const { assignOwnOptions } = require('./own-options');
const { ErrnoException, codes } = require('../common/errors');
const { kNamedOptions, kStats } = require('../common/symbols');
const { queryOption, validateOptionName } = require('../common/named-options');
const { validateNumber } = require('../common/validators');
const { claimInstances } = require('../node/instance-of');
const nodeNet = require('../node/net');
const { kAsyncId } = require('../node/symbols');
const { tickTriggeredBy } = require('../node/trigger');
const { isTracing, recordOrigin } = require('../socket/connection-error');
const { toSeconds, validateKeepAliveDelay } = require('../socket/options');

const { ERR_INVALID_ARG_TYPE, ERR_SERVER_NOT_RUNNING } = codes;

// On its first call the logger is replaced with an optimized one, which is empty
// unless NODE_DEBUG names net.
/** @type {(...args: any[]) => void} */
let debug = util.debuglog('net', (optimized) => {
  debug = optimized;
});

function readOptions(given) {
  if (given == null || typeof given === 'object') return { ...given };
  if (typeof given === 'function') return {};
  throw new ERR_INVALID_ARG_TYPE('options', 'Object', given);
}

function validateHighWaterMark(options) {
  if (options.highWaterMark === undefined) return;
  validateNumber(options.highWaterMark, 'options.highWaterMark');
  if (options.highWaterMark < 0) {
    options.highWaterMark = getDefaultHighWaterMark(false);
  }
}

/**
 * Makes a net.Server; works without `new`.
 *
 * @this {any}
 * @param {any} [given] the documented options, or the listener
 * @param {Function} [connectionListener]
 * @returns {any}
 */
function Server(given, connectionListener) {
  if (!(this instanceof Server)) return new Server(given, connectionListener);
  EventEmitter.call(this);

  const options = readOptions(given);
  const listener = typeof given === 'function' ? given : connectionListener;
  if (typeof listener === 'function') {
    /** @type {any} */ (this).on('connection', listener);
  }
  validateKeepAliveDelay(options);
  validateHighWaterMark(options);

  startCounting(this);
  this._connections = 0;
  this[kAsyncId] = -1;
  this._handle = null;
  this._usingWorkers = false;
  this._workers = [];
  this._unref = false;
  // Counts calls of listen() and close(), to detect stale asynchronous results.
  this._listeningId = 1;

  this.allowHalfOpen = options.allowHalfOpen || false;
  this.pauseOnConnect = Boolean(options.pauseOnConnect);
  this.noDelay = Boolean(options.noDelay);
  this.keepAlive = Boolean(options.keepAlive);
  this.keepAliveInitialDelay = toSeconds(options.keepAliveInitialDelay);
  this.highWaterMark = options.highWaterMark ?? getDefaultHighWaterMark(false);
  assignOwnOptions(this, options);
  if (isTracing) recordOrigin(this, Server);
}
Object.setPrototypeOf(Server.prototype, EventEmitter.prototype);
Object.setPrototypeOf(Server, EventEmitter);

// The servers of http and tls, and node's own servers, are net.Servers to users.
claimInstances(Server, nodeNet.Server);

/** @this {any} */
Server.prototype._listen2 = function setupListenHandle(
  address,
  port,
  addressType,
  backlog,
  fd,
  flags,
) {
  const where = { address, port, addressType, fd, flags };
  bind.setupListenHandle(this, where, backlog);
};

/** @this {any} */
Server.prototype.listen = function (...args) {
  return listen(this, args);
};

Object.defineProperty(Server.prototype, 'listening', {
  get() {
    return Boolean(this._handle);
  },
  configurable: true,
  enumerable: true,
});

/** @this {any} */
Server.prototype.address = function () {
  if (this._handle?.getsockname) {
    const out = {};
    const status = this._handle.getsockname(out);
    if (status) throw new ErrnoException(status, 'address');
    return out;
  }
  return this._pipeName || null;
};

/**
 * Returns a socket option by its name in the options of the constructor.
 *
 * @this {Record<PropertyKey, any>}
 * @param {string} name
 * @returns {number | string | boolean | undefined} the system's value while the
 *   server listens, else the one that was set
 */
Server.prototype.getSocketOption = function (name) {
  validateOptionName(name);
  const found = queryOption(this._handle, name, true);
  if (typeof found === 'object') {
    throw new ErrnoException(found.errno, 'getSocketOption', name);
  }
  return found ?? this[kNamedOptions]?.get(name);
};

/**
 * Adds up the connections of the child processes that share a server.
 *
 * @param {object[]} workers the socket lists of the child processes
 * @param {number} own the connections in this process
 * @param {(error: Error | null, count?: number) => void} done
 */
function countConnections(workers, own, done) {
  let left = workers.length;
  let total = own;
  function oncount(error, count) {
    if (error) {
      // After the first error, later answers are ignored.
      left = -1;
      done(error);
      return;
    }
    total += count;
    if (--left === 0) done(null, total);
  }
  for (const worker of workers) worker.getConnections(oncount);
}

/** @this {any} */
Server.prototype.getConnections = function (cb) {
  function end(error, connections) {
    process.nextTick(cb, error, connections);
  }
  if (this._usingWorkers) {
    countConnections(this._workers, this._connections, end);
  } else {
    end(null, this._connections);
  }
  return this;
};

function closeWorkers(server) {
  let left = server._workers.length;
  function onWorkerClose() {
    if (--left !== 0) return;
    server._connections = 0;
    server._emitCloseIfDrained();
  }
  // Counted one too high until all workers are closed. Otherwise the last
  // socket's close would emit 'close' while workers still close, and once more
  // afterwards.
  server._connections++;
  for (const worker of server._workers) worker.close(onWorkerClose);
}

/**
 * @param {Record<PropertyKey, any>} server
 * @param {unknown} cb
 */
function closeNow(server, cb) {
  server._listeningId++;
  if (typeof cb === 'function') {
    if (server._handle) server.once('close', cb);
    else server.once('close', () => cb(new ERR_SERVER_NOT_RUNNING()));
  }
  if (server._handle) {
    server[kStats].addListener(server._handle);
    server._handle.close();
    server._handle = null;
  }
  if (server._usingWorkers) closeWorkers(server);
  else server._emitCloseIfDrained();
  return server;
}

/** @this {any} */
Server.prototype.close = function (
  /** @type {unknown} */ given,
  /** @type {unknown[]} */ ...more
) {
  return closeServer(this, [given, ...more], (cb) => closeNow(this, cb));
};

/** @this {object} */
Server.prototype.closeIdleConnections = function () {
  closeIdleConnections(this);
};

/** @this {object} */
Server.prototype.pauseAccepting = function () {
  setPaused(this, true);
  return this;
};

/** @this {object} */
Server.prototype.resumeAccepting = function () {
  setPaused(this, false);
  return this;
};

/** @this {object} */
Server.prototype.closeAllConnections = function () {
  closeAllConnections(this);
};

/** @this {any} */
Server.prototype._emitCloseIfDrained = function () {
  debug('SERVER _emitCloseIfDrained');
  if (this._handle || this._connections) {
    debug(
      'SERVER handle? %j   connections? %d',
      Boolean(this._handle),
      this._connections,
    );
    return;
  }
  tickTriggeredBy(this[kAsyncId], emitCloseNT, this);
};

function emitCloseNT(server) {
  debug('SERVER: emit close');
  const counts = finishClosing(server);
  if (counts === undefined) server.emit('close');
  else server.emit('close', counts);
}

// Called by child_process for each child that the server is sent to.
/** @this {any} */
Server.prototype._setupWorker = function (socketList) {
  this._usingWorkers = true;
  this._workers.push(socketList);
  socketList.once('exit', (list) => {
    this._workers.splice(this._workers.indexOf(list), 1);
  });
};

/** @this {any} */
Server.prototype.ref = function () {
  this._unref = false;
  if (this._handle) this._handle.ref();
  return this;
};

/** @this {any} */
Server.prototype.unref = function () {
  this._unref = true;
  if (this._handle) this._handle.unref();
  return this;
};

if (Symbol.asyncDispose) {
  /** @this {any} */
  Server.prototype[Symbol.asyncDispose] = async function () {
    if (!this._handle) return;
    await util.promisify(this.close).call(this);
  };
}

/** @this {EventEmitter} */
Server.prototype[Symbol.asyncIterator] = function () {
  return new Connections(this);
};

/** @this {any} */
Server.prototype[EventEmitter.captureRejectionSymbol] = function (
  error,
  event,
  socket,
) {
  if (event === 'connection') socket.destroy(error);
  else this.emit('error', error);
};

/**
 * Makes a Server: `net.createServer`.
 *
 * @param {object | Function} [options] the documented ones, or the listener
 * @param {Function} [connectionListener] for 'connection'
 * @returns {any} the Server
 */
function createServer(options, connectionListener) {
  return new Server(options, connectionListener);
}

module.exports = { Server, createServer };
