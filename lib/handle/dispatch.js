'use strict';

/*
 * Delivers the events of the native side to the listeners of handles.
 */

const { isUint8Array } = require('node:util').types;
const { native, onEvents, ring, seam, slab, uv } = require('./native');
const {
  byteLengthOf,
  copyInto,
  exactCopy,
  partOf,
  viewOf,
} = require('./bytes');
const { allocate } = require('./chunk-memory');
const {
  DESCRIPTORS,
  emitDescriptors,
  hasDescriptors,
} = require('./descriptors');
const {
  codes: { ERR_INVALID_ARG_TYPE },
} = require('../common/errors');
const {
  kAdmit,
  kClientOptions,
  kClosed,
  kConnectRequest,
  kFirstWrite,
  kKey,
  kLastWrite,
  kOnClosed,
  kReading,
  kReceived,
  kShutdownRequest,
  kShutdownWaits,
  kStash,
  kTakesDescriptors,
  kUserBuffer,
} = require('./symbols');
const { setList } = require('../node/active-handles');
const { readerOf } = require('../node/reader');
const { tickCallback } = require('../node/ticks');
const { SENT, WAITS } = require('./pending-write');
const { complete, triggeredBy } = require('./requests');
const {
  kArrayBufferOffset,
  kReadBytesOrError,
  streamBaseState,
} = require('./stream-state');
const { turn } = require('./turn');
const { kBorrowsBuffer, kTakesBuffer } = require('../common/symbols');

const { UV_ECANCELED, UV_ENOBUFS } = uv;

const {
  count: COUNT,
  cursor: CURSOR,
  header: HEADER,
  words: WORDS,
  nobody: NO_HANDLE,
} = seam;
const {
  READ,
  READ_END,
  CONNECTION,
  ACCEPT_FAILED,
  CONNECTED,
  WRITABLE,
  SHUTDOWN,
  CLOSED,
  FLUSH_FAILED,
  READABLE,
  REFUSED,
  READ_DESCRIPTORS,
} = seam.kinds;

const ACCEPT_RETRY_MS = 100;
/** Stands for the size of a chunk that is still to be asked for. */
const UNKNOWN = -1;
/** How often a READABLE event is delivered again. */
const MORE_READS = 7;
/** A read of so many bytes is probably followed by another, so that none asks first. */
const LARGE_READ = 32 * 1024;
/** The most that one large read is lent, in bytes. */
const LARGE_CHUNK = 64 * 1024;

const slabMemory = slab.buffer;
/** A view of the slab, of which parts are lent to a reader for the time of its call. */
const slabBytes = Buffer.from(slabMemory);
/**
 * What a large read is lent from. Made when it is first needed.
 *
 * @type {Buffer | undefined}
 */
let largeBytes;

/** Handles by key, closing ones included, until their CLOSED is delivered. */
const handles = [];
let acceptRetry = null;

/**
 * Registers a handle for the events of its key.
 *
 * @param {any} handle
 */
function register(handle) {
  handles[handle[kKey]] = handle;
}

const runNodeTicks = tickCallback();

/**
 * Delivers the events in the ring; the native side calls it. Ticks and microtasks
 * run between two events, as between node's own callbacks. An exception of a
 * listener leaves this function: the native side reports it, and calls again for
 * the events from the cursor on.
 */
function dispatch() {
  // The native side sends what is written until it has delivered all events.
  turn.hasEnd = true;
  try {
    deliverAll();
  } finally {
    turn.hasEnd = false;
  }
}

function deliverAll() {
  const count = ring[COUNT];
  let isBetween = ring[CURSOR] > 0;
  while (ring[CURSOR] < count) {
    if (isBetween && !runTicks()) return;
    isBetween = true;
    deliver(HEADER + ring[CURSOR]++ * WORDS);
    if (runNodeTicks === undefined) return;
  }
}

/** True while ticks run: a listener that is called then must not run them. */
let isInTick = false;

/**
 * Runs ticks and microtasks within the delivery of an event, as node does between
 * two callbacks that C++ calls for one read.
 */
function runTicksWithin() {
  if (!isInTick) runTicks();
}

function runTicks() {
  try {
    runNodeTicks?.call(process);
    return true;
  } catch (error) {
    // A tick that throws leaves its id on the async id stack. Node clears the
    // stack when it reports the exception, which must happen before this callback
    // scope ends. The remaining events are delivered in another scope.
    native.reportException(error);
    return false;
  }
}

/**
 * Returns the handle of a key, also while it is closing.
 *
 * @param {number} key
 * @returns {any} undefined once the handle is closed
 */
function openHandle(key) {
  return handles[key];
}

/** @param {number} at */
function deliver(at) {
  const handle = openHandle(ring[at]);
  const kind = ring[at + 1];
  const argument = ring[at + 2];
  if (handle === undefined) return;
  if (kind === CLOSED) {
    afterClosed(handle, ring[at]);
  } else if (handle[kClosed]) {
    // The kernel resets the backlog of a closed listener. Connections that were
    // already accepted for it are reset likewise.
    if (kind === CONNECTION || kind === REFUSED) native.reset(argument);
  } else {
    deliverOpen(handle, kind, argument, at);
  }
}

function deliverOpen(handle, kind, argument, at) {
  switch (kind) {
    case READ:
      onBytes(handle, ring[at + 3], argument);
      break;
    case READABLE:
      onReadable(handle, argument, at);
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
    case WRITABLE:
      onWritable(handle, at);
      break;
    case SHUTDOWN:
      afterShutdown(handle, argument);
      break;
    case REFUSED:
      onRefused(handle, argument, ring[at + 3]);
      break;
    case READ_DESCRIPTORS:
      onMessage(handle, argument, at);
      break;
    case FLUSH_FAILED:
      if (typeof handle.onwriteerror === 'function') {
        handle.runInAsyncScope(handle.onwriteerror, handle, argument);
      }
      break;
  }
}

function onBytes(handle, offset, length) {
  handle[kReceived] += length;
  const isPlain = handle[kUserBuffer] === null && handle[kStash] === null;
  if (isPlain && handle[kReading]) {
    emitBytes(handle, bytesFor(handle, offset, length));
    return;
  }
  const chunk = copyOut(offset, length);
  // A listener stopped reading earlier in this batch. Kept until the next
  // readStart().
  (handle[kStash] ??= []).push(chunk);
  if (handle[kReading]) drainStash(handle);
}

/**
 * Delivers the descriptors that came with bytes, and then the event again for the
 * bytes: a listener may stop reading between them.
 *
 * @param {Record<PropertyKey, any>} handle
 * @param {number} length of the bytes
 * @param {number} at the place of the event in the ring
 */
function onMessage(handle, length, at) {
  if (handle[kReading] && handle[kStash] === null) {
    ring[at + 1] = READ;
    ring[CURSOR]--;
    emitDescriptors(handle);
    return;
  }
  handle[kReceived] += length;
  stashMessage(handle, copyOut(ring[at + 3], length));
}

/**
 * Keeps a chunk with its descriptors behind what is kept already. Delivers all of it,
 * unless reading was stopped.
 *
 * @param {Record<PropertyKey, any>} handle
 * @param {Buffer} chunk
 */
function stashMessage(handle, chunk) {
  (handle[kStash] ??= []).push(DESCRIPTORS, chunk);
  if (handle[kReading]) drainStash(handle);
}

/**
 * Returns true when what a handle was just read came with descriptors.
 *
 * @param {Record<PropertyKey, any>} handle
 */
function broughtDescriptors(handle) {
  return handle[kTakesDescriptors] && hasDescriptors(handle);
}

/**
 * Reads when the event is delivered, straight into the memory of a chunk or into the
 * user's buffer. Only now is it known which buffer that is, and whether its memory
 * is still attached.
 *
 * @param handle
 * @param {number} argument the number of bytes, or UNKNOWN
 * @param {number} at the place of the event in the ring
 */
function onReadable(handle, argument, at) {
  if (!handle[kReading]) return;
  if (handle[kUserBuffer] !== null) {
    const result = readInto(handle, handle[kUserBuffer], at);
    if (result <= 0) return;
    if (broughtDescriptors(handle)) {
      stashMessage(handle, exactCopy(viewOf(handle[kUserBuffer], 0, result)));
    } else {
      emitUserBytes(handle, result);
    }
    return;
  }
  const size = argument === UNKNOWN ? native.waiting(handle[kKey]) : argument;
  if (size <= 0) return;
  // What came with descriptors may have to wait, and cannot be lent.
  if (borrows(handle) && !handle[kTakesDescriptors]) {
    largeBytes ??= Buffer.allocUnsafeSlow(LARGE_CHUNK);
    const result = readInto(handle, largeBytes, at);
    if (result > 0) emitBytes(handle, partOf(largeBytes, 0, result));
  } else {
    readChunk(handle, size, at);
  }
}

/**
 * Reads into a buffer that is used again for the next read; reports an end.
 *
 * @param {Record<PropertyKey, any>} handle
 * @param {Uint8Array} buffer
 * @param {number} at as for `onReadable`
 * @returns {number} how many bytes came; 0 or less if none
 */
function readInto(handle, buffer, at) {
  const result = native.readInto(handle[kKey], buffer);
  if (result > 0) {
    if (result >= LARGE_READ) readAgain(at, result);
    else if (result === byteLengthOf(buffer)) readAgain(at, UNKNOWN);
    handle[kReceived] += result;
  } else if (result < 0) {
    emitReadEnd(handle, result);
  }
  return result;
}

/**
 * @param handle
 * @param {number} size of the chunk, unless less has come
 * @param {number} at as for `onReadable`
 */
function readChunk(handle, size, at) {
  const chunk = allocate(size);
  const result = native.readInto(handle[kKey], chunk);
  if (result > 0) {
    readAgain(at, UNKNOWN);
    handle[kReceived] += result;
    const bytes = result === size ? chunk : exactCopy(viewOf(chunk, 0, result));
    if (broughtDescriptors(handle)) stashMessage(handle, bytes);
    else emitBytes(handle, bytes);
  } else if (result < 0) {
    emitReadEnd(handle, result);
  }
}

/**
 * Delivers a READABLE event again while it is alone in its batch, as there is
 * probably more to read. That saves calls between the native side and JavaScript.
 *
 * @param {number} at as for `onReadable`
 * @param {number} argument as for `onReadable`; a number where only the read itself
 *   is to tell how much there is
 */
function readAgain(at, argument) {
  if (ring[COUNT] !== 1 || ring[at + 3] === MORE_READS) return;
  ring[at + 2] = argument;
  ring[at + 3]++;
  ring[CURSOR]--;
}

// Continues the waiting writes, because the kernel has room: one per event.
function onWritable(handle, at) {
  const write = handle[kFirstWrite];
  if (write === null) return;
  const status = write.send(handle[kKey]);
  if (status === WAITS) return;
  handle[kFirstWrite] = write.next;
  if (write.next === null) handle[kLastWrite] = null;
  // Delivers this event again for the next write, after the completion's ticks.
  if (status === SENT && write.next !== null) ring[CURSOR]--;
  if (write.next === null) finishShutdown(handle, at);
  complete(write.request, status, handle, undefined);
}

// Starts the shutdown that waited for the last write. A SHUTDOWN event reports its
// outcome. If it fails at once there is none: then the current event is changed into
// one, and delivered again.
function finishShutdown(handle, at) {
  if (!handle[kShutdownWaits]) return;
  handle[kShutdownWaits] = false;
  const status = native.shutdown(handle[kKey]);
  if (status === 0) return;
  ring[at + 1] = SHUTDOWN;
  ring[at + 2] = status;
  ring[CURSOR]--;
}

/**
 * Returns bytes of the slab for a reader: the slab's own, or a copy.
 *
 * @param {{ onread?: Record<PropertyKey, unknown> }} handle
 * @param {number} offset in the slab, in bytes
 * @param {number} length in bytes
 */
function bytesFor(handle, offset, length) {
  if (borrows(handle)) return partOf(slabBytes, offset, offset + length);
  return copyOut(offset, length);
}

// Copies a chunk out of the slab. It does not use Buffer's pool, so that the
// chunk's ArrayBuffer holds only this chunk.
function copyOut(offset, length) {
  return exactCopy(new Uint8Array(slabMemory, offset, length));
}

// Returns the handle's `onread`, and throws if there is none. In node, that would
// abort the process.
function findReader(handle) {
  const { onread } = handle;
  if (typeof onread !== 'function') {
    throw new ERR_INVALID_ARG_TYPE('handle.onread', 'Function', onread);
  }
  return onread[kTakesBuffer] === true ? onread : readerOf(handle);
}

/**
 * True for a handle whose reader uses bytes within its call, and keeps none.
 *
 * @param {{ onread?: Record<PropertyKey, unknown> }} handle
 */
function borrows({ onread }) {
  return onread?.[kBorrowsBuffer] === true;
}

function emitBytes(handle, chunk) {
  streamBaseState[kReadBytesOrError] = chunk.length;
  streamBaseState[kArrayBufferOffset] = 0;
  const onread = findReader(handle);
  // V8 creates the ArrayBuffer of a small chunk only when `buffer` is read.
  const memory = onread[kTakesBuffer] === true ? chunk : chunk.buffer;
  handle.runInAsyncScope(onread, handle, memory);
}

/**
 * @param handle
 * @param {number} length of what was read
 */
function emitUserBytes(handle, length) {
  streamBaseState[kReadBytesOrError] = length;
  streamBaseState[kArrayBufferOffset] = 0;
  const onread = findReader(handle);
  const next = handle.runInAsyncScope(onread, handle, undefined);
  if (handle[kClosed] || !isUint8Array(next)) return;
  handle.useUserBuffer(next);
}

function onReadEnd(handle, status) {
  if (handle[kReading] && handle[kStash] === null) {
    emitReadEnd(handle, status);
    return;
  }
  // A listener stopped reading earlier in this batch. Reported on the next
  // readStart().
  (handle[kStash] ??= []).push(status);
}

function emitReadEnd(handle, status) {
  // As in libuv, a second readStart() reports the end again.
  handle[kReading] = false;
  streamBaseState[kReadBytesOrError] = status;
  streamBaseState[kArrayBufferOffset] = 0;
  handle.runInAsyncScope(findReader(handle), handle, undefined);
}

/**
 * Delivers what was received before reading stopped. The native side starts to
 * read again only when all of it is delivered, which keeps the order.
 *
 * @param {any} handle
 */
function drainStash(handle) {
  const stash = handle[kStash];
  isInTick = true;
  try {
    deliverStash(handle, stash);
  } finally {
    isInTick = false;
  }
}

/**
 * @param {Record<PropertyKey, any>} handle
 * @param {Array<Buffer | number | symbol>} stash of that handle
 */
function deliverStash(handle, stash) {
  while (stash !== null && handle[kReading] && handle[kStash] === stash) {
    const item = nextPiece(handle, stash);
    if (stash.length === 0) handle[kStash] = null;
    if (typeof item === 'number') {
      emitReadEnd(handle, item);
      return;
    }
    if (item === DESCRIPTORS) {
      emitDescriptors(handle);
      continue;
    }
    if (handle[kStash] === null) native.readStart(handle[kKey]);
    emitStashed(handle, item);
  }
}

function emitStashed(handle, chunk) {
  if (handle[kUserBuffer] === null) {
    emitBytes(handle, chunk);
  } else {
    copyInto(handle[kUserBuffer], chunk, 0);
    emitUserBytes(handle, chunk.length);
  }
}

/** Takes as much from the front of the stash as fits into the user's buffer. */
function nextPiece(handle, stash) {
  const item = stash.shift();
  const buffer = handle[kUserBuffer];
  if (buffer === null || typeof item !== 'object') return item;
  const room = byteLengthOf(buffer);
  if (item.length > room) stash.unshift(partOf(item, room));
  // libuv's error for a buffer without room.
  return room === 0 ? UV_ENOBUFS : partOf(item, 0, room);
}

/**
 * Takes the chunks that were received for a handle but not delivered. They belong
 * to the connection's next owner. Descriptors that came with them are not taken. EOF is
 * left out, because the next read finds it again.
 *
 * @param {any} handle
 * @returns {Buffer[]}
 */
function takeUndelivered(handle) {
  const stash = handle[kStash] ?? [];
  handle[kStash] = null;
  const chunks = stash.filter((item) => typeof item === 'object');
  const end = HEADER + ring[COUNT] * WORDS;
  for (let at = HEADER + ring[CURSOR] * WORDS; at < end; at += WORDS) {
    const kind = ring[at + 1];
    const isRead = kind === READ || kind === READ_DESCRIPTORS;
    if (ring[at] !== handle[kKey] || !isRead) continue;
    chunks.push(copyOut(ring[at + 3], ring[at + 2]));
    ring[at] = NO_HANDLE;
  }
  return chunks;
}

// Makes the handle of a connection and calls the server's `onconnection`. As in
// node, only the latter runs in the server's async scope.
function onAccepted(server, key) {
  const client = admit(server, key);
  server.runInAsyncScope(server.onconnection, server, 0, client);
}

/**
 * @param {Record<PropertyKey, any>} server
 * @param {number} key
 * @returns {object} the handle of a connection
 */
function admit(server, key) {
  server[kClientOptions] ??= triggeredBy(server);
  return server[kAdmit](key, server[kClientOptions]);
}

/**
 * Has a server close a connection that is refused.
 *
 * @param {Record<PropertyKey, any>} server
 * @param {number} key
 * @param {number} reason its number
 */
function onRefused(server, key, reason) {
  const client = admit(server, key);
  server.runInAsyncScope(server.onrefused, server, client, reason);
}

// Retries accept() after a delay: no descriptor is free, or the network failed.
// libuv reports nothing and retries too; the delay keeps this from spinning.
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
  if (request === null) return;
  handle[kConnectRequest] = null;
  const access = status === 0 ? native.access(handle[kKey]) : 0;
  const readable = (access & seam.readable) !== 0;
  const writable = (access & seam.writable) !== 0;
  complete(request, status, handle, request, readable, writable);
}

function afterShutdown(handle, status) {
  const request = handle[kShutdownRequest];
  if (request === null) return;
  handle[kShutdownRequest] = null;
  complete(request, status, handle, undefined);
}

// Cancels the pending requests and then reports the close. Each of these calls a
// listener, which may throw. So one delivery makes one call: setting the cursor back
// has `dispatch` deliver this event again for the next.
function afterClosed(handle, key) {
  ring[CURSOR]--;
  if (cancelOne(handle)) return;
  ring[CURSOR]++;
  handles[key] = undefined;
  const callback = handle[kOnClosed];
  handle[kOnClosed] = undefined;
  if (typeof callback === 'function') {
    handle.runInAsyncScope(callback, handle);
  }
  handle.emitDestroy();
}

function cancelOne(handle) {
  const connect = handle[kConnectRequest];
  if (connect !== null) {
    handle[kConnectRequest] = null;
    complete(connect, UV_ECANCELED, handle, connect, false, false);
    return true;
  }
  const write = handle[kFirstWrite];
  if (write !== null) handle[kFirstWrite] = write.next;
  write?.release();
  const request = write === null ? handle[kShutdownRequest] : write.request;
  if (request === null) return false;
  if (request === handle[kShutdownRequest]) handle[kShutdownRequest] = null;
  const status = write?.isSent ? SENT : UV_ECANCELED;
  complete(request, status, handle, undefined);
  return true;
}

/**
 * Returns the handles that are not closed.
 *
 * @returns {any[]}
 */
function openHandles() {
  return handles.filter((handle) => handle !== undefined && !handle[kClosed]);
}

/**
 * Returns the handles that node calls active: open, and keeping the process
 * alive.
 *
 * @returns {any[]}
 */
function activeHandles() {
  return handles.filter((handle) => handle?.hasRef());
}

onEvents(dispatch);
setList(activeHandles);

module.exports = {
  activeHandles,
  drainStash,
  openHandle,
  openHandles,
  register,
  runTicksWithin,
  takeUndelivered,
};
