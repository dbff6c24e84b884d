'use strict';

/*
 * The contents of bulk transfers: the byte at position `n` is `n % 256`.
 */

/**
 * @param {number} length
 * @returns {Buffer} the pattern from position 0 on
 */
function pattern(length) {
  return Buffer.from(Array.from({ length }, (_, position) => position & 0xff));
}

/**
 * Returns true if the first and the last byte of a chunk are right for its
 * position. The load checks every byte; here that would take longer than the
 * rest of the work.
 *
 * @param {number} position of the chunk's first byte
 * @param {Uint8Array} chunk not empty
 */
function fits(position, chunk) {
  const last = chunk.length - 1;
  return (
    chunk[0] === (position & 0xff) && chunk[last] === ((position + last) & 0xff)
  );
}

module.exports = { fits, pattern };
