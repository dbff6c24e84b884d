'use strict';

/*
 * A write that the kernel has not taken as a whole. What is left stays in the
 * user's memory, as in node, and is offered again when there is room: bytes are
 * not copied, and of strings only what is offered next is encoded.
 */

const {
  byteLengthOf,
  checkBytes,
  copyInto,
  invalidArgument,
  privateView,
} = require('./bytes');
const { native, uv } = require('./native');

/** No more than this is encoded, or named to the kernel, ahead of its turn. */
const OFFER_BYTES = 256 * 1024;
const OFFER_CHUNKS = 64;

/** What is left of a small write is copied: its memory may be used again. */
const SMALL_REST = 4096;

/** What `PendingWrite.send` may return beside a negative errno. */
const SENT = 0;
const WAITS = 1;

const { byteLength, from, isEncoding } = Buffer;

/**
 * An encoding that may be trusted; node's handles take any other for UTF-8.
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
 * Chunks and, for strings, their encodings.
 *
 * @typedef {{ chunks: any[], encodings: any[] }} List
 */

/**
 * Reads a caller's list, each element once, before anything is done with it:
 * a getter may run any code.
 *
 * @param {any} given
 * @param {boolean} allBuffers false: in node's form for mixed data, which is
 *   [chunk, encoding, chunk, encoding, ...]
 * @returns {List}
 * @throws {TypeError} ERR_INVALID_ARG_TYPE where something cannot be sent
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
 * @param {any[]} chunks of a List
 * @returns {number} how many there are up to the last that has bytes
 */
function countFilled(chunks) {
  let count = chunks.length;
  while (count > 0 && isEmpty(chunks[count - 1])) count--;
  return count;
}

function isEmpty(chunk) {
  return typeof chunk === 'string' ? chunk === '' : byteLengthOf(chunk) === 0;
}

/** Chunks of one write, and how far they have got. */
class PendingWrite {
  /** The request to complete; the write behind this one. Set by the handle. */
  request = null;
  next = null;

  #chunks = [];
  #encodings = [];
  #lengths = [];
  #place = 0;
  /** What the kernel is offered, of how many bytes, and how many it has. */
  #offered = [];
  #size = 0;
  #taken = 0;

  /** Bytes that the kernel has not taken. */
  left = 0;

  /** True when everything has left and only the report waits. */
  isSent = false;

  /** @returns {PendingWrite} what is left of a write that is reported late */
  static sent() {
    const write = new PendingWrite();
    write.isSent = true;
    return write;
  }

  /**
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
   * @param {List} list
   * @returns {PendingWrite}
   */
  static ofList({ chunks, encodings }) {
    const write = new PendingWrite();
    for (let i = 0; i < chunks.length; i++) write.#add(chunks[i], encodings[i]);
    write.count = countFilled(chunks);
    return write;
  }

  /** How many chunks it was made of, up to the last that has bytes. */
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
   * Offers what is left to the kernel.
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
   * Notes what has left in another way.
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
   * Prepares for a wait: the caller's objects may change, its memory must not.
   *
   * @param {boolean} copies whether the memory may change, too
   */
  keep(copies) {
    const own = copies || this.left <= SMALL_REST ? copyOf : privateView;
    const keep = (chunk) => (typeof chunk === 'string' ? chunk : own(chunk));
    this.#offered = this.#offered.map(keep);
    for (let i = this.#place; i < this.#chunks.length; i++) {
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
      this.#place < this.#chunks.length &&
      this.#size < OFFER_BYTES &&
      this.#offered.length < OFFER_CHUNKS
    ) {
      const chunk = this.#chunks[this.#place];
      const encoding = this.#encodings[this.#place];
      const bytes = typeof chunk === 'string' ? from(chunk, encoding) : chunk;
      this.#size += this.#lengths[this.#place];
      this.#chunks[this.#place++] = undefined;
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

// The memory was transferred or made smaller. What was promised cannot be sent
// any more: the peer is to see a reset, and not a clean end behind a hole.
function loseBytes(key) {
  native.failWrites(key, uv.UV_EFAULT);
  return uv.UV_EFAULT;
}

module.exports = { PendingWrite, SENT, WAITS, countFilled, takeList };
