'use strict';

/*
 * StreamHandle: the verbs that TCP and Pipe handles share. It implements node's
 * handle contract, which `net` uses, on the keys of the native environment.
 *
 * Each fact has one owner, JavaScript or the native side. Some seem to be kept twice:
 *
 * fact                       owner       what the other side has, and why
 * -------------------------  ----------  --------------------------------------
 * state, descriptor, access  native      nothing: it asks
 * referenced                 native      nothing: it asks, which is seldom
 * the kernel is read         native      `kReading`: that bytes may be delivered.
 *                                        It differs from the native fact while a
 *                                        batch is delivered, and each event of a
 *                                        batch asks for it.
 * bytes delivered, bytes     JavaScript  sums over all sockets, for
 * taken from the user                    `net.getStats`. They differ a little: a
 *                                        handle counts a read when it is
 *                                        delivered, and a write when it is called.
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
  exactCopy,
  invalidArgument,
  viewOf,
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
  fitsMemory,
  isShort,
  isTried,
  joinSmall,
  pieceEnd,
  slice,
  textLength,
} = require('./encode');
const { ENCODE_BYTES, giveMemory, takeMemory } = require('./encode-memory');
const { native, out, seam, uv } = require('./native');
const {
  PendingWrite,
  SENT,
  WAITS,
  countFilled,
  takeList,
} = require('./pending-write');
const { begin, checkRequest } = require('./requests');
const { prepareTakers } = require('./takers');
const { beginTurn } = require('./turn');
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
  kTakesDescriptors,
  kUserBuffer,
  kWriteLarge,
} = require('./symbols');
const { copiesWrites } = require('../common/settings');
const { kOwner } = require('../common/symbols');
const { checkNet, checkOpen } = require('../node/permission');

// How many chunks libuv passes to one `writev`. A list that needs more calls is
// reported in a later loop iteration, even if the kernel has room. So a program
// that writes again in each callback cannot starve its timers.
const CHUNKS_PER_CALL = process.platform === 'win32' ? Infinity : 1024;
// A key that names no handle. A lower number is the errno of a failed creation.
const { nobody: NO_HANDLE } = seam;

const kAhead = Symbol('ahead');
const kAttempted = Symbol('attempted');
const kCopyWrites = Symbol('copyWrites');
const kSendBytes = Symbol('sendBytes');
const kSendJoined = Symbol('sendJoined');
const kSendText = Symbol('sendText');
const kWrite = Symbol('write');
const kWritePieces = Symbol('writePieces');
const kWriteText = Symbol('writeText');
const kWrittenLate = Symbol('writtenLate');
const kMustQueue = Symbol('mustQueue');
const kWritten = Symbol('written');
const kQueue = Symbol('queue');
const kLeaveRelays = Symbol('leaveRelays');
const manualDestroy = { requireManualDestroy: true };

const copiesByDefault = copiesWrites();

/** How many bytes the last attempt to send was for. */
let attempted = 0;
/**
 * The text that it was for, encoded; null unless the kernel took only a part.
 *
 * @type {Buffer | null}
 */
let encoded = null;

/**
 * @typedef {import('./encode').TextEncoding} TextEncoding
 * @typedef {{ sent: number, length: number, rest: PendingWrite | null }} Attempt
 *   what came of an attempt: `rest` is null if it failed
 */

/** The key of an accepted connection. Only listeners make it. */
class Admission {
  constructor(key, options) {
    this.key = key;
    this.options = options;
  }
}

/** The base class of `TCP` and `Pipe`: node's stream handle. */
class StreamHandle extends AsyncResource {
  /**
   * @param {string} type of its async resource
   * @param {any} admission an Admission, if a listener has accepted it
   * @param {() => number} create makes the key of any other handle
   */
  constructor(type, admission, create) {
    const isAdmitted = admission instanceof Admission;
    super(type, isAdmitted ? admission.options : manualDestroy);
    const key = isAdmitted ? admission.key : create();
    this[kKey] = key;
    this[kClosed] = key < 0;
    this[kReading] = false;
    this[kStash] = null;
    this[kTakesDescriptors] = false;
    this[kUserBuffer] = null;
    /** @type {Attempt | null} */
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
    prepareTakers();
  }

  get fd() {
    return this[kClosed] ? -1 : native.fd(this[kKey]);
  }

  /** True when the handle has an open descriptor. */
  get isOpen() {
    return !this[kClosed] && native.isOpen(this[kKey]) === 1;
  }

  /**
   * Duplicates the descriptor.
   *
   * @returns {number} the duplicate, which the caller owns, or a negative errno
   */
  share() {
    return this[kClosed] ? uv.UV_EBADF : native.share(this[kKey]);
  }

  /**
   * Leaves a duplicate of the descriptor with the native side, for another thread.
   *
   * @param {string} name a unique name for it
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

  /** Milliseconds since a relay last moved bytes; -1 if none ever did. */
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

  /** The negative errno with which creating the handle failed, or 0. */
  get [kRefusal]() {
    return this[kKey] < NO_HANDLE ? this[kKey] : 0;
  }

  /** Opens a descriptor, and owns it from then on. Returns 0 or a negative errno. */
  open(fd) {
    checkOpen('');
    return this[kRefusal] || native.open(this[kKey], fd);
  }

  /** Starts to listen. Returns 0 or a negative errno. */
  listen(backlog) {
    checkNet('');
    // The unary plus converts to a number or, for a BigInt, throws as node does.
    return this[kRefusal] || native.listen(this[kKey], +backlog);
  }

  /** Starts to read; `onread` gets the data. Returns 0 or a negative errno. */
  readStart() {
    if (this[kReading]) return uv.UV_EALREADY;
    // Undefined if `this` is not a handle.
    if (this[kStash]) {
      this[kReading] = true;
      process.nextTick(drainStash, this);
      return 0;
    }
    const status = native.readStart(this[kKey]);
    this[kReading] = status === 0;
    return status;
  }

  /** Stops reading. Chunks that were already received are kept. Returns 0. */
  readStop() {
    if (this[kReading]) {
      this[kReading] = false;
      native.readStop(this[kKey]);
    }
    return 0;
  }

  /** Makes received bytes go into a buffer of the user instead of new Buffers. */
  useUserBuffer(buffer) {
    checkBytes(buffer);
    if (this[kUserBuffer] === null) native.setReadsDirectly(this[kKey], true);
    this[kUserBuffer] = buffer;
  }

  /**
   * Tries to send data without a request, which is needed only if not everything
   * can be sent at once. Returns true when everything was sent. Otherwise the
   * caller must pass the same data to a write verb, which continues.
   */
  writeAhead(data, encoding) {
    const isText = encoding !== undefined;
    if (this[kMustQueue]() || (isText && !fitsMemory(data, encoding))) {
      return false;
    }
    const sent = isText
      ? this[kSendText](data, encoding)
      : this[kSendBytes](checkBytes(data));
    const length = attempted;
    if (sent === length) {
      this[kSent] += sent;
      return true;
    }
    const rest = sent < 0 ? null : restOf(data, sent);
    this[kAhead] = { sent, length, rest };
    return false;
  }

  /**
   * Writes bytes. As for the other write verbs, `streamBaseState` says how many
   * bytes were accepted, and whether `oncomplete` will be called. Returns 0 or a
   * negative errno.
   */
  writeBuffer(request, data) {
    checkRequest(request);
    return this[kWrite](request, checkBytes(data), undefined);
  }

  /**
   * Writes several chunks: Buffers or, unless `allBuffers`, chunks alternating with
   * their encodings.
   */
  writev(request, chunks, allBuffers) {
    checkRequest(request);
    const list = takeList(chunks, allBuffers);
    beginTurn();
    const joined = this[kMustQueue]() ? null : joinSmall(list);
    if (joined === null) {
      return this[kWriteLarge](request, PendingWrite.ofList(list));
    }
    const length = lengthOf(joined);
    // As in libuv, an empty write checks the handle but makes no system call.
    if (length === 0) {
      const status = native.writeAll(this[kKey], [], 0);
      return this[kWritten](request, status, 0, null);
    }
    const sent = this[kSendJoined](joined);
    if (sent >= 0 && sent < length) {
      return this[kWritten](request, 0, length, restOfJoined(joined, sent));
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
   * Sends the coalesced writes now, before another owner of the connection writes.
   * Bytes that the kernel does not take count in `writeQueueSize`.
   *
   * @returns {number} 0, or the negative errno with which bytes were lost
   */
  flush() {
    return native.flush(this[kKey]);
  }

  /**
   * Half-closes the connection after all pending writes. Returns 0 or a negative
   * errno; with 0, `oncomplete` is called later.
   */
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

  /** Closes the handle and cancels its requests; `callback` is called later. */
  close(callback) {
    if (this[kClosed]) return;
    checkReceiver(this);
    const key = this[kKey];
    this[kMarkClosed](callback);
    native.close(key);
  }

  /** Makes the handle keep the process alive, which is the default. */
  ref() {
    native.setReferenced(this[kKey], true);
  }

  /** Lets the process exit although the handle is open. */
  unref() {
    native.setReferenced(this[kKey], false);
  }

  /** Returns true when the handle is open and keeps the process alive. */
  hasRef() {
    return !this[kClosed] && native.isReferenced(this[kKey]) === 1;
  }

  /**
   * Stops reading for good, and takes the chunks that were not delivered.
   *
   * @returns {Buffer[]}
   */
  takeUndelivered() {
    this.readStop();
    return takeUndelivered(this);
  }

  /** Sets whether small writes are coalesced until the callback ends. */
  setCoalesce(enable) {
    return native.setCoalesce(this[kKey], Boolean(enable));
  }

  /**
   * Sets whether writes that wait for room are copied. The program may then change
   * or transfer their memory.
   *
   * @param {boolean} enable
   */
  setCopyWrites(enable) {
    this[kCopyWrites] = Boolean(enable);
  }

  /** Sets whether a sender thread sends coalesced writes. */
  setOffload(enable) {
    return native.setOffload(this[kKey], Boolean(enable));
  }

  /**
   * Sets the block list by which the native side rejects accepted connections.
   *
   * @param {number} key of the list on the native side, or -1 for none
   */
  setBlockList(key) {
    return native.setBlockList(this[kKey], key);
  }

  /**
   * Limits the connections of each address that a listener accepts.
   *
   * @param {number} open how many may be open; 0 for any number
   * @param {number} rate how many may be opened in a second; 0 for any number
   * @returns {number} 0 or a negative errno
   */
  setLimits(open, rate) {
    return native.setLimits(this[kKey], open, rate);
  }

  /**
   * Leaves the connections of a listener in the kernel, or accepts them again.
   *
   * @param {boolean} isPaused
   * @returns {number} 0 or a negative errno
   */
  setPaused(isPaused) {
    return native.setPaused(this[kKey], isPaused);
  }

  /** Switches the descriptor's blocking mode. Returns 0 or a negative errno. */
  setBlocking(blocking) {
    return native.setBlocking(this[kKey], Boolean(blocking));
  }

  // kSendBytes and kSendText return how many of the `attempted` bytes the kernel
  // has taken, or a negative errno.
  /** @param {Uint8Array} bytes */
  [kSendBytes](bytes) {
    if (byteLengthOf(bytes) <= SMALL_WRITE) beginTurn();
    // Asked again: a hook may have detached the bytes.
    attempted = byteLengthOf(bytes);
    if (attempted > SMALL_WRITE) {
      return native.write(this[kKey], bytes, 0, attempted);
    }
    copyInto(out, bytes, 0);
    return native.writeOut(this[kKey], attempted);
  }

  /**
   * @param {string} text that fits
   * @param {TextEncoding} encoding
   */
  [kSendText](text, encoding) {
    const isSmall = isShort(text);
    if (isSmall) beginTurn();
    const memory = isSmall ? out : takeMemory();
    attempted = encodeInto(memory, 0, text, encoding);
    const sent =
      memory === out
        ? native.writeOut(this[kKey], attempted)
        : native.write(this[kKey], memory, 0, attempted);
    const isPart = sent >= 0 && sent < attempted;
    encoded = isPart ? memory : null;
    if (!isPart && memory !== out) giveMemory(memory);
    return sent;
  }

  /**
   * @param {import('./encode').Joined} joined
   * @returns {number} as for kSendBytes
   */
  [kSendJoined]({ length, body, head }) {
    return body === null
      ? native.writeOut(this[kKey], length)
      : native.writeAround(this[kKey], head, body, length);
  }

  /**
   * Writes one chunk, or continues a write that `writeAhead` has started.
   *
   * @param {object} request
   * @param {Uint8Array | string} chunk
   * @param {TextEncoding} [encoding] of text
   */
  [kWrite](request, chunk, encoding) {
    const ahead = this[kAhead];
    if (ahead !== null) {
      this[kAhead] = null;
      return this[kAttempted](request, chunk, encoding, ahead);
    }
    if (this[kMustQueue]()) {
      const write = PendingWrite.of(chunk, encoding);
      return this[kWritten](request, 0, write.left, write);
    }
    const sent =
      typeof chunk === 'string'
        ? this[kSendText](chunk, encoding ?? 'utf8')
        : this[kSendBytes](chunk);
    const length = attempted;
    if (sent === length) return this[kWritten](request, 0, length, null);
    const rest = sent < 0 ? null : restOf(chunk, sent);
    return this[kAttempted](request, chunk, encoding, { sent, length, rest });
  }

  /**
   * Goes on after an attempt that has failed or left a rest.
   *
   * @param {object} request
   * @param {Uint8Array | string} chunk
   * @param {TextEncoding | undefined} encoding
   * @param {Attempt} attempt
   */
  [kAttempted](request, chunk, encoding, { sent, length, rest }) {
    if (sent < 0 && !isTried(chunk, encoding)) this[kSent] += length;
    return this[kWritten](request, sent, length, rest);
  }

  [kWriteText](request, string, encoding) {
    checkRequest(request);
    if (typeof string !== 'string') throw invalidArgument('string');
    if (fitsMemory(string, encoding)) {
      return this[kWrite](request, string, encoding);
    }
    if (this[kMustQueue]()) {
      return this[kWriteLarge](request, PendingWrite.of(string, encoding));
    }
    return this[kWritePieces](request, string, encoding);
  }

  /**
   * Writes a text piece by piece. Counts only what the kernel does not take.
   *
   * @param {object} request
   * @param {string} text
   * @param {TextEncoding} encoding
   */
  [kWritePieces](request, text, encoding) {
    const memory = takeMemory();
    let length = 0;
    let end = 0;
    while (end < text.length) {
      const start = end;
      end = pieceEnd(text, start, ENCODE_BYTES, encoding);
      const piece = slice(text, start, end);
      const size = encodeInto(memory, 0, piece, encoding);
      const sent = native.write(this[kKey], memory, 0, size);
      if (sent < 0) {
        giveMemory(memory);
        this[kSent] += length + size + textLength(slice(text, end), encoding);
        return sent;
      }
      if (sent < size) {
        const rest = PendingWrite.ofEncoded(memory, sent, size);
        rest.followedBy(slice(text, end), encoding);
        return this[kWritten](request, 0, length + sent + rest.left, rest);
      }
      length += size;
    }
    giveMemory(memory);
    return this[kWritten](request, 0, length, null);
  }

  /**
   * Writes what is encoded in pieces, lists that are not joined, and what has to
   * wait.
   *
   * @param {object} request
   * @param {PendingWrite} write
   */
  [kWriteLarge](request, write) {
    const length = write.left;
    const status = this[kMustQueue]() ? WAITS : write.send(this[kKey]);
    if (status === SENT && write.count > CHUNKS_PER_CALL) {
      return this[kWrittenLate](request, length);
    }
    const rest = status === SENT ? null : write;
    if (status < 0) this[kSent] += length;
    return this[kWritten](request, Math.min(status, 0), length, rest);
  }

  // Reports a write in a later event although everything has been sent.
  [kWrittenLate](request, length) {
    const status = native.announceWritable(this[kKey]);
    return this[kWritten](request, status, length, PendingWrite.sent());
  }

  // True when an earlier write waits for room.
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
    // The native side will reuse the slot for another handle.
    this[kKey] = NO_HANDLE;
    this[kReading] = false;
    this[kStash] = null;
    this[kAhead] = null;
    this[kOnClosed] = callback;
  }

  // Keeps the relay's counts, which the native side drops together with the key.
  [kLeaveRelays]() {
    this[kReceived] = this.bytesRead;
    this[kSent] = this.bytesWritten;
    this[kRelay] = null;
    this[kRelayed] = false;
  }
}

/**
 * Returns the write of what an attempt has just left.
 *
 * @param {Uint8Array | string} chunk
 * @param {number} sent
 * @returns {PendingWrite}
 */
function restOf(chunk, sent) {
  if (typeof chunk !== 'string') return PendingWrite.ofRest(chunk, sent);
  if (encoded === null || encoded === out) return restOfOut(sent, attempted);
  return PendingWrite.ofEncoded(encoded, sent, attempted);
}

/**
 * Returns the write of a rest in the output slab. It is copied, because the slab
 * is needed for the next write.
 *
 * @param {number} start
 * @param {number} end
 * @returns {PendingWrite}
 */
function restOfOut(start, end) {
  return PendingWrite.of(exactCopy(viewOf(out, start, end)));
}

/**
 * Returns how many bytes a joined list has.
 *
 * @param {import('./encode').Joined} joined
 */
function lengthOf({ length, body }) {
  return body === null ? length : length + byteLengthOf(body);
}

/**
 * Returns the write of what is left of a joined list.
 *
 * @param {import('./encode').Joined} joined
 * @param {number} sent in bytes
 * @returns {PendingWrite}
 */
function restOfJoined({ length, body, head }, sent) {
  if (body === null) return restOfOut(sent, length);
  const size = byteLengthOf(body);
  const parts = [
    exactCopy(viewOf(out, Math.min(sent, head), head)),
    viewOf(body, Math.min(Math.max(sent - head, 0), size), size),
    exactCopy(viewOf(out, Math.max(sent - size, head), length)),
  ];
  const chunks = parts.filter((part) => part.length > 0);
  return PendingWrite.ofList({ chunks, encodings: [] });
}

/**
 * Checks that the object itself is the handle of its key. An object that inherits
 * from a handle has the same key. If it could close the handle, the handle would
 * keep a key whose slot is reused.
 *
 * @param {any} handle
 * @throws {TypeError} like node's own handles
 */
function checkReceiver(handle) {
  if (openHandle(handle[kKey]) !== handle) {
    throw new TypeError('Illegal invocation');
  }
}

module.exports = { Admission, StreamHandle, checkReceiver };
