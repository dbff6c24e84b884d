'use strict';

/*
 * What is written, and whether what is read is that. A row's chunk is sent again
 * and again, so the byte at position `n` of a connection is known to both ends.
 */

const { pattern } = require('../pattern');
const { sequence } = require('../sequence');

const PERIOD = 256;

// One to four bytes a character in UTF-8.
const WIDE = 'grüße, 世界 \u{1f980}. ';

/** Letters and digits: the same bytes in every encoding of one byte. */
const letters = (length) =>
  'the quick brown fox jumps over 13 lazy dogs. '
    .repeat(Math.ceil(length / 45))
    .slice(0, length);

/** The pattern as text of one byte a character. */
const bytes = (size) => fill(size).toString('latin1');

/** The pattern, also where it is long. */
const fill = (size) => Buffer.alloc(size, pattern(PERIOD));

/** As many whole repeats of `unit` as `size` bytes hold, but at least one. */
const repeats = (unit, size) =>
  unit.repeat(Math.max(1, Math.floor(size / Buffer.byteLength(unit))));

/** The chunk of each kind: the value, its encoding, and the bytes it stands for. */
const kinds = {
  Buffer: (size) => {
    const value = fill(size);
    return { value, sent: value };
  },
  Uint8Array: (size) => {
    const value = new Uint8Array(fill(size));
    return { value, sent: Buffer.from(value) };
  },
  /** Bytes that are text too. */
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

/** The chunk of a size and a kind; made once. */
function chunkOf({ kind = 'Buffer', size }) {
  const name = `${kind} ${size}`;
  if (!made.has(name)) made.set(name, kinds[kind](size));
  return made.get(name);
}

/**
 * What one connection writes, chunk by chunk: of one size, or of sizes between
 * two, as if at random but the same in each process.
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
 * Checks what one connection receives: the first and the last byte of each
 * chunk. Whether all came is what the two ends' counts say.
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
