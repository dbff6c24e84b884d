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
const {
  defaultEncodingOf,
  isFlowingFreely,
  isWritingFreely,
  noteDataEmitted,
  staysBelowMark,
} = require('../node/stream-state');

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

/**
 * Emits 'data' without the Duplex.
 *
 * @param {any} socket
 * @param {Buffer} chunk
 * @returns {boolean} false where the chunk must be pushed
 */
function emitData(socket, chunk) {
  // What is saved is the tick in which the stream would look for more.
  if (isTraced || socket.push !== push || !isFlowingFreely(socket)) {
    return false;
  }
  if (socket.listenerCount('data') === 0) return false;
  noteDataEmitted(socket);
  socket.emit('data', chunk);
  return true;
}

function writeText(handle, socket, text, encoding) {
  const known = encodings.get(encoding ?? defaultEncodingOf(socket));
  // A unit is three bytes at the most; near the mark the Duplex counts.
  if (known === undefined || !staysBelowMark(socket, text.length * 3)) {
    return false;
  }
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
  const handle = socket[kHandle];
  if (socket.connecting || !isWritingFreely(socket)) return false;
  if (!(handle instanceof StreamHandle)) return false;
  if (
    socket._write !== own._write ||
    socket._writeGeneric !== own._writeGeneric
  ) {
    return false;
  }
  let sent = false;
  if (typeof chunk === 'string') {
    sent = writeText(handle, socket, chunk, encoding);
  } else if (isUint8Array(chunk) && staysBelowMark(socket, chunk.byteLength)) {
    sent = handle.writeAhead(chunk);
  }
  if (sent) socket._unrefTimer();
  return sent;
}

module.exports = { emitData, sendChunk };
