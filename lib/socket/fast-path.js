'use strict';

/*
 * Shortcuts past the Duplex, for the case that nearly every chunk is: nothing
 * is buffered, nobody asked to be called back, nobody replaced a method. What
 * can be observed is the same; where it might not be, the Duplex does the work.
 */

const { Duplex } = require('stream');
const { debuglog, types } = require('util');

const { StreamHandle } = require('../handle/handle');
const { kHandle } = require('../common/symbols');

const { isUint8Array } = types;
const { push } = Duplex.prototype;

// With NODE_DEBUG=net every `_read` is told, so none is saved.
const isTraced = debuglog('net').enabled;

/** What handles encode by themselves, under the names that users write. */
const encodings = new Map([
  ['utf8', 'utf8'],
  ['utf-8', 'utf8'],
  ['latin1', 'latin1'],
  ['binary', 'latin1'],
]);

// A flowing stream with an empty buffer hands a chunk straight on; what is
// saved is the tick in which it would look for more.
function isFlowingFreely(socket, state) {
  return (
    state.flowing === true &&
    state.length === 0 &&
    !state.sync &&
    !state.decoder &&
    !state.ended &&
    !state.destroyed &&
    state.pipes.length === 0 &&
    !isTraced &&
    socket.push === push
  );
}

/**
 * Emits 'data' without the Duplex.
 *
 * @param {any} socket
 * @param {Buffer} chunk
 * @returns {boolean} false where the chunk must be pushed
 */
function emitData(socket, chunk) {
  const state = socket._readableState;
  if (!isFlowingFreely(socket, state)) return false;
  if (socket.listenerCount('data') === 0) return false;
  state.dataEmitted = true;
  socket.emit('data', chunk);
  return true;
}

/**
 * Whether a write would go straight to the handle, and nothing waits for it.
 *
 * @param {any} socket
 * @param {any} state its Writable's
 * @returns {boolean}
 */
function isWritingFreely(socket, state) {
  return (
    state.length === 0 &&
    state.corked === 0 &&
    !state.ending &&
    !state.destroyed &&
    !state.errored &&
    !state.needDrain &&
    !socket.connecting
  );
}

function fits(length, state) {
  return length > 0 && length < state.highWaterMark;
}

function writeText(handle, state, text, encoding) {
  const known = encodings.get(encoding ?? state.defaultEncoding);
  // A unit is three bytes at the most; near the mark the Duplex counts.
  if (known === undefined || !fits(text.length * 3, state)) return false;
  return handle.writeAhead(text, known);
}

/**
 * Sends a chunk without the Duplex.
 *
 * @param {any} socket
 * @param {any} chunk
 * @param {any} encoding
 * @param {{ _write: Function, _writeGeneric: Function }} own the methods that
 *   the socket has when nobody replaced them
 * @returns {boolean} false where the chunk must be written in the ordinary way,
 *   at once
 */
function sendChunk(socket, chunk, encoding, own) {
  const state = socket._writableState;
  const handle = socket[kHandle];
  if (!isWritingFreely(socket, state) || !(handle instanceof StreamHandle)) {
    return false;
  }
  if (
    socket._write !== own._write ||
    socket._writeGeneric !== own._writeGeneric
  ) {
    return false;
  }
  let sent = false;
  if (typeof chunk === 'string') {
    sent = writeText(handle, state, chunk, encoding);
  } else if (isUint8Array(chunk) && fits(chunk.byteLength, state)) {
    sent = handle.writeAhead(chunk);
  }
  if (sent) socket._unrefTimer();
  return sent;
}

module.exports = { emitData, isWritingFreely, sendChunk };
