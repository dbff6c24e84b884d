'use strict';

/**
 * The seam to the native addon: classes `TCP` and `Pipe` with node's handle
 * verbs, over the keys of the native environment. No other file requires the
 * binding.
 */

const { AsyncResource } = require('node:async_hooks');
const util = require('node:util');
const binding = require('../binding.js');
const { kOwner, kTakesBuffer } = require('./symbols');

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

const kReadBytesOrError = 0;
const kArrayBufferOffset = 1;
const kBytesWritten = 2;
const kLastWriteWasAsync = 3;
const streamBaseState = new Int32Array(5);

/** libuv's errors by name, `UV_ECANCELED` and so on: negative numbers. */
const uv = {};
for (const [errno, [name]] of util.getSystemErrorMap()) {
  uv[`UV_${name}`] = errno;
}
const { UV_ECANCELED } = uv;

// What src/event.rs calls `Kind`.
const READ = 0;
const READ_END = 1;
const CONNECTION = 2;
const ACCEPT_FAILED = 3;
const CONNECTED = 4;
const WRITTEN = 5;
const SHUTDOWN = 6;
const CLOSED = 7;
const FLUSH_FAILED = 8;

// The layout of the ring, as src/env/js.rs writes it.
const COUNT = 0;
const CURSOR = 1;
const HEADER = 2;
const WORDS = 4;
const BATCH = 1024;
const ring = new Int32Array(HEADER + BATCH * WORDS);

// Received bytes pass through this slab and are copied out of it: memory that
// native code writes to, and that holds other connections' data, never leaves
// this file.
const slab = Buffer.allocUnsafeSlow(256 * 1024);
const slabMemory = slab.buffer;

// Small writes and strings are put here for the native side to read at once.
const out = Buffer.allocUnsafeSlow(64 * 1024);
const SMALL_WRITE = 1024;
const MAX_BYTES_PER_UNIT = 3;

const SLOT_MASK = (1 << 20) - 1;
const ACCEPT_RETRY_MS = 100;

const kKey = Symbol('key');
const kClosed = Symbol('closed');
const kReading = Symbol('reading');
const kReferenced = Symbol('referenced');
const kStash = Symbol('stash');
const kUserBuffer = Symbol('userBuffer');
const kConnectRequest = Symbol('connectRequest');
const kShutdownRequest = Symbol('shutdownRequest');
const kWriteRequests = Symbol('writeRequests');
const kOnClosed = Symbol('onClosed');
const kResource = Symbol('resource');
const kWriteString = Symbol('writeString');
const kWritten = Symbol('written');
const kConnect = Symbol('connect');
const kMarkClosed = Symbol('markClosed');

/** Open handles, by the slot in their key. */
const handles = [];
let acceptRetry = null;

const coalesce = process.env.RUST_NET_COALESCE === '1';
const native = binding.open(
  {
    driver: process.env.RUST_NET_DRIVER || 'auto',
    coalesce,
    paddedNames: padsAbstractNames(process.versions.uv),
  },
  dispatch,
  ring,
  slab,
  out,
);
if (coalesce) process.on('exit', () => native.flush());

// Both ends of an abstract socket must agree on its name: libuv filled it up
// with NULs until 1.46.
function padsAbstractNames(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 1 && minor <= 46;
}

/** A request that is made for one verb and completed by one event. */
class Request {}

/** Passed to `handle.shutdown(req)`. */
class ShutdownWrap extends Request {}
/** Passed to `handle.write...(req, data)`. */
class WriteWrap extends Request {}
/** Passed to `tcp.connect(req, address, port)`. */
class TCPConnectWrap extends Request {}
/** Passed to `pipe.connect(req, path)`. */
class PipeConnectWrap extends Request {}

const requestTypes = new Map([
  [ShutdownWrap, 'SHUTDOWNWRAP'],
  [WriteWrap, 'WRITEWRAP'],
  [TCPConnectWrap, 'TCPCONNECTWRAP'],
  [PipeConnectWrap, 'PIPECONNECTWRAP'],
]);

const manualDestroy = { requireManualDestroy: true };

// As in node, a request becomes an async resource when its verb has begun.
function begin(request) {
  const type = requestTypes.get(request.constructor) ?? 'WRITEWRAP';
  request[kResource] = new AsyncResource(type, manualDestroy);
}

function complete(request, status, ...rest) {
  const resource = request[kResource];
  request[kResource] = undefined;
  if (typeof request.oncomplete === 'function') {
    resource.runInAsyncScope(request.oncomplete, request, status, ...rest);
  }
  resource.emitDestroy();
}

/** What `TCP` and `Pipe` share: node's stream handle. */
class StreamHandle extends AsyncResource {
  constructor(type, key) {
    super(type, manualDestroy);
    this[kKey] = key;
    this[kClosed] = key < 0;
    this[kReading] = false;
    this[kReferenced] = true;
    this[kStash] = null;
    this[kUserBuffer] = null;
    this[kConnectRequest] = null;
    this[kShutdownRequest] = null;
    this[kWriteRequests] = null;
    this[kOnClosed] = undefined;
    this[kOwner] = null;
    this.onread = undefined;
    this.onconnection = undefined;
    this.onwriteerror = undefined;
    this.reading = false;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    if (key >= 0) handles[key & SLOT_MASK] = this;
  }

  get fd() {
    return this[kClosed] ? -1 : native.fd(this[kKey]);
  }

  get writeQueueSize() {
    return this[kClosed] ? 0 : native.writeQueueSize(this[kKey]);
  }

  get isStreamBase() {
    return false;
  }

  get owner() {
    return this[kOwner];
  }

  set owner(owner) {
    this[kOwner] = owner;
  }

  getAsyncId() {
    return this.asyncId();
  }

  open(fd) {
    return native.open(this[kKey], fd);
  }

  listen(backlog) {
    return native.listen(this[kKey], backlog);
  }

  readStart() {
    if (this[kReading]) return 0;
    if (this[kStash] !== null) {
      this[kReading] = true;
      process.nextTick(drainStash, this);
      return 0;
    }
    const status = native.readStart(this[kKey]);
    this[kReading] = status === 0;
    return status;
  }

  readStop() {
    if (this[kReading]) {
      this[kReading] = false;
      native.readStop(this[kKey]);
    }
    return 0;
  }

  useUserBuffer(buffer) {
    this[kUserBuffer] = buffer;
    native.setReadLimit(this[kKey], buffer.byteLength);
  }

  writeBuffer(request, data) {
    const length = data.byteLength;
    if (length <= SMALL_WRITE && length > 0) {
      out.set(data);
      return this[kWritten](
        request,
        native.writeOut(this[kKey], length),
        length,
      );
    }
    return this[kWritten](request, native.write(this[kKey], data), length);
  }

  writev(request, chunks, allBuffers) {
    const buffers = allBuffers ? chunks : encodeAll(chunks);
    let length = 0;
    for (const buffer of buffers) length += buffer.byteLength;
    const result = native.writeAll(this[kKey], buffers);
    return this[kWritten](request, result, length);
  }

  writeUtf8String(request, string) {
    return this[kWriteString](request, string, 'utf8');
  }

  writeAsciiString(request, string) {
    return this[kWriteString](request, string, 'latin1');
  }

  writeLatin1String(request, string) {
    return this[kWriteString](request, string, 'latin1');
  }

  writeUcs2String(request, string) {
    return this[kWriteString](request, string, 'utf16le');
  }

  shutdown(request) {
    const status = native.shutdown(this[kKey]);
    if (status === 0) {
      begin(request);
      this[kShutdownRequest] = request;
    }
    return status;
  }

  close(callback) {
    if (this[kClosed]) return;
    this[kMarkClosed](callback);
    native.close(this[kKey]);
  }

  ref() {
    this[kReferenced] = true;
    native.setReferenced(this[kKey], true);
  }

  unref() {
    this[kReferenced] = false;
    native.setReferenced(this[kKey], false);
  }

  hasRef() {
    return this[kReferenced] && !this[kClosed];
  }

  setBlocking(blocking) {
    return native.setBlocking(this[kKey], Boolean(blocking));
  }

  [kWriteString](request, string, encoding) {
    if (string.length * MAX_BYTES_PER_UNIT <= out.length) {
      const length = out.write(string, 0, encoding);
      return this[kWritten](
        request,
        native.writeOut(this[kKey], length),
        length,
      );
    }
    return this.writeBuffer(request, Buffer.from(string, encoding));
  }

  [kWritten](request, result, length) {
    if (result < 0) return result;
    this.bytesWritten += length;
    streamBaseState[kBytesWritten] = length;
    streamBaseState[kLastWriteWasAsync] = result;
    if (result === 1) {
      begin(request);
      (this[kWriteRequests] ??= []).push(request);
    }
    return 0;
  }

  [kConnect](request, status) {
    if (status === 0) {
      begin(request);
      this[kConnectRequest] = request;
    }
    return status;
  }

  [kMarkClosed](callback) {
    this[kClosed] = true;
    this[kReading] = false;
    this[kStash] = null;
    this[kOnClosed] = callback;
  }
}

/** A TCP socket or server. */
class TCP extends StreamHandle {
  constructor(type, key = native.createTcp()) {
    super(type === tcpConstants.SERVER ? 'TCPSERVERWRAP' : 'TCPWRAP', key);
  }

  bind(address, port, flags) {
    return native.bind(this[kKey], `${address}`, port | 0, flags | 0);
  }

  bind6(address, port, flags) {
    return native.bind6(this[kKey], `${address}`, port | 0, flags | 0);
  }

  connect(request, address, port) {
    const status = native.connect(this[kKey], `${address}`, port | 0);
    return this[kConnect](request, status);
  }

  connect6(request, address, port) {
    const status = native.connect6(this[kKey], `${address}`, port | 0);
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
    const status = native.reset(this[kKey]);
    if (status === 0) this[kMarkClosed](callback);
    return status;
  }
}

/** A Unix-domain socket or server. */
class Pipe extends StreamHandle {
  constructor(type, key = native.createPipe()) {
    super(type === pipeConstants.SERVER ? 'PIPESERVERWRAP' : 'PIPEWRAP', key);
  }

  bind(path) {
    return native.bindPipe(this[kKey], `${path}`);
  }

  connect(request, path) {
    const status = native.connectPipe(this[kKey], `${path}`);
    return this[kConnect](request, status);
  }

  fchmod(mode) {
    return native.chmod(this[kKey], mode | 0);
  }

  setPendingInstances() {}
}

function fillAddress(info, address) {
  if (typeof address === 'number') return address;
  Object.assign(info, address);
  return 0;
}

// Node's form for mixed data: [chunk, encoding, chunk, encoding, ...].
function encodeAll(chunks) {
  const buffers = [];
  for (let i = 0; i < chunks.length; i += 2) {
    const chunk = chunks[i];
    buffers.push(
      typeof chunk === 'string' ? Buffer.from(chunk, chunks[i + 1]) : chunk,
    );
  }
  return buffers;
}

// What node's own callback scopes run when they end. Without it each event has
// a callback scope of its own.
const tickCallback =
  typeof process._tickCallback === 'function' ? process._tickCallback : null;

/**
 * Called by the native side when the ring holds events. Ticks and microtasks
 * run between two events, as they do between node's own callbacks. Whatever a
 * listener throws leaves this function; the native side reports it and calls
 * again for the rest, from the cursor on.
 */
function dispatch() {
  const count = ring[COUNT];
  while (ring[CURSOR] < count) {
    if (ring[CURSOR] > 0 && !runTicks()) return;
    deliver(HEADER + ring[CURSOR]++ * WORDS);
    if (tickCallback === null) return;
  }
}

function runTicks() {
  try {
    tickCallback?.call(process);
    return true;
  } catch (error) {
    // A tick that throws leaves its id on the async id stack, which node
    // clears when it reports the exception: that must be before our own
    // callback scope ends. The rest follows in a scope of its own.
    native.reportException(error);
    return false;
  }
}

function deliver(at) {
  const key = ring[at];
  const kind = ring[at + 1];
  const argument = ring[at + 2];
  const handle = handles[key & SLOT_MASK];
  if (handle === undefined || handle[kKey] !== key) return;
  if (kind === CLOSED) {
    afterClosed(handle);
  } else if (handle[kClosed]) {
    // The backlog of a closed listener is reset by the kernel; what was
    // already accepted for it goes the same way.
    if (kind === CONNECTION) native.reset(argument);
  } else {
    deliverOpen(handle, kind, argument, ring[at + 3]);
  }
}

function deliverOpen(handle, kind, argument, offset) {
  switch (kind) {
    case READ:
      onBytes(handle, offset, argument);
      break;
    case READ_END:
      onReadEnd(handle, argument);
      break;
    case CONNECTION:
      onAccepted(handle, argument);
      break;
    case ACCEPT_FAILED:
      retryAcceptLater();
      break;
    case CONNECTED:
      afterConnected(handle, argument);
      break;
    case WRITTEN:
      complete(handle[kWriteRequests].shift(), argument, handle, undefined);
      break;
    case SHUTDOWN:
      afterShutdown(handle, argument);
      break;
    case FLUSH_FAILED:
      if (typeof handle.onwriteerror === 'function') {
        handle.runInAsyncScope(handle.onwriteerror, handle, argument);
      }
      break;
  }
}

function onBytes(handle, offset, length) {
  handle.bytesRead += length;
  if (!handle[kReading]) {
    // Stopped by a listener of this very batch: kept for the next start.
    (handle[kStash] ??= []).push(copyOut(offset, length));
    return;
  }
  const userBuffer = handle[kUserBuffer];
  if (userBuffer === null) {
    emitBytes(handle, copyOut(offset, length));
  } else {
    userBuffer.set(new Uint8Array(slabMemory, offset, length));
    emitUserBytes(handle, length);
  }
}

// Not from Buffer's pool: the ArrayBuffer of a chunk holds that chunk alone.
function copyOut(offset, length) {
  const chunk = Buffer.allocUnsafeSlow(length);
  chunk.set(new Uint8Array(slabMemory, offset, length));
  return chunk;
}

function emitBytes(handle, chunk) {
  streamBaseState[kReadBytesOrError] = chunk.length;
  streamBaseState[kArrayBufferOffset] = 0;
  const { onread } = handle;
  // The ArrayBuffer of a small chunk only comes to be when it is asked for.
  const memory = onread[kTakesBuffer] === true ? chunk : chunk.buffer;
  handle.runInAsyncScope(onread, handle, memory);
}

function emitUserBytes(handle, length) {
  streamBaseState[kReadBytesOrError] = length;
  streamBaseState[kArrayBufferOffset] = 0;
  const next = handle.runInAsyncScope(handle.onread, handle, undefined);
  if (next instanceof Uint8Array && !handle[kClosed])
    handle.useUserBuffer(next);
}

function onReadEnd(handle, status) {
  if (handle[kStash] !== null) {
    handle[kStash].push(status);
    return;
  }
  emitReadEnd(handle, status);
}

function emitReadEnd(handle, status) {
  streamBaseState[kReadBytesOrError] = status;
  streamBaseState[kArrayBufferOffset] = 0;
  handle.runInAsyncScope(handle.onread, handle, undefined);
}

// Delivers what was received before a stop; the native side is only started
// again when all of it is gone, so that order is kept.
function drainStash(handle) {
  const stash = handle[kStash];
  while (stash !== null && handle[kReading] && handle[kStash] === stash) {
    const item = stash.shift();
    if (stash.length === 0) handle[kStash] = null;
    if (typeof item === 'number') {
      emitReadEnd(handle, item);
      return;
    }
    if (handle[kStash] === null) native.readStart(handle[kKey]);
    emitStashed(handle, item);
  }
}

function emitStashed(handle, chunk) {
  const userBuffer = handle[kUserBuffer];
  if (userBuffer === null) {
    emitBytes(handle, chunk);
  } else {
    userBuffer.set(chunk);
    emitUserBytes(handle, chunk.length);
  }
}

// As in node, the client's handle is made outside the server's async scope,
// and the listener is called within it.
function onAccepted(server, key) {
  const client = new server.constructor(tcpConstants.SOCKET, key);
  server.runInAsyncScope(server.onconnection, server, 0, client);
}

// No descriptor is free, or the network refuses: libuv says nothing and tries
// again, and so do we, without spinning.
function retryAcceptLater() {
  if (acceptRetry !== null) return;
  acceptRetry = setTimeout(() => {
    acceptRetry = null;
    native.retryAccept();
  }, ACCEPT_RETRY_MS);
  acceptRetry.unref();
}

function afterConnected(handle, status) {
  const request = handle[kConnectRequest];
  handle[kConnectRequest] = null;
  const access = status === 0 ? native.access(handle[kKey]) : 0;
  const readable = (access & 1) !== 0;
  const writable = (access & 2) !== 0;
  complete(request, status, handle, request, readable, writable);
}

function afterShutdown(handle, status) {
  const request = handle[kShutdownRequest];
  handle[kShutdownRequest] = null;
  complete(request, status, handle, undefined);
}

// Requests that the close cut short come first, each in a delivery of its own:
// the cursor goes back, so that a listener that throws loses nothing.
function afterClosed(handle) {
  const request = takePending(handle);
  if (request !== null) {
    ring[CURSOR]--;
    complete(request, UV_ECANCELED, handle, request, false, false);
    return;
  }
  handles[handle[kKey] & SLOT_MASK] = undefined;
  const callback = handle[kOnClosed];
  handle[kOnClosed] = undefined;
  if (typeof callback === 'function') {
    handle.runInAsyncScope(callback, handle);
  }
  handle.emitDestroy();
}

function takePending(handle) {
  let request = handle[kConnectRequest];
  if (request !== null) {
    handle[kConnectRequest] = null;
    return request;
  }
  const writes = handle[kWriteRequests];
  if (writes !== null && writes.length > 0) return writes.shift();
  request = handle[kShutdownRequest];
  handle[kShutdownRequest] = null;
  return request;
}

/**
 * What a descriptor refers to.
 * @param {number} fd
 * @returns {'TCP'|'PIPE'|'FILE'|'TTY'|'UDP'|'UNKNOWN'}
 */
function guessHandleType(fd) {
  return binding.guessHandleType(fd);
}

/**
 * Our own handle for what a node-native handle is open on. The native handle
 * stays its owner's; ours has a descriptor of its own.
 * @param {{ fd?: number }} nativeHandle
 * @returns {TCP | Pipe | null} null where there is no descriptor to share
 */
function adoptNativeHandle(nativeHandle) {
  if (nativeHandle instanceof StreamHandle) return nativeHandle;
  const { fd } = nativeHandle;
  if (typeof fd !== 'number' || fd < 0) return null;
  const type = guessHandleType(fd);
  if (type !== 'TCP' && type !== 'PIPE') return null;
  const copy = binding.duplicate(fd);
  if (copy < 0) return null;
  const handle =
    type === 'TCP'
      ? new TCP(tcpConstants.SOCKET)
      : new Pipe(pipeConstants.SOCKET);
  return handle.open(copy) === 0 ? handle : null;
}

module.exports = {
  TCP,
  TCPConnectWrap,
  tcpConstants,
  Pipe,
  PipeConnectWrap,
  pipeConstants,
  ShutdownWrap,
  WriteWrap,
  streamBaseState,
  kReadBytesOrError,
  kArrayBufferOffset,
  kBytesWritten,
  kLastWriteWasAsync,
  driver: native.driver,
  guessHandleType,
  adoptNativeHandle,
  uv,
  NativeBlockList: binding.NativeBlockList,
  blockListHas: binding.blockListHas,
  blockListHasV4: binding.blockListHasV4,
  blockListHasV6: binding.blockListHasV6,
  canonicalAddress: binding.canonicalAddress,
};
