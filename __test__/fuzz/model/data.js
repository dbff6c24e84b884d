'use strict';

/*
 * Creates the chunks that a program writes, of a size, a kind and an encoding,
 * with known bytes.
 */

const { patternAt, textAt } = require('./content');

/** Encodings that carry any byte. */
const binary = ['hex', 'base64', 'latin1', 'base64url'];

function evenly(size) {
  return size - (size % 2);
}

/**
 * @param {import('./content').Out} out
 * @param {object} op
 * @param {number} op.size in bytes
 * @param {string} [op.kind] 'buffer', 'uint8', 'fresh', or an encoding
 * @returns {{ chunk: any, encoding?: string, bytes: Buffer, spoil?: () => void }}
 *   `bytes` is what must arrive; `spoil` changes the chunk's memory
 */
function makeChunk(out, { size, kind = 'buffer' }) {
  if (kind === 'utf8') {
    const chunk = textAt(out.total, size);
    return { chunk, encoding: kind, bytes: Buffer.from(chunk, 'utf8') };
  }
  const bytes = patternAt(out.phase, out.total, size);
  if (kind === 'buffer') return { chunk: bytes, bytes };
  if (kind === 'uint8') {
    const { buffer, byteOffset, length } = bytes;
    return { chunk: new Uint8Array(buffer, byteOffset, length), bytes };
  }
  if (kind === 'fresh') {
    const chunk = Buffer.from(bytes);
    return { chunk, bytes, spoil: () => chunk.fill(0xee) };
  }
  if (kind === 'utf16le') {
    const even = bytes.subarray(0, evenly(size));
    return { chunk: even.toString(kind), encoding: kind, bytes: even };
  }
  if (kind === 'ascii') {
    const low = Buffer.from(bytes.map((byte) => byte & 0x7f));
    return { chunk: low.toString('latin1'), encoding: kind, bytes: low };
  }
  return { chunk: bytes.toString(kind), encoding: kind, bytes };
}

const kinds = ['buffer', 'uint8', 'fresh', 'utf8', 'utf16le', 'ascii'].concat(
  binary,
);

module.exports = { kinds, makeChunk };
