'use strict';

/*
 * Puts small writes into the output slab that is shared with the native side:
 * copies bytes and encodes strings.
 */

const { byteLengthOf, copyInto } = require('./bytes');
const { out, seam } = require('./native');

// In bytes. Up to this size a copy costs less than passing memory to the native
// side. Only copied writes can be coalesced.
const { smallWrite: SMALL_WRITE } = seam;
/** The largest string, in bytes, that node's handles send before counting it. */
const TRIED_STRING = 16_384;
const MAX_BYTES_PER_UNIT = 3;

const { write: writeText } = Buffer.prototype;

/**
 * Returns true when a string fits into the slab in any encoding.
 *
 * @param {string} text
 * @returns {boolean}
 */
function fitsSlab(text) {
  return text.length * MAX_BYTES_PER_UNIT <= out.length;
}

/**
 * Encodes a string into the slab.
 *
 * @param {string} text
 * @param {number} at offset in the slab
 * @param {string | undefined} encoding
 * @returns {number} how many bytes were written
 */
function encodeInto(text, at, encoding) {
  // Uses the original method: a replaced one could return any length.
  return writeText.call(out, text, at, out.length - at, encoding);
}

/**
 * Joins small chunks in the slab.
 *
 * @param {import('./pending-write').List} list
 * @returns {number} their total length in bytes, or -1 when one is not small or
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

/**
 * Returns true for a string that node's handles try to send before they count it.
 * All other data counts as written even if the kernel rejects it.
 *
 * @param {Uint8Array | string} chunk
 * @param {string | undefined} encoding undefined for bytes
 * @returns {boolean}
 */
function isTried(chunk, encoding) {
  if (encoding === undefined) return false;
  const bytesPerUnit = { utf8: 3, utf16le: 2 }[encoding] ?? 1;
  return chunk.length * bytesPerUnit <= TRIED_STRING;
}

module.exports = { SMALL_WRITE, encodeInto, fitsSlab, isTried, joinSmall };
