'use strict';

/*
 * The classes `TCP` and `Pipe` with node's handle verbs, over the keys of the
 * native environment: the seam between `net` and what is below it.
 */

const { AsyncResource } = require('node:async_hooks');
const {
  activeHandles,
  drainStash,
  kArrayBufferOffset,
  kReadBytesOrError,
  register,
  streamBaseState,
  takeUndelivered,
} = require('./dispatch');
const {
  kClosed,
  kConnectRequest,
  kKey,
  kOnClosed,
  kReading,
  kReceived,
  kRelay,
  kRelayed,
  kSent,
  kShutdownRequest,
  kStash,
  kUserBuffer,
  kWriteRequests,
} = require('./handle-symbols');
const { duplicate, guessHandleType, native, out, uv } = require('./native');
const {
  PipeConnectWrap,
  ShutdownWrap,
  TCPConnectWrap,
  WriteWrap,
  begin,
} = require('./requests');
const { kOwner } = require('./symbols');

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

const kBytesWritten = 2;
const kLastWriteWasAsync = 3;

const SMALL_WRITE = 1024;
// Naming a chunk of a list to the native side costs more than copying so much.
const SMALL_CHUNK = 4096;
const MAX_BYTES_PER_UNIT = 3;

const kReferenced = Symbol('referenced');
const kAhead = Symbol('ahead');
const kTakeAhead = Symbol('takeAhead');
const kSendBytes = Symbol('sendBytes');
const kSendString = Symbol('sendString');
const kWritten = Symbol('written');
const kConnect = Symbol('connect');
const kMarkClosed = Symbol('markClosed');
const kLeaveRelays = Symbol('leaveRelays');
const manualDestroy = { requireManualDestroy: true };

/** The bytes of the write verb that ran last. */
let sentLength = 0;

/** What `TCP` and `Pipe` share: node's stream handle. */
class StreamHandle extends AsyncResource {
  constructor(type, key, options) {
    super(type, options);
    this[kKey] = key;
    this[kClosed] = key < 0;
    this[kReading] = false;
    this[kReferenced] = true;
    this[kStash] = null;
    this[kUserBuffer] = null;
    this[kAhead] = undefined;
    this[kConnectRequest] = null;
    this[kShutdownRequest] = null;
    this[kWriteRequests] = null;
    this[kOnClosed] = undefined;
    this[kOwner] = null;
    this.onread = undefined;
    this.onwriteerror = undefined;
    this.reading = false;
    this[kReceived] = 0;
    this[kSent] = 0;
    this[kRelay] = null;
    this[kRelayed] = false;
    if (key >= 0) register(this);
  }

  get fd() {
    return this[kClosed] ? -1 : native.fd(this[kKey]);
  }

  /** Whether there is something to send or to share. */
  get isOpen() {
    return !this[kClosed] && native.isOpen(this[kKey]) === 1;
  }

  /**
   * @returns {number} a second descriptor for the same connection, which the
   *   caller owns, or a negative errno
   */
  share() {
    return this[kClosed] ? uv.UV_EBADF : native.share(this[kKey]);
  }

  /**
   * Leaves a second descriptor with the native side, for another thread.
   *
   * @param {string} name one that was never used before
   * @returns {number} 0, or a negative errno
   */
  deposit(name) {
    return this[kClosed] ? uv.UV_EBADF : native.deposit(this[kKey], name);
  }

  get writeQueueSize() {
    return this[kClosed] ? 0 : native.writeQueueSize(this[kKey]);
  }

  get bytesRead() {
    const relayed = this[kRelayed] ? native.relayedIn(this[kKey]) : 0;
    return this[kReceived] + relayed;
  }

  get bytesWritten() {
    const relayed = this[kRelayed] ? native.relayedOut(this[kKey]) : 0;
    return this[kSent] + relayed;
  }

  /** Milliseconds since bytes passed by unseen; -1 if none ever did. */
  get relayIdle() {
    return this[kRelayed] ? native.relayIdle(this[kKey]) : -1;
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
    // The sign makes a number, or throws as node does: of a BigInt, say.
    return native.listen(this[kKey], +backlog);
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

  /**
   * Writes before there is a request, for a writer that needs none as long as
   * everything can be sent at once. False where it could not: the next write
   * verb, which must be given the same data, takes the outcome up.
   */
  writeAhead(data, encoding) {
    const result =
      encoding === undefined
        ? this[kSendBytes](data)
        : this[kSendString](data, encoding);
    if (result === 0) {
      this[kSent] += sentLength;
      return true;
    }
    this[kAhead] = result;
    return false;
  }

  writeBuffer(request, data) {
    return this[kWritten](request, this[kSendBytes](data));
  }

  writev(request, chunks, allBuffers) {
    const joined = joinSmall(chunks, allBuffers);
    if (joined >= 0) {
      sentLength = joined;
      return this[kWritten](request, native.writeOut(this[kKey], joined));
    }
    const buffers = allBuffers ? chunks : encodeAll(chunks);
    sentLength = 0;
    for (const buffer of buffers) sentLength += buffer.byteLength;
    return this[kWritten](request, native.writeAll(this[kKey], buffers));
  }

  writeUtf8String(request, string) {
    return this[kWritten](request, this[kSendString](string, 'utf8'));
  }

  writeAsciiString(request, string) {
    return this[kWritten](request, this[kSendString](string, 'latin1'));
  }

  writeLatin1String(request, string) {
    return this[kWritten](request, this[kSendString](string, 'latin1'));
  }

  writeUcs2String(request, string) {
    return this[kWritten](request, this[kSendString](string, 'utf16le'));
  }

  shutdown(request) {
    const status = native.shutdown(this[kKey]);
    if (status === 0) {
      begin(request, this);
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

  /**
   * Stops to read, for good, and gives what had been read by then.
   *
   * @returns {Buffer[]}
   */
  takeUndelivered() {
    this.readStop();
    return takeUndelivered(this);
  }

  /** Whether small writes may be gathered until the end of the callback. */
  setCoalesce(enable) {
    return native.setCoalesce(this[kKey], Boolean(enable));
  }

  /** Whether a thread sends what was gathered. */
  setOffload(enable) {
    return native.setOffload(this[kKey], Boolean(enable));
  }

  /**
   * Closes accepted connections at once whose peer the list covers.
   *
   * @param {number} key what the native side knows the list by, or -1 for none
   */
  setBlockList(key) {
    return native.setBlockList(this[kKey], key);
  }

  setBlocking(blocking) {
    return native.setBlocking(this[kKey], Boolean(blocking));
  }

  [kSendBytes](data) {
    const ahead = this[kTakeAhead]();
    if (ahead !== undefined) return ahead;
    const length = data.byteLength;
    // A string that was said to be a buffer: node's handle throws, too.
    if (length === undefined) throw notABuffer();
    sentLength = length;
    if (length > SMALL_WRITE) return native.write(this[kKey], data);
    out.set(data);
    return native.writeOut(this[kKey], length);
  }

  [kSendString](string, encoding) {
    const ahead = this[kTakeAhead]();
    if (ahead !== undefined) return ahead;
    if (string.length * MAX_BYTES_PER_UNIT <= out.length) {
      sentLength = out.write(string, 0, encoding);
      return native.writeOut(this[kKey], sentLength);
    }
    const data = Buffer.from(string, encoding);
    sentLength = data.length;
    return native.write(this[kKey], data);
  }

  // Nothing is written between the attempt and the verb that takes it up, so
  // that `sentLength` still is the attempt's.
  [kTakeAhead]() {
    const ahead = this[kAhead];
    if (ahead !== undefined) this[kAhead] = undefined;
    return ahead;
  }

  [kWritten](request, result) {
    const length = sentLength;
    if (result < 0) return result;
    this[kSent] += length;
    streamBaseState[kBytesWritten] = length;
    streamBaseState[kLastWriteWasAsync] = result;
    if (result === 1) {
      begin(request, this);
      (this[kWriteRequests] ??= []).push(request);
    }
    return 0;
  }

  [kConnect](request, status) {
    if (status === 0) {
      begin(request, this);
      this[kConnectRequest] = request;
    }
    return status;
  }

  [kMarkClosed](callback) {
    if (this[kRelayed]) this[kLeaveRelays]();
    this[kClosed] = true;
    this[kReading] = false;
    this[kStash] = null;
    this[kOnClosed] = callback;
  }

  // The native side forgets its counts with the key.
  [kLeaveRelays]() {
    this[kReceived] = this.bytesRead;
    this[kSent] = this.bytesWritten;
    this[kRelay] = null;
    this[kRelayed] = false;
  }
}

/** A TCP socket or server. */
class TCP extends StreamHandle {
  constructor(type, key = native.createTcp(), options = manualDestroy) {
    const name = type === tcpConstants.SERVER ? 'TCPSERVERWRAP' : 'TCPWRAP';
    super(name, key, options);
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
  constructor(type, key = native.createPipe(), options = manualDestroy) {
    const name = type === pipeConstants.SERVER ? 'PIPESERVERWRAP' : 'PIPEWRAP';
    super(name, key, options);
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

function notABuffer() {
  const error = new TypeError('Second argument must be a buffer');
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

function fillAddress(info, address) {
  if (typeof address === 'number') return address;
  Object.assign(info, address);
  return 0;
}

/**
 * Puts the chunks behind one another into the slab.
 *
 * @param {any[]} chunks
 * @param {boolean} allBuffers false: in node's form for mixed data, which is
 *   [chunk, encoding, chunk, encoding, ...]
 * @returns {number} the length of them all, or -1 where one is not small or
 *   they do not fit
 */
function joinSmall(chunks, allBuffers) {
  const step = allBuffers ? 1 : 2;
  let length = 0;
  for (let i = 0; i < chunks.length; i += step) {
    const chunk = chunks[i];
    const isText = typeof chunk === 'string';
    const most = isText ? chunk.length * MAX_BYTES_PER_UNIT : chunk.byteLength;
    if (length + most > out.length) return -1;
    if (isText) {
      length += out.write(chunk, length, chunks[i + 1]);
    } else {
      if (most > SMALL_CHUNK) return -1;
      out.set(chunk, length);
      length += most;
    }
  }
  return length;
}

// Of node's form for mixed data.
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

/**
 * Our own handle for what a node-native handle is open on. The native handle
 * stays its owner's; ours has a descriptor of its own.
 * @param {{ fd?: number }} nativeHandle
 * @returns {StreamHandle | null} null where there is no descriptor to share
 */
function adoptNativeHandle(nativeHandle) {
  if (nativeHandle instanceof StreamHandle) return nativeHandle;
  const { fd } = nativeHandle;
  if (typeof fd !== 'number' || fd < 0) return null;
  const type = guessHandleType(fd);
  if (type !== 'TCP' && type !== 'PIPE') return null;
  const copy = duplicate(fd);
  if (copy < 0) return null;
  const handle =
    type === 'TCP'
      ? new TCP(tcpConstants.SOCKET)
      : new Pipe(pipeConstants.SOCKET);
  return handle.open(copy) === 0 ? handle : null;
}

module.exports = {
  Pipe,
  PipeConnectWrap,
  ShutdownWrap,
  StreamHandle,
  TCP,
  TCPConnectWrap,
  WriteWrap,
  activeHandles,
  adoptNativeHandle,
  driver: native.driver,
  encodeAll,
  guessHandleType,
  kArrayBufferOffset,
  kBytesWritten,
  kLastWriteWasAsync,
  kReadBytesOrError,
  pipeConstants,
  streamBaseState,
  tcpConstants,
  uv,
};
