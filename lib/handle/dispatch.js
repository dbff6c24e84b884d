'use strict';

/*
 * The way up: events of the native side become calls of a handle's listeners.
 */

const { isUint8Array } = require('node:util').types;
const { native, onEvents, ring, seam, slab, uv } = require('./native');
const { byteLengthOf, copyInto } = require('./bytes');
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
  kUserBuffer,
} = require('./symbols');
const { setList } = require('../node/active-handles');
const { readerOf } = require('../node/reader');
const { SENT, WAITS } = require('./pending-write');
const { complete, triggeredBy } = require('./requests');
const {
  kArrayBufferOffset,
  kReadBytesOrError,
  streamBaseState,
} = require('./stream-state');
const { kTakesBuffer } = require('../common/symbols');

const { UV_ECANCELED, UV_ENOBUFS } = uv;

const {
  count: COUNT,
  cursor: CURSOR,
  header: HEADER,
  words: WORDS,
  nobody: NOBODY,
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
} = seam.kinds;

const ACCEPT_RETRY_MS = 100;

const slabMemory = slab.buffer;

/** Handles by key, until the last of their events was delivered. */
const handles = [];
let acceptRetry = null;

/**
 * Makes a handle known to the events of its key.
 *
 * @param {any} handle
 */
function register(handle) {
  handles[handle[kKey]] = handle;
}

// What node's own callback scopes run when they end. Without it each event has
// a callback scope of its own.
/** @type {any} */
const { _tickCallback } = process;
const tickCallback = typeof _tickCallback === 'function' ? _tickCallback : null;

/**
 * Called by the native side when the ring holds events. Ticks and microtasks
 * run between two events, as they do between node's own callbacks. Whatever a
 * listener throws leaves this function; the native side reports it and calls
 * again for the rest, from the cursor on.
 */
function dispatch() {
  const count = ring[COUNT];
  let isBetween = ring[CURSOR] > 0;
  while (ring[CURSOR] < count) {
    if (isBetween && !runTicks()) return;
    isBetween = true;
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

/**
 * @param {number} key
 * @returns {any} the handle, closing ones included, unless it is gone
 */
function openHandle(key) {
  return handles[key];
}

function deliver(at) {
  const handle = openHandle(ring[at]);
  const kind = ring[at + 1];
  const argument = ring[at + 2];
  if (handle === undefined) return;
  if (kind === CLOSED) {
    afterClosed(handle, ring[at]);
  } else if (handle[kClosed]) {
    // The backlog of a closed listener is reset by the kernel; what was
    // already accepted for it goes the same way.
    if (kind === CONNECTION) native.reset(argument);
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
      onReadable(handle);
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
    case FLUSH_FAILED:
      if (typeof handle.onwriteerror === 'function') {
        handle.runInAsyncScope(handle.onwriteerror, handle, argument);
      }
      break;
  }
}

function onBytes(handle, offset, length) {
  handle[kReceived] += length;
  const chunk = copyOut(offset, length);
  const isPlain = handle[kUserBuffer] === null && handle[kStash] === null;
  if (isPlain && handle[kReading]) {
    emitBytes(handle, chunk);
    return;
  }
  // Stopped by a listener of this very batch: kept for the next start.
  (handle[kStash] ??= []).push(chunk);
  if (handle[kReading]) drainStash(handle);
}

// A read into the user's buffer is made when its event has its turn: only now
// is it known which buffer that is, and whether it still has its memory.
function onReadable(handle) {
  if (!handle[kReading] || handle[kUserBuffer] === null) return;
  const result = native.readInto(handle[kKey], handle[kUserBuffer]);
  if (result > 0) {
    handle[kReceived] += result;
    emitUserBytes(handle, result);
  } else if (result < 0) {
    emitReadEnd(handle, result);
  }
}

// There is room: what waits goes on, one write an event.
function onWritable(handle, at) {
  const write = handle[kFirstWrite];
  if (write === null) return;
  const status = write.send(handle[kKey]);
  if (status === WAITS) return;
  handle[kFirstWrite] = write.next;
  if (write.next === null) handle[kLastWrite] = null;
  // This event once more, after the ticks of the completion.
  if (status === SENT && write.next !== null) ring[CURSOR]--;
  if (write.next === null) finishShutdown(handle, at);
  complete(write.request, status, handle, undefined);
}

// The end that had to wait for the last write. Its outcome is an event; where
// it fails at once this one becomes it.
function finishShutdown(handle, at) {
  if (!handle[kShutdownWaits]) return;
  handle[kShutdownWaits] = false;
  const status = native.shutdown(handle[kKey]);
  if (status === 0) return;
  ring[at + 1] = SHUTDOWN;
  ring[at + 2] = status;
  ring[CURSOR]--;
}

// Not from Buffer's pool: the ArrayBuffer of a chunk holds that chunk alone.
function copyOut(offset, length) {
  const chunk = Buffer.allocUnsafeSlow(length);
  chunk.set(new Uint8Array(slabMemory, offset, length));
  return chunk;
}

// Bytes for a handle that nobody gave a listener end the process in node.
function findReader(handle) {
  const { onread } = handle;
  if (typeof onread !== 'function') {
    throw new ERR_INVALID_ARG_TYPE('handle.onread', 'Function', onread);
  }
  return onread[kTakesBuffer] === true ? onread : readerOf(handle);
}

function emitBytes(handle, chunk) {
  streamBaseState[kReadBytesOrError] = chunk.length;
  streamBaseState[kArrayBufferOffset] = 0;
  const onread = findReader(handle);
  // The ArrayBuffer of a small chunk only comes to be when it is asked for.
  const memory = onread[kTakesBuffer] === true ? chunk : chunk.buffer;
  handle.runInAsyncScope(onread, handle, memory);
}

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
  // Stopped by a listener of this very batch: told at the next start.
  (handle[kStash] ??= []).push(status);
}

function emitReadEnd(handle, status) {
  // As in libuv: who starts again is told again.
  handle[kReading] = false;
  streamBaseState[kReadBytesOrError] = status;
  streamBaseState[kArrayBufferOffset] = 0;
  handle.runInAsyncScope(findReader(handle), handle, undefined);
}

/**
 * Delivers what was received before a stop; the native side is only started
 * again when all of it is gone, so that order is kept.
 *
 * @param {any} handle
 */
function drainStash(handle) {
  const stash = handle[kStash];
  while (stash !== null && handle[kReading] && handle[kStash] === stash) {
    const item = nextPiece(handle, stash);
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
  if (handle[kUserBuffer] === null) {
    emitBytes(handle, chunk);
  } else {
    copyInto(handle[kUserBuffer], chunk, 0);
    emitUserBytes(handle, chunk.length);
  }
}

/** What the user's buffer has room for comes off the front of the stash. */
function nextPiece(handle, stash) {
  const item = stash.shift();
  const buffer = handle[kUserBuffer];
  if (buffer === null || typeof item === 'number') return item;
  const room = byteLengthOf(buffer);
  if (item.length > room) stash.unshift(item.subarray(room));
  // As libuv says of a buffer without room.
  return room === 0 ? UV_ENOBUFS : item.subarray(0, room);
}

/**
 * Takes what has been received for a handle and not been delivered to it: it
 * belongs to whoever takes the connection over. An end is left out; the next to
 * read finds it again.
 *
 * @param {any} handle
 * @returns {Buffer[]}
 */
function takeUndelivered(handle) {
  const stash = handle[kStash] ?? [];
  handle[kStash] = null;
  const chunks = stash.filter((item) => typeof item !== 'number');
  const end = HEADER + ring[COUNT] * WORDS;
  for (let at = HEADER + ring[CURSOR] * WORDS; at < end; at += WORDS) {
    if (ring[at] !== handle[kKey] || ring[at + 1] !== READ) continue;
    chunks.push(copyOut(ring[at + 3], ring[at + 2]));
    ring[at] = NOBODY;
  }
  return chunks;
}

// As in node, the client's handle is made outside the server's async scope,
// and the listener is called within it.
function onAccepted(server, key) {
  server[kClientOptions] ??= triggeredBy(server);
  const options = server[kClientOptions];
  const client = server[kAdmit](key, options);
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

// Requests that the close cut short come first, each in a delivery of its own:
// the cursor goes back, so that a listener that throws loses nothing.
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
  const request = write === null ? handle[kShutdownRequest] : write.request;
  if (request === null) return false;
  if (request === handle[kShutdownRequest]) handle[kShutdownRequest] = null;
  const status = write?.isSent ? SENT : UV_ECANCELED;
  complete(request, status, handle, undefined);
  return true;
}

/**
 * Handles that have not been closed.
 * @returns {any[]}
 */
function openHandles() {
  return handles.filter((handle) => handle !== undefined && !handle[kClosed]);
}

/**
 * What node calls active: open, and allowed to keep the process alive.
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
  takeUndelivered,
};
