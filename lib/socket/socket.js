'use strict';

/*
 * net.Socket: a Duplex over a TCP or Pipe handle.
 *
 * It does not inherit from node's own net.Socket. Node core passes the `_handle`
 * of such an object to C++, which would abort on a handle of rust-net.
 */

const { Duplex } = require('stream');
const util = require('util');

const {
  destroyHandle,
  initSocketHandle,
  reinitializeHandle,
  startReading,
} = require('./attach');
const {
  appendOrigin,
  isTracing,
  nameEnds,
  recordOrigin,
} = require('./connection-error');
const { sendChunk } = require('./fast-path');
const { descriptorMethods } = require('./descriptors');
const {
  continueAlone,
  forget,
  handOver,
  isTcp,
  shutdownBeneath,
  writeBeneath,
} = require('./hand-over');
const { takeNamedOptions } = require('./named-options');
const options = require('./options');
const properties = require('./properties');
const { setOriginalMethods } = require('./relay');
const setup = require('./setup');
const { systemMethods } = require('./system');
const { stopReading, writeChunk, writeChunks } = require('./stream-io');
const { clearTimeouts, refreshTimeout, setIdleTimeout } = require('./timeout');
const {
  ErrnoException,
  codes,
  writeAfterEndError,
} = require('../common/errors');
const { normalizeArgs } = require('../common/normalize-args');
const {
  kAfterAsyncWrite,
  kBoundSource,
  kBuffer,
  kBytesRead,
  kBytesWritten,
  kCoalesce,
  kCopyWrites,
  kDeadline,
  kHandedOver,
  kHandle,
  kHandOver,
  kLastWriteQueueSize,
  kNormalizedArgs,
  kOffload,
  kOwner,
  kReinitializeHandle,
  kRelays,
  kStats,
  kUpdateTimer,
} = require('../common/symbols');
const { validateString } = require('../common/validators');
const { failEndCallbacks } = require('../node/end-callbacks');
const { connectPath, connectSocket } = require('../connect/connect');
const { stopRace } = require('../connect/parallel-race');
const { connectWithin, readConnectTimeout } = require('../connect/deadline');
const { readProxyHeader } = require('../connect/proxy-header');
const { uv } = require('../handle/native');
const { ShutdownWrap } = require('../handle/requests');
const { prepareTakers } = require('../handle/takers');
const {
  Pipe,
  TCP,
  pipeConstants,
  tcpConstants,
} = require('../handle/tcp-pipe');
const { netClientSocketChannel } = require('../node/channels');
const { claimInstances } = require('../node/instance-of');
const nodeNet = require('../node/net');
const { isAtLeast } = require('../node/release');
const tls = require('../node/tls');

const {
  ERR_INVALID_HANDLE_TYPE,
  ERR_MISSING_ARGS,
  ERR_SOCKET_CLOSED,
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION,
} = codes;

// Before Node 22, a socket that was ended before connect() sends its EOF once it
// is connected.
const endsConnected = !isAtLeast(22);

// On its first call the logger is replaced with an optimized one, which is empty
// unless NODE_DEBUG names net.
/** @type {(...args: any[]) => void} */
let debug = util.debuglog('net', (optimized) => {
  debug = optimized;
});

/**
 * Makes a net.Socket; works without `new`.
 *
 * @this {any}
 * @param {any} [given] the documented options, or a descriptor
 * @returns {any}
 */
function Socket(given) {
  if (!(this instanceof Socket)) return new Socket(given);
  setup.rejectObjectMode(given);
  options.validateKeepAliveDelay(given);

  setup.reserveState(this);
  const settings = setup.readDuplexOptions(given);
  Duplex.call(this, settings);
  setup.takeHandle(this, settings);
  setup.takeUserBuffer(this, settings.onread);
  if (settings.coalesce === false) this[kCoalesce] = false;
  if (settings.relay === false) this[kRelays] = false;
  if (settings.handOver === false) Object.assign(this, { [kHandOver]: false });
  if (typeof settings.offload === 'boolean') this[kOffload] = settings.offload;
  if (typeof settings.copyWrites === 'boolean') {
    this[kCopyWrites] = settings.copyWrites;
  }
  options.rememberOptions(this, settings);
  // Added first, because a listener of the user may write.
  /** @type {any} */ (this).on('end', onReadableStreamEnd);
  initSocketHandle(this);
  this._pendingData = null;
  this._pendingEncoding = '';
  setup.startFlow(this, settings);
  if (settings.signal) setup.watchSignal(this, settings.signal);

  this.server = null;
  this._server = null;
  // The handle's counts, set when the handle is closed.
  this[kBytesRead] = 0;
  this[kBytesWritten] = 0;
  options.assignBlockList(this, settings);
  // Those of an accepted socket are its server's.
  if (settings !== given) takeNamedOptions(this, settings);
  if (isTracing) recordOrigin(this, Socket);
}
Object.setPrototypeOf(Socket.prototype, Duplex.prototype);
Object.setPrototypeOf(Socket, Duplex);

// The sockets of tls and http, and node's own sockets, are net.Sockets to users.
claimInstances(Socket, nodeNet.Socket);

const layers = { Socket, handOver, continueAlone };
tls.answerTls(layers);

function defineGetter(name, get, attributes) {
  Object.defineProperty(Socket.prototype, name, { get, ...attributes });
}

function defineEnumerableGetter(name) {
  defineGetter(name, properties[name], { enumerable: true });
}

/** @this {any} */
Socket.prototype._unrefTimer = function _unrefTimer() {
  // A loose comparison, because packages set `_parent` to undefined.
  for (let each = this; each != null; each = each._parent) {
    refreshTimeout(each);
  }
};

// Shuts down writing; called after end(), when everything written has been sent.
/** @this {any} */
Socket.prototype._final = function (cb) {
  if (endsConnected ? this.pending : this.connecting) {
    debug('_final: not yet connected');
    this.once('connect', () => this._final(cb));
    return;
  }
  if (!this._handle) {
    cb();
    return;
  }
  debug('_final: not ended, call shutdown()');
  if (this._handle[kHandedOver]) {
    shutdownBeneath(this._handle, cb);
    return;
  }
  /** @type {any} */
  const req = new ShutdownWrap();
  req.oncomplete = afterShutdown;
  req.handle = this._handle;
  req.callback = cb;
  const status = this._handle.shutdown(req);
  // 1 means that the handle has shut down within the call.
  if (status === 1 || status === uv.UV_ENOTCONN) cb();
  else if (status !== 0) {
    cb(nameEnds(new ErrnoException(status, 'shutdown'), this));
  }
};

function afterShutdown() {
  debug('afterShutdown destroyed=%j', this.handle[kOwner].destroyed);
  this.callback();
}

/**
 * Sets or clears the idle timeout. The function's name is node's.
 *
 * @this {any}
 * @param {number} msecs 0 switches the timeout off
 * @param {Function} [callback] for the next 'timeout' event
 * @returns {import('net').Socket} this socket
 */
Socket.prototype.setTimeout = function setStreamTimeout(msecs, callback) {
  setIdleTimeout(this, msecs, callback);
  return this;
};

/** @this {any} */
Socket.prototype._onTimeout = function () {
  const pending = this[kLastWriteQueueSize];
  if (pending > 0 && this._handle) {
    const { writeQueueSize } = this._handle;
    // A write that made progress since the last timeout counts as activity.
    if (pending !== writeQueueSize) {
      this[kLastWriteQueueSize] = writeQueueSize;
      this._unrefTimer();
      return;
    }
  }
  debug('_onTimeout');
  this.emit('timeout');
};

/** @this {any} */
Socket.prototype.setNoDelay = function (enable) {
  return options.setNoDelay(this, enable);
};

/** @this {any} */
Socket.prototype.setKeepAlive = function (
  enable,
  initialDelay,
  interval,
  count,
) {
  return options.setKeepAlive(this, {
    enable,
    initialDelay,
    interval,
    count,
  });
};

/** @this {any} */
Socket.prototype.setTypeOfService = function (tos) {
  return options.setTypeOfService(this, tos);
};

/** @this {any} */
Socket.prototype.getTypeOfService = function () {
  return options.getTypeOfService(this);
};

Object.assign(Socket.prototype, systemMethods, descriptorMethods);
Socket.prototype.addListener = descriptorMethods.on;

/** @this {any} */
Socket.prototype.address = function () {
  return this._getsockname();
};

defineGetter('_connecting', properties._connecting);
defineGetter('pending', properties.pending, { configurable: true });
defineGetter('readyState', properties.readyState);
defineGetter('bufferSize', properties.bufferSize);
defineGetter(kUpdateTimer, function () {
  return this._unrefTimer;
});

/** @this {any} */
Socket.prototype._read = function (n) {
  debug(
    '_read - n',
    n,
    'isConnecting?',
    Boolean(this.connecting),
    'hasHandle?',
    Boolean(this._handle),
  );
  if (this.connecting || !this._handle) {
    debug('_read wait for connection');
    this.once('connect', () => this._read(n));
  } else if (!this._handle.reading) {
    startReading(this);
  }
};

/** @this {any} */
Socket.prototype.write = function (chunk, encoding, cb) {
  const hasCallback = cb !== undefined || typeof encoding === 'function';
  if (!hasCallback && sendChunk(this, chunk, encoding, Socket.prototype)) {
    return true;
  }
  return Duplex.prototype.write.call(this, chunk, encoding, cb);
};

/** @this {any} */
Socket.prototype.end = function (data, encoding, callback) {
  Duplex.prototype.end.call(this, data, encoding, callback);
  return this;
};

/** @this {any} */
Socket.prototype.resetAndDestroy = function () {
  if (!this._handle) {
    this.destroy(new ERR_SOCKET_CLOSED());
    return this;
  }
  if (!isTcp(this._handle)) throw new ERR_INVALID_HANDLE_TYPE();
  if (this.connecting) {
    debug('reset wait for connection');
    this.once('connect', () => this._reset());
  } else {
    this._reset();
  }
  return this;
};

/** @this {any} */
Socket.prototype.pause = function () {
  // Node's tls pauses a stream before it does anything else with it.
  if (!tls.ready) tls.prepare(layers);
  if (this[kBuffer] && !this.connecting && this._handle?.reading) {
    stopReading(this, this._handle);
  }
  return Duplex.prototype.pause.call(this);
};

// With a user buffer no data passes through the Duplex, so resume() and read()
// start the handle with this.
function startUserBuffer(socket) {
  if (!socket[kBuffer] || socket.connecting) return;
  if (socket._handle && !socket._handle.reading) {
    startReading(socket);
  }
}

/** @this {any} */
Socket.prototype.resume = function () {
  startUserBuffer(this);
  return Duplex.prototype.resume.call(this);
};

/** @this {any} */
Socket.prototype.read = function (n) {
  startUserBuffer(this);
  return Duplex.prototype.read.call(this, n);
};

/** @this {any} */
function onReadableStreamEnd() {
  if (!this.allowHalfOpen) this.write = writeAfterFIN;
}

/**
 * Fails a write after the peer's EOF with an error that names the peer. The error
 * 'write after end' would blame the user.
 *
 * @this {Record<PropertyKey, any> & import('stream').Duplex}
 * @param {unknown} chunk
 * @param {BufferEncoding} encoding
 * @param {(error?: Error | null) => void} [cb]
 */
function writeAfterFIN(chunk, encoding, cb) {
  if (!this.writableEnded) {
    return Duplex.prototype.write.call(this, chunk, encoding, cb);
  }
  const callback = typeof encoding === 'function' ? encoding : cb;
  const error = nameEnds(writeAfterEndError(), this);
  if (typeof callback === 'function') process.nextTick(callback, error);
  this.destroy(error);
  return false;
}

/** @this {any} */
Socket.prototype.destroySoon = function () {
  if (this.writable) this.end();
  if (this.writableFinished) this.destroy();
  else this.once('finish', this.destroy);
};

/** @this {any} */
Socket.prototype._destroy = function (exception, cb) {
  debug('destroy');
  failEndCallbacks(this);
  stopRace(this);
  if (isTracing) appendOrigin(exception, this);
  this.connecting = false;
  clearTimeouts(this);
  this[kDeadline]?.stop();
  debug('close');

  if (this._handle) {
    debug('close handle');
    this[kBytesRead] = this._handle.bytesRead;
    this[kBytesWritten] = this._handle.bytesWritten;
    destroyHandle(this, Boolean(exception));
    forget(this);
    cb(exception);
  } else {
    cb(exception);
    process.nextTick(emitCloseNT, this);
  }

  if (!this._server) return;
  debug('has server');
  // Missing when the user has set `_server` to another object.
  this._server[kStats]?.addConnection(this[kBytesRead], this[kBytesWritten]);
  this._server._connections--;
  this._server._emitCloseIfDrained?.();
};

function emitCloseNT(socket) {
  socket.emit('close');
}

/** @this {any} */
Socket.prototype._reset = function () {
  debug('reset connection');
  this.resetAndClosing = true;
  return this.destroy();
};

/** @this {any} */
Socket.prototype._getpeername = function () {
  return properties.readPeerName(this);
};

defineEnumerableGetter('bytesRead');
defineEnumerableGetter('remoteAddress');
defineEnumerableGetter('remoteFamily');
defineEnumerableGetter('remotePort');

/** @this {any} */
Socket.prototype._getsockname = function () {
  return properties.readSockName(this);
};

defineEnumerableGetter('localAddress');
defineEnumerableGetter('localPort');
defineEnumerableGetter('localFamily');

/** @this {any} */
Socket.prototype[kAfterAsyncWrite] = function () {
  this[kLastWriteQueueSize] = 0;
};

/** Delays the first write until 'connect'; the Duplex queues the later ones. */
function writeOnConnect(socket, writev, data, encoding, cb) {
  socket._pendingData = data;
  socket._pendingEncoding = encoding;
  function onClose() {
    cb(new ERR_SOCKET_CLOSED_BEFORE_CONNECTION());
  }
  socket.once('connect', function connect() {
    this.off('close', onClose);
    this._writeGeneric(writev, data, encoding, cb);
  });
  socket.once('close', onClose);
}

/** @this {any} */
Socket.prototype._writeGeneric = function (writev, data, encoding, cb) {
  if (this.connecting) {
    writeOnConnect(this, writev, data, encoding, cb);
    return undefined;
  }
  this._pendingData = null;
  this._pendingEncoding = '';
  if (!this._handle) {
    cb(new ERR_SOCKET_CLOSED());
    return false;
  }
  this._unrefTimer();
  if (this._handle[kHandedOver]) {
    writeBeneath(this, { writev, data, encoding }, cb);
    return undefined;
  }
  const req = writev
    ? writeChunks(this._handle, data, cb)
    : writeChunk(this._handle, data, encoding, cb);
  if (req.async) this[kLastWriteQueueSize] = req.bytes;
  return undefined;
};

/** @this {any} */
Socket.prototype._writev = function (chunks, cb) {
  this._writeGeneric(true, chunks, '', cb);
};

/** @this {any} */
Socket.prototype._write = function (data, encoding, cb) {
  this._writeGeneric(false, data, encoding, cb);
};

defineEnumerableGetter('_bytesDispatched');
defineEnumerableGetter('bytesWritten');

function prepareToConnect(socket, pipe) {
  if (socket._handle) return;
  socket._handle = pipe
    ? new Pipe(pipeConstants.SOCKET)
    : new TCP(tcpConstants.SOCKET);
  initSocketHandle(socket);
}

function isPipeTarget(socket, path) {
  // A bound handle determines the transport.
  if (socket[kBoundSource] && socket._handle) {
    return socket._handle instanceof Pipe;
  }
  return Boolean(path);
}

/**
 * @param {Record<PropertyKey, any>} socket
 * @param {Record<PropertyKey, any>} target
 * @param {boolean} pipe
 */
function startConnecting(socket, target, pipe) {
  if (pipe) {
    validateString(target.path, 'options.path');
    connectPath(socket, target.path);
  } else {
    connectSocket(socket, target);
  }
}

/** @this {any} */
Socket.prototype.connect = function (...args) {
  const isNormalized = Array.isArray(args[0]) && args[0][kNormalizedArgs];
  const [target, cb] = isNormalized ? args[0] : normalizeArgs(args);

  if (netClientSocketChannel.hasSubscribers) {
    netClientSocketChannel.publish({ socket: this });
  }
  if (cb !== null) this.once('connect', cb);
  // This socket will use its parent's connection.
  if (this._parent?.connecting) return this;
  // connectSocket() rejects a port of null.
  if (target.port === undefined && target.path == null) {
    throw new ERR_MISSING_ARGS(['options', 'port', 'path']);
  }
  const msecs = readConnectTimeout(target);
  const header = readProxyHeader(target);

  // An earlier EOF of the peer may have set writeAfterFIN.
  if (this.write !== Socket.prototype.write) {
    this.write = Socket.prototype.write;
  }
  if (this.destroyed) {
    this._handle = null;
    this._peername = null;
    this._sockname = null;
  }
  const { path } = target;
  const pipe = isPipeTarget(this, path);
  debug('pipe', pipe, path);
  prepareToConnect(this, pipe);
  this._unrefTimer();
  this.connecting = true;
  // Waits for the connection, as does all that the program writes behind it.
  if (header !== undefined) {
    Reflect.apply(Duplex.prototype.write, this, [header]);
  }

  const start = () => startConnecting(this, target, pipe);
  if (msecs === 0) start();
  else connectWithin(this, target, msecs, start);
  return this;
};

/** @this {any} */
Socket.prototype[kReinitializeHandle] = function (handle) {
  reinitializeHandle(this, handle);
};

/** @this {any} */
Socket.prototype.ref = function () {
  if (!this._handle) this.once('connect', this.ref);
  else if (typeof this._handle.ref === 'function') this._handle.ref();
  return this;
};

/** @this {any} */
Socket.prototype.unref = function () {
  if (!this._handle) this.once('connect', this.unref);
  else if (typeof this._handle.unref === 'function') this._handle.unref();
  return this;
};

defineGetter(
  '_handle',
  function () {
    // The program may pass it to a function of node's that has been loaded since.
    prepareTakers();
    return this[kHandle];
  },
  {
    set(value) {
      this[kHandle] = value;
    },
  },
);

/**
 * Makes a Socket and starts to connect it: `net.connect`.
 *
 * @param {...any} args `(options, [listener])`, `(path, [listener])` or
 *   `(port, [host], [listener])`
 * @returns {any} the Socket
 */
function connect(...args) {
  const normalized = normalizeArgs(args);
  const [target] = normalized;
  debug('createConnection', normalized);
  /** @type {any} */
  const socket = new Socket(target);
  if (target.timeout) socket.setTimeout(target.timeout);
  return socket.connect(normalized);
}

setOriginalMethods(Socket.prototype);

module.exports = { Socket, connect };
