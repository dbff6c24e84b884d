'use strict';

/*
 * The bytes that are written, and the check of those that are read. A row's
 * chunk is sent repeatedly, so both ends know the byte at position `n` of a
 * connection.
 */

const { pattern } = require('../pattern');
const { sequence } = require('../sequence');

const PERIOD = 256;

// Each character takes one to four bytes in UTF-8.
const WIDE = 'grüße, 世界 \u{1f980}. ';

/**
 * Returns letters and digits, which are the same bytes in every one-byte
 * encoding.
 */
const letters = (length) =>
  'the quick brown fox jumps over 13 lazy dogs. '
    .repeat(Math.ceil(length / 45))
    .slice(0, length);

/** Returns the pattern as text with one byte per character. */
const bytes = (size) => fill(size).toString('latin1');

/** Returns the pattern in any length. */
const fill = (size) => Buffer.alloc(size, pattern(PERIOD));

/**
 * Returns as many whole repeats of `unit` as `size` bytes hold, at least one.
 */
const repeats = (unit, size) =>
  unit.repeat(Math.max(1, Math.floor(size / Buffer.byteLength(unit))));

/**
 * The chunks of each kind: the value, its encoding, and the bytes that result.
 */
const kinds = {
  Buffer: (size) => {
    const value = fill(size);
    return { value, sent: value };
  },
  Uint8Array: (size) => {
    const value = new Uint8Array(fill(size));
    return { value, sent: Buffer.from(value) };
  },
  /** Bytes that are also valid text. */
  letters: (size) => {
    const value = Buffer.from(letters(size));
    return { value, sent: value };
  },
  string: (size) => text(letters(size), undefined),
  ascii: (size) => text(letters(size), 'ascii'),
  utf8: (size) => text(repeats(WIDE, size), 'utf8'),
  latin1: (size) => text(bytes(size), 'latin1'),
  utf16le: (size) => text(letters(Math.ceil(size / 2)), 'utf16le'),
  hex: (size) => text(fill(size).toString('hex'), 'hex'),
  base64: (size) => text(fill(size).toString('base64'), 'base64'),
};

const text = (value, encoding) => ({
  value,
  encoding,
  sent: Buffer.from(value, encoding),
});

const made = new Map();

/** Returns the chunk of a size and a kind, which is created once. */
function chunkOf({ kind = 'Buffer', size }) {
  const name = `${kind} ${size}`;
  if (!made.has(name)) made.set(name, kinds[kind](size));
  return made.get(name);
}

/**
 * Returns the chunks that one connection writes: of one size, or of
 * pseudo-random sizes between two, the same in each process.
 *
 * @param {{ kind?: string, size: number | [number, number] }} write
 * @param {number} count of chunks
 * @returns {Iterator<any> & { left: number }} `next()` gives `{ value, encoding,
 *   length }`, `left` how many there still are
 */
function chunks(write, count) {
  if (Array.isArray(write.size)) return mixedChunks(write.size, count);
  const { value, encoding, sent } = chunkOf(write);
  const chunk = { value, encoding, length: sent.length };
  return {
    left: count,
    next() {
      this.left--;
      return chunk;
    },
  };
}

function mixedChunks([least, most], count) {
  const next = sequence(most);
  const all = chunkOf({ size: most + PERIOD }).value;
  let position = 0;
  return {
    left: count,
    next() {
      this.left--;
      const length = least + next(most - least + 1);
      const from = position % PERIOD;
      position += length;
      return { value: all.subarray(from, from + length), length };
    },
  };
}

/**
 * Returns a check of what one connection receives: the first and the last byte
 * of each chunk. The counts of the two ends show whether all bytes arrived.
 *
 * @param {{ kind?: string, size: number | [number, number] }} write
 * @returns {(chunk: Buffer | string) => number} the chunk's length in bytes
 */
function checker(write) {
  const unit = Array.isArray(write.size)
    ? chunkOf({ size: PERIOD }).sent
    : chunkOf(write).sent;
  let position = 0;
  return (chunk) => {
    const { length } = chunk;
    if (length === 0) return 0;
    const [first, last] =
      typeof chunk === 'string'
        ? [chunk.charCodeAt(0), chunk.charCodeAt(length - 1)]
        : [chunk[0], chunk[length - 1]];
    const end = position + length - 1;
    if (
      first !== unit[position % unit.length] ||
      last !== unit[end % unit.length]
    ) {
      throw new Error(`wrong bytes in ${position} to ${end}`);
    }
    position += length;
    return length;
  };
}

module.exports = { checker, chunkOf, chunks };
