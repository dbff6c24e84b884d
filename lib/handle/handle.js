'use strict';

/*
 * The verbs that all of node's stream handles have, over the keys of the native
 * environment: the seam between `net` and what is below it.
 *
 * A fact has one owner. What both sides seem to keep are these:
 *
 * fact                       owner       what the other side has, and why
 * -------------------------  ----------  --------------------------------------
 * state, descriptor, access  native      nothing: it asks
 * referenced                 native      nothing: it asks, which is seldom
 * the kernel is read         native      not this: `kReading` here is whether
 *                                        bytes may be delivered. The two differ
 *                                        while a batch is under way, and each
 *                                        of its events asks.
 * bytes delivered, bytes     JavaScript  `net.getStats` has the environment's
 * taken from the user                    sums. A handle counts a read when it
 *                                        is delivered and a write as a whole;
 *                                        natively both would be counted apart.
 * bytes relayed              native      `kRelayed`: that there were any, which
 *                                        saves the close of every other handle
 *                                        a call
 * target of a relay          native      `kRelay`: the listeners for which
 *                                        JavaScript has allowed it
 * writes that wait for room  JavaScript  one bit: that there is one, for the
 *                                        event and to keep the process alive
 * coalesced bytes            native      nothing: it asks
 * requests                   JavaScript  that one is under way, by the state
 *
 * `handle.reading` is none of them: it is node's, and says what the Socket wants.
 */

const { AsyncResource } = require('node:async_hooks');

const {
  byteLengthOf,
  checkBytes,
  copyInto,
  invalidArgument,
} = require('./bytes');
const {
  drainStash,
  openHandle,
  register,
  takeUndelivered,
} = require('./dispatch');
const {
  SMALL_WRITE,
  encodeInto,
  fitsSlab,
  isTried,
  joinSmall,
} = require('./encode');
const { native, out, seam, uv } = require('./native');
const {
  PendingWrite,
  SENT,
  WAITS,
  countFilled,
  takeList,
} = require('./pending-write');
const { begin, checkRequest } = require('./requests');
const {
  kBytesWritten,
  kLastWriteWasAsync,
  streamBaseState,
} = require('./stream-state');
const {
  kClosed,
  kConnect,
  kConnectRequest,
  kFirstWrite,
  kKey,
  kLastWrite,
  kMarkClosed,
  kOnClosed,
  kReading,
  kReceived,
  kRefusal,
  kRelay,
  kRelayed,
  kSent,
  kShutdownRequest,
  kShutdownWaits,
  kStash,
  kUserBuffer,
} = require('./symbols');
const { copiesWrites } = require('../common/settings');
const { kOwner } = require('../common/symbols');
const { checkNet } = require('../node/permission');

// What libuv hands to one call of `writev`. It reports a list that needs more
// calls in a later loop iteration, however much room there is. That keeps a
// program that writes again from each callback from starving its timers.
const CHUNKS_PER_CALL = process.platform === 'win32' ? Infinity : 1024;
// The key of no handle. A lower one is the errno of why there is none.
const { nobody: NOBODY } = seam;

const kAhead = Symbol('ahead');
const kCopyWrites = Symbol('copyWrites');
const kSendBytes = Symbol('sendBytes');
const kSendText = Symbol('sendText');
const kWrite = Symbol('write');
const kWriteText = Symbol('writeText');
const kOffer = Symbol('offer');
const kWrittenLate = Symbol('writtenLate');
const kMustQueue = Symbol('mustQueue');
const kWritten = Symbol('written');
const kQueue = Symbol('queue');
const kLeaveRelays = Symbol('leaveRelays');
const manualDestroy = { requireManualDestroy: true };

const copiesByDefault = copiesWrites();

/** How many bytes the attempt to send that was made last was about. */
let attempted = 0;

/** A connection that a listener has accepted; only listeners make one. */
class Admission {
  constructor(key, options) {
    this.key = key;
    this.options = options;
  }
}

/** What `TCP` and `Pipe` share: node's stream handle. */
class StreamHandle extends AsyncResource {
  /**
   * @param {string} type the name of its async resource
   * @param {any} admission where a listener has accepted it
   * @param {() => number} create makes the key of any other
   */
  constructor(type, admission, create) {
    const isAdmitted = admission instanceof Admission;
    super(type, isAdmitted ? admission.options : manualDestroy);
    const key = isAdmitted ? admission.key : create();
    this[kKey] = key;
    this[kClosed] = key < 0;
    this[kReading] = false;
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
   * Sends what was deferred, ahead of what somebody else sends over the same
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
    native.setReferenced(this[kKey], true);
  }

  unref() {
    native.setReferenced(this[kKey], false);
  }

  hasRef() {
    return !this[kClosed] && native.isReferenced(this[kKey]) === 1;
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

  /** Says whether small writes may be coalesced until the callback ends. */
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

  /** Says whether a thread sends what would be coalesced. */
  setOffload(enable) {
    return native.setOffload(this[kKey], Boolean(enable));
  }

  /**
   * Rejects connections whose peer the list covers, as soon as they are accepted.
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

module.exports = { Admission, StreamHandle, checkReceiver };
