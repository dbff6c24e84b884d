'use strict';

/*
 * Shortcuts past the Duplex for the common chunk: nothing is buffered, no callback
 * was given, and no method was replaced. A program observes no difference; where
 * it might, the Duplex does the work.
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

// With NODE_DEBUG=net every `_read` is logged, so none is skipped.
const isTraced = debuglog('net').enabled;

/** The encodings that handles encode themselves, by the names that users write. */
const encodings = new Map([
  ['utf8', 'utf8'],
  ['utf-8', 'utf8'],
  ['latin1', 'latin1'],
  ['binary', 'latin1'],
]);

/**
 * Emits 'data' without the Duplex, if it makes no difference.
 *
 * @param {any} socket
 * @param {Buffer} chunk
 * @returns {boolean} false when the chunk must be pushed instead
 */
function emitData(socket, chunk) {
  // This skips the tick in which the stream would ask for more.
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
  // A UTF-16 unit is at most three bytes. Near the mark the Duplex counts exactly.
  if (known === undefined || !staysBelowMark(socket, text.length * 3)) {
    return false;
  }
  return handle.writeAhead(text, known);
}

/**
 * Sends a chunk without the Duplex, if it makes no difference.
 *
 * @param {any} socket
 * @param {any} chunk
 * @param {any} encoding
 * @param {{ _write: Function, _writeGeneric: Function }} own the methods of a
 *   socket on which none was replaced
 * @returns {boolean} false when the caller must write the chunk through the
 *   Duplex, before anything else is written
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
