'use strict';

/*
 * The classes `TCP` and `Pipe` with node's handle verbs, over the keys of the
 * native environment: the seam between `net` and what is below it.
 */

const { AsyncResource } = require('node:async_hooks');
const {
  byteLengthOf,
  checkBytes,
  copyInto,
  invalidArgument,
} = require('./bytes');
const {
  activeHandles,
  drainStash,
  kArrayBufferOffset,
  kReadBytesOrError,
  openHandle,
  register,
  streamBaseState,
  takeUndelivered,
} = require('./dispatch');
const {
  kAdmit,
  kClosed,
  kConnectRequest,
  kFirstWrite,
  kKey,
  kLastWrite,
  kOnClosed,
  kReading,
  kReceived,
  kRelay,
  kRelayed,
  kSent,
  kShutdownRequest,
  kShutdownWaits,
  kStash,
  kUserBuffer,
} = require('./handle-symbols');
const {
  closeDescriptor,
  duplicate,
  guessHandleType,
  native,
  out,
  uv,
} = require('./native');
const { PendingWrite, SENT, WAITS, takeList } = require('./pending-write');
const { checkNet, findNetDenial } = require('./permission');
const {
  PipeConnectWrap,
  ShutdownWrap,
  TCPConnectWrap,
  WriteWrap,
  begin,
  checkRequest,
} = require('./requests');
const { copiesWrites } = require('./settings');
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

// Naming memory to the native side costs more than copying so much, and only
// what is copied can be gathered.
const SMALL_WRITE = 4096;
/** The largest string, in bytes, that node's handles try before they count it. */
const TRIED_STRING = 16_384;
const MAX_BYTES_PER_UNIT = 3;
// What libuv hands to one call of `writev`. It reports a list that needs more
// calls in a later iteration of the loop, however much room there is, and thereby
// keeps a program that writes again from each callback from starving its timers.
const CHUNKS_PER_CALL = process.platform === 'win32' ? Infinity : 1024;
// The key of no handle. What is below it is why there is none.
const NOBODY = -1;

const kReferenced = Symbol('referenced');
const kAhead = Symbol('ahead');
const kCopyWrites = Symbol('copyWrites');
const kRefusal = Symbol('refusal');
const kSendBytes = Symbol('sendBytes');
const kSendText = Symbol('sendText');
const kWrite = Symbol('write');
const kWriteText = Symbol('writeText');
const kOffer = Symbol('offer');
const kWrittenLate = Symbol('writtenLate');
const kMustQueue = Symbol('mustQueue');
const kWritten = Symbol('written');
const kQueue = Symbol('queue');
const kConnect = Symbol('connect');
const kMarkClosed = Symbol('markClosed');
const kLeaveRelays = Symbol('leaveRelays');
const manualDestroy = { requireManualDestroy: true };

const copiesByDefault = copiesWrites();
const { write: writeText } = Buffer.prototype;

/** How many bytes the attempt to send that was made last was about. */
let attempted = 0;

/** A connection that a listener has accepted. Nobody else can make one. */
class Admission {
  constructor(key, options) {
    this.key = key;
    this.options = options;
  }
}

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
    this[kAhead] = null;
    this[kCopyWrites] = copiesByDefault;
    this[kConnectRequest] = null;
    this[kShutdownRequest] = null;
    this[kShutdownWaits] = false;
    this[kFirstWrite] = null;
    this[kLastWrite] = null;
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
    if (this[kClosed]) return 0;
    let size = native.writeQueueSize(this[kKey]);
    for (let write = this[kFirstWrite]; write !== null; write = write.next) {
      size += write.left;
    }
    return size;
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

  /** The negative errno that the handle could not be made for, or 0. */
  get [kRefusal]() {
    return this[kKey] < NOBODY ? this[kKey] : 0;
  }

  open(fd) {
    return this[kRefusal] || native.open(this[kKey], fd);
  }

  listen(backlog) {
    checkNet('');
    // The sign makes a number, or throws as node does: of a BigInt, say.
    return this[kRefusal] || native.listen(this[kKey], +backlog);
  }

  readStart() {
    if (this[kReading]) return uv.UV_EALREADY;
    // What is no handle has none at all.
    if (this[kStash]) {
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
    checkBytes(buffer);
    if (this[kUserBuffer] === null) native.setReadsDirectly(this[kKey], true);
    this[kUserBuffer] = buffer;
  }

  /**
   * Writes before there is a request, for a writer that needs none as long as
   * everything can be sent at once. False where it could not: the next write
   * verb, which must be given the same data, takes the outcome up.
   */
  writeAhead(data, encoding) {
    const isText = encoding !== undefined;
    if (isText && !fitsSlab(data)) return false;
    const sent = isText
      ? this[kSendText](data, encoding)
      : this[kSendBytes](checkBytes(data));
    if (sent === attempted) {
      this[kSent] += sent;
      return true;
    }
    this[kAhead] = { sent, length: attempted };
    return false;
  }

  writeBuffer(request, data) {
    checkRequest(request);
    return this[kWrite](request, checkBytes(data), undefined);
  }

  writev(request, chunks, allBuffers) {
    checkRequest(request);
    const list = takeList(chunks, allBuffers);
    const length = this[kMustQueue]() ? -1 : joinSmall(list);
    if (length < 0) return this[kOffer](request, PendingWrite.ofList(list), 0);
    // As in libuv: the handle has to be open, and the kernel is not asked.
    if (length === 0) {
      const status = native.writeAll(this[kKey], [], 0);
      return this[kWritten](request, status, 0, null);
    }
    const sent = native.writeOut(this[kKey], length);
    if (sent >= 0 && sent < length) {
      return this[kOffer](request, PendingWrite.ofList(list), sent);
    }
    if (sent >= 0 && countFilled(list.chunks) > CHUNKS_PER_CALL) {
      return this[kWrittenLate](request, length);
    }
    if (sent < 0) this[kSent] += length;
    return this[kWritten](request, sent, length, null);
  }

  writeUtf8String(request, string) {
    return this[kWriteText](request, string, 'utf8');
  }

  writeAsciiString(request, string) {
    return this[kWriteText](request, string, 'latin1');
  }

  writeLatin1String(request, string) {
    return this[kWriteText](request, string, 'latin1');
  }

  writeUcs2String(request, string) {
    return this[kWriteText](request, string, 'utf16le');
  }

  /**
   * Sends what was gathered, ahead of what somebody else sends over the same
   * connection. What the kernel does not take is in `writeQueueSize`.
   *
   * @returns {number} 0, or the negative errno of bytes that were lost
   */
  flush() {
    return native.flush(this[kKey]);
  }

  shutdown(request) {
    checkRequest(request);
    const waits = this[kMustQueue]();
    if (waits && this[kShutdownRequest] !== null) return uv.UV_ENOTCONN;
    const status = waits ? 0 : native.shutdown(this[kKey]);
    if (status === 0) {
      begin(request, this);
      this[kShutdownRequest] = request;
      this[kShutdownWaits] = waits;
    }
    return status;
  }

  close(callback) {
    if (this[kClosed]) return;
    checkReceiver(this);
    const key = this[kKey];
    this[kMarkClosed](callback);
    native.close(key);
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

  /**
   * Whether what waits for room is copied: its memory may then be transferred.
   *
   * @param {boolean} enable
   */
  setCopyWrites(enable) {
    this[kCopyWrites] = Boolean(enable);
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

  // These two return what the kernel has taken, of `attempted` bytes, or a
  // negative errno.
  [kSendBytes](bytes) {
    attempted = byteLengthOf(bytes);
    if (this[kMustQueue]()) return 0;
    if (attempted > SMALL_WRITE) return native.write(this[kKey], bytes, 0);
    copyInto(out, bytes, 0);
    return native.writeOut(this[kKey], attempted);
  }

  [kSendText](string, encoding) {
    attempted = encodeInto(string, 0, encoding);
    if (this[kMustQueue]()) return 0;
    return native.writeOut(this[kKey], attempted);
  }

  // One chunk that is sent at once, or by `writeAhead` before.
  [kWrite](request, chunk, encoding) {
    const ahead = this[kAhead];
    let sent;
    if (ahead !== null) {
      this[kAhead] = null;
      attempted = ahead.length;
      ({ sent } = ahead);
    } else if (encoding === undefined) {
      sent = this[kSendBytes](chunk);
    } else {
      sent = this[kSendText](chunk, encoding);
    }
    const length = attempted;
    if (sent < 0 && !isTried(chunk, encoding)) this[kSent] += length;
    const isDone = sent < 0 || (sent === length && !this[kMustQueue]());
    const rest = isDone ? null : PendingWrite.of(chunk, encoding).skip(sent);
    return this[kWritten](request, sent, length, rest);
  }

  [kWriteText](request, string, encoding) {
    checkRequest(request);
    if (typeof string !== 'string') throw invalidArgument('string');
    if (fitsSlab(string)) return this[kWrite](request, string, encoding);
    return this[kOffer](request, PendingWrite.of(string, encoding), 0);
  }

  // What is too large to be joined or encoded in the slab, or has to wait.
  [kOffer](request, write, sent) {
    const length = write.left;
    write.skip(sent);
    const status = this[kMustQueue]() ? WAITS : write.send(this[kKey]);
    if (status === SENT && write.count > CHUNKS_PER_CALL) {
      return this[kWrittenLate](request, length);
    }
    const rest = status === SENT ? null : write;
    if (status < 0) this[kSent] += length;
    return this[kWritten](request, Math.min(status, 0), length, rest);
  }

  // Everything has left, and an event reports it.
  [kWrittenLate](request, length) {
    const status = native.announceWritable(this[kKey]);
    return this[kWritten](request, status, length, PendingWrite.sent());
  }

  // Behind a write that waits for room.
  [kMustQueue]() {
    return this[kFirstWrite] !== null && !this[kClosed];
  }

  [kWritten](request, status, length, rest) {
    if (status < 0) return status;
    if (rest !== null && this[kShutdownWaits]) return uv.UV_EPIPE;
    this[kSent] += length;
    streamBaseState[kBytesWritten] = length;
    streamBaseState[kLastWriteWasAsync] = rest === null ? 0 : 1;
    if (rest !== null) this[kQueue](request, rest);
    return 0;
  }

  [kQueue](request, write) {
    begin(request, this);
    write.keep(this[kCopyWrites]);
    write.request = request;
    if (this[kFirstWrite] === null) this[kFirstWrite] = write;
    else this[kLastWrite].next = write;
    this[kLastWrite] = write;
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
    // The slot will be another's.
    this[kKey] = NOBODY;
    this[kReading] = false;
    this[kStash] = null;
    this[kAhead] = null;
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

// What the permission model denies is thrown, but returned by a connect: node's
// handles do so.

/** A TCP socket or server. */
class TCP extends StreamHandle {
  constructor(type, admission) {
    const name = type === tcpConstants.SERVER ? 'TCPSERVERWRAP' : 'TCPWRAP';
    if (admission instanceof Admission) {
      super(name, admission.key, admission.options);
    } else {
      super(name, native.createTcp(), manualDestroy);
    }
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
    const name = type === pipeConstants.SERVER ? 'PIPESERVERWRAP' : 'PIPEWRAP';
    if (admission instanceof Admission) {
      super(name, admission.key, admission.options);
    } else {
      super(name, native.createPipe(), manualDestroy);
    }
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

/**
 * Checks that the object is the handle that its key names. An heir of a handle
 * has its key, too; closed through it, the handle would go on with the slot of
 * another.
 *
 * @param {any} handle
 * @throws {TypeError} as node's own
 */
function checkReceiver(handle) {
  if (openHandle(handle[kKey]) !== handle) {
    throw new TypeError('Illegal invocation');
  }
}

/**
 * True of a string that node's handles try to send before they count it; what
 * is refused of all others is counted as written.
 *
 * @param {Uint8Array | string} chunk
 * @param {string | undefined} encoding
 */
function isTried(chunk, encoding) {
  if (encoding === undefined) return false;
  const bytesPerUnit = { utf8: 3, utf16le: 2 }[encoding] ?? 1;
  return chunk.length * bytesPerUnit <= TRIED_STRING;
}

/** How many chunks there are up to the last that has bytes. */
function countFilled(chunks) {
  let count = chunks.length;
  while (count > 0 && chunks[count - 1].length === 0) count--;
  return count;
}

function fitsSlab(text) {
  return text.length * MAX_BYTES_PER_UNIT <= out.length;
}

// The method is taken once: another in its place could tell any length.
function encodeInto(text, at, encoding) {
  return writeText.call(out, text, at, out.length - at, encoding);
}

function fillAddress(info, address) {
  if (typeof address === 'number') return address;
  Object.assign(info, address);
  return 0;
}

/**
 * Puts the chunks behind one another into the slab.
 *
 * @param {import('./pending-write').List} list
 * @returns {number} the length of them all, or -1 where one is not small or
 *   they do not fit
 */
function joinSmall({ chunks, encodings }) {
  let length = 0;
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i];
    if (typeof chunk === 'string') {
      if (length + chunk.length * MAX_BYTES_PER_UNIT > out.length) return -1;
      length += encodeInto(chunk, length, encodings[i]);
    } else {
      const size = byteLengthOf(chunk);
      if (size > SMALL_WRITE || length + size > out.length) return -1;
      copyInto(out, chunk, length);
      length += size;
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
  PipeConnectWrap,
  ShutdownWrap,
  StreamHandle,
  TCP,
  TCPConnectWrap,
  WriteWrap,
  activeHandles,
  adoptNativeHandle,
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
