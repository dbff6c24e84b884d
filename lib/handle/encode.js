'use strict';

/*
 * Encodes text into memory that is sent. Small writes go into the output slab that
 * is shared with the native side.
 */

const { byteLengthOf, copyInto } = require('./bytes');
const { ENCODE_BYTES, giveMemory, takeMemory } = require('./encode-memory');
const { out, seam } = require('./native');
const { isAtLeast } = require('../node/release');
const { writeLatin1, writeUtf16, writeUtf8 } = require('../node/text-writers');

// In bytes. Up to this size a copy costs less than passing memory to the native
// side. Only copied writes can be coalesced.
const { smallWrite: SMALL_WRITE } = seam;
const OUT_BYTES = out.length;
/** The largest string, in bytes, that node's handles send before counting it. */
const TRIED_STRING = 16_384;

/** @typedef {'utf8' | 'latin1' | 'utf16le'} TextEncoding */

/** The most bytes that a UTF-16 unit becomes. */
const BYTES_PER_UNIT = { utf8: 3, latin1: 1, utf16le: 2 };

const writers = { utf8: writeUtf8, latin1: writeLatin1, utf16le: writeUtf16 };

const { byteLength } = Buffer;
const { call } = Function.prototype;
const unitAt = call.bind(String.prototype.charCodeAt);
const slice = call.bind(String.prototype.slice);

// Before Node 26, `byteLength` takes longer for ASCII than encoding it does.
const countsFast = isAtLeast(26);
/** How many units are tried to learn whether a text is probably ASCII. */
const SAMPLE = 1024;

/**
 * Returns true for text that is so short that it goes into the output slab.
 *
 * @param {string} text
 * @returns {boolean}
 */
function isShort(text) {
  return text.length <= SMALL_WRITE;
}

/**
 * Returns true when all of a text fits into the memory of `takeMemory`.
 *
 * @param {string} text
 * @param {TextEncoding} encoding
 * @returns {boolean}
 */
function fitsMemory(text, encoding) {
  return text.length * BYTES_PER_UNIT[encoding] <= ENCODE_BYTES;
}

/**
 * Returns how many bytes a text becomes.
 *
 * @param {string} text
 * @param {TextEncoding} encoding
 * @returns {number}
 */
function textLength(text, encoding) {
  if (encoding !== 'utf8') return text.length * BYTES_PER_UNIT[encoding];
  const isCountedFast = countsFast || text.length <= SAMPLE;
  return isCountedFast ? byteLength(text) : utf8Length(text);
}

/**
 * Counts ASCII by encoding it, and other text with `byteLength`.
 *
 * @param {string} text
 * @returns {number}
 */
function utf8Length(text) {
  if (byteLength(slice(text, 0, SAMPLE)) > SAMPLE) return byteLength(text);
  const memory = takeMemory();
  let length = 0;
  let end = 0;
  while (end < text.length && length === end) {
    const from = end;
    end = pieceEnd(text, from, ENCODE_BYTES, 'utf8');
    length += encodeInto(memory, 0, slice(text, from, end), 'utf8');
  }
  giveMemory(memory);
  return length + byteLength(slice(text, end));
}

/**
 * Encodes text that fits.
 *
 * @param {Buffer} memory of `takeMemory`, or the output slab
 * @param {number} at offset in the memory
 * @param {string} text
 * @param {TextEncoding} encoding
 * @returns {number} how many bytes were written
 */
function encodeInto(memory, at, text, encoding) {
  const most = text.length * BYTES_PER_UNIT[encoding];
  return writers[encoding](memory, text, at, most);
}

/**
 * Returns the end of the longest piece of a text that fits. Never cuts a pair of
 * surrogates, which is one character.
 *
 * @param {string} text
 * @param {number} from where the piece begins
 * @param {number} room in bytes
 * @param {TextEncoding} encoding
 * @returns {number} `from` when nothing fits
 */
function pieceEnd(text, from, room, encoding) {
  const end = from + Math.floor(room / BYTES_PER_UNIT[encoding]);
  if (end >= text.length) return text.length;
  if (encoding !== 'utf8' || end === from) return end;
  const isPair =
    (unitAt(text, end - 1) & 0xfc00) === 0xd800 &&
    (unitAt(text, end) & 0xfc00) === 0xdc00;
  return isPair ? end - 1 : end;
}

/**
 * Small chunks in the output slab, and at most one chunk that is not small.
 *
 * @typedef {object} Joined
 * @property {number} length of the small chunks, in bytes
 * @property {Uint8Array | null} body what is not small
 * @property {number} head how many of the bytes in the slab come before the body
 */

/**
 * Joins small chunks in the output slab: all of a list, or all around one body, such
 * as the head of an answer.
 *
 * @param {import('./pending-write').List} list
 * @returns {Joined | null} null where there are two that are not small, or the others
 *   do not fit
 */
function joinSmall({ chunks, encodings }) {
  /** @type {Joined} */
  const joined = { length: 0, body: null, head: 0 };
  for (let i = 0; i < chunks.length; i++) {
    const chunk = chunks[i];
    const isJoined =
      typeof chunk === 'string'
        ? addText(joined, chunk, encodings[i] ?? 'utf8')
        : addBytes(joined, chunk);
    if (!isJoined) return null;
  }
  return joined;
}

/**
 * @param {Joined} joined
 * @param {string} text
 * @param {TextEncoding} encoding
 */
function addText(joined, text, encoding) {
  const { length } = joined;
  const most = text.length * BYTES_PER_UNIT[encoding];
  if (length + most > OUT_BYTES) return false;
  joined.length += encodeInto(out, length, text, encoding);
  return true;
}

/**
 * @param {Joined} joined
 * @param {Uint8Array} bytes
 */
function addBytes(joined, bytes) {
  const { length, body } = joined;
  const size = byteLengthOf(bytes);
  if (size > SMALL_WRITE) {
    joined.body = bytes;
    joined.head = length;
    return body === null;
  }
  if (length + size > OUT_BYTES) return false;
  copyInto(out, bytes, length);
  joined.length += size;
  return true;
}

/**
 * Returns true for a string that node's handles try to send before they count it.
 * All other data counts as written even if the kernel rejects it.
 *
 * @param {Uint8Array | string} chunk
 * @param {TextEncoding} [encoding] undefined for bytes
 * @returns {boolean}
 */
function isTried(chunk, encoding) {
  if (encoding === undefined) return false;
  return chunk.length * BYTES_PER_UNIT[encoding] <= TRIED_STRING;
}

module.exports = {
  SMALL_WRITE,
  encodeInto,
  fitsMemory,
  isShort,
  isTried,
  joinSmall,
  pieceEnd,
  slice,
  textLength,
};
