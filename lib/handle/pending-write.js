'use strict';

/*
 * A write that the kernel has not taken completely. As in node, the rest stays in
 * the user's memory, and is offered again when the kernel has room. Bytes are not
 * copied, and strings are encoded only as far as they are offered next.
 */

const {
  byteLengthOf,
  checkBytes,
  copyInto,
  invalidArgument,
  privateView,
} = require('./bytes');
const { native, uv } = require('./native');

/** The most that is encoded, or offered to the kernel, in one step. */
const OFFER_BYTES = 256 * 1024;
const OFFER_CHUNKS = 64;

/** A rest of at most this many bytes is copied, so its memory may be reused. */
const SMALL_REST = 4096;

/** What `PendingWrite.send` returns, unless it is a negative errno. */
const SENT = 0;
const WAITS = 1;

const { byteLength, from, isEncoding } = Buffer;

/**
 * Returns the encoding if Buffer knows it. Like node's handles, takes any other
 * for UTF-8.
 *
 * @param {any} encoding
 * @returns {BufferEncoding}
 */
function checkEncoding(encoding) {
  if (encoding === 'utf8' || encoding === 'latin1') return encoding;
  return typeof encoding === 'string' && isEncoding(encoding)
    ? encoding
    : 'utf8';
}

/**
 * Chunks, and the encodings of those that are strings.
 *
 * @typedef {{ chunks: any[], encodings: any[] }} List
 */

/**
 * Copies a caller's list. Reads each element once, before anything else is done,
 * because a getter may run any code.
 *
 * @param {any} given
 * @param {boolean} allBuffers false for node's form of mixed data, which is
 *   [chunk, encoding, chunk, encoding, ...]
 * @returns {List}
 * @throws {TypeError} ERR_INVALID_ARG_TYPE unless all chunks can be sent
 */
function takeList(given, allBuffers) {
  if (!Array.isArray(given)) throw invalidArgument('list');
  const { length } = given;
  const chunks = [];
  const encodings = [];
  for (let i = 0; i < length; i += allBuffers ? 1 : 2) {
    const chunk = given[i];
    const isText = !allBuffers && typeof chunk === 'string';
    chunks.push(isText ? chunk : checkBytes(chunk));
    if (!allBuffers) {
      encodings.push(isText ? checkEncoding(given[i + 1]) : undefined);
    }
  }
  return { chunks, encodings };
}

/**
 * Counts the chunks up to the last one that is not empty.
 *
 * @param {any[]} chunks of a List
 * @returns {number}
 */
function countFilled(chunks) {
  let count = chunks.length;
  while (count > 0 && isEmpty(chunks[count - 1])) count--;
  return count;
}

function isEmpty(chunk) {
  return typeof chunk === 'string' ? chunk === '' : byteLengthOf(chunk) === 0;
}

/** The chunks of one write, and how much of them was sent. */
class PendingWrite {
  /** The request to complete, and the next write. Both are set by the handle. */
  request = null;
  next = null;

  #chunks = [];
  #encodings = [];
  #lengths = [];
  /** The index of the next chunk to offer. */
  #nextChunk = 0;
  /** The chunks on offer, their size in bytes, and how many the kernel took. */
  #offered = [];
  #size = 0;
  #taken = 0;

  /** How many bytes the kernel has not taken. */
  left = 0;

  /** True when everything was sent, and only the completion is pending. */
  isSent = false;

  /**
   * Makes a write that is already sent, to be completed by an event.
   *
   * @returns {PendingWrite}
   */
  static sent() {
    const write = new PendingWrite();
    write.isSent = true;
    return write;
  }

  /**
   * Makes a write of one chunk.
   *
   * @param {Uint8Array | string} chunk
   * @param {BufferEncoding} [encoding] of a string
   * @returns {PendingWrite}
   */
  static of(chunk, encoding) {
    const write = new PendingWrite();
    write.#add(chunk, encoding);
    write.count = 1;
    return write;
  }

  /**
   * Makes a write of several chunks.
   *
   * @param {List} list
   * @returns {PendingWrite}
   */
  static ofList({ chunks, encodings }) {
    const write = new PendingWrite();
    for (let i = 0; i < chunks.length; i++) write.#add(chunks[i], encodings[i]);
    write.count = countFilled(chunks);
    return write;
  }

  /** How many chunks it was made of, up to the last one that is not empty. */
  count = 0;

  #add(chunk, encoding) {
    this.#chunks.push(chunk);
    this.#encodings.push(encoding);
    const isText = typeof chunk === 'string';
    const length = isText ? byteLength(chunk, encoding) : byteLengthOf(chunk);
    this.#lengths.push(length);
    this.left += length;
  }

  /**
   * Offers the rest of the write to the kernel.
   *
   * @param {number} key of the handle
   * @returns {number} SENT, WAITS, or a negative errno
   */
  send(key) {
    while (this.left > 0) {
      if (this.#taken === this.#size) this.#offer();
      if (this.#hasShrunk()) return loseBytes(key);
      const sent =
        this.#offered.length === 1
          ? native.write(key, this.#offered[0], this.#taken)
          : native.writeAll(key, this.#offered, this.#taken);
      if (sent < 0) return sent;
      this.#pass(sent);
      if (this.#taken < this.#size) return WAITS;
    }
    return SENT;
  }

  /**
   * Records bytes that were sent without `send`.
   *
   * @param {number} sent in bytes
   * @returns {this}
   */
  skip(sent) {
    let rest = sent;
    while (rest > 0 && this.left > 0) {
      if (this.#taken === this.#size) this.#offer();
      const step = Math.min(rest, this.#size - this.#taken);
      this.#pass(step);
      rest -= step;
    }
    return this;
  }

  /**
   * Makes the write independent of the caller's objects before it waits. Unless it
   * copies, the caller must not change the memory.
   *
   * @param {boolean} copies true to copy the memory too
   */
  keep(copies) {
    const own = copies || this.left <= SMALL_REST ? copyOf : privateView;
    const keep = (chunk) => (typeof chunk === 'string' ? chunk : own(chunk));
    this.#offered = this.#offered.map(keep);
    for (let i = this.#nextChunk; i < this.#chunks.length; i++) {
      this.#chunks[i] = keep(this.#chunks[i]);
    }
  }

  #pass(sent) {
    this.left -= sent;
    this.#taken += sent;
  }

  #offer() {
    this.#offered = [];
    this.#size = 0;
    this.#taken = 0;
    while (
      this.#nextChunk < this.#chunks.length &&
      this.#size < OFFER_BYTES &&
      this.#offered.length < OFFER_CHUNKS
    ) {
      const chunk = this.#chunks[this.#nextChunk];
      const encoding = this.#encodings[this.#nextChunk];
      const bytes = typeof chunk === 'string' ? from(chunk, encoding) : chunk;
      this.#size += this.#lengths[this.#nextChunk];
      this.#chunks[this.#nextChunk++] = undefined;
      this.#offered.push(bytes);
    }
  }

  #hasShrunk() {
    let size = 0;
    for (const bytes of this.#offered) size += byteLengthOf(bytes);
    return size < this.#size;
  }
}

function copyOf(bytes) {
  const copy = Buffer.allocUnsafeSlow(byteLengthOf(bytes));
  copyInto(copy, bytes, 0);
  return copy;
}

// Fails the write, because its memory was transferred or made smaller. The peer
// must see a reset, not a clean EOF after missing bytes.
function loseBytes(key) {
  native.failWrites(key, uv.UV_EFAULT);
  return uv.UV_EFAULT;
}

module.exports = { PendingWrite, SENT, WAITS, countFilled, takeList };
