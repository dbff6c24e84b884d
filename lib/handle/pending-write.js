'use strict';

/*
 * A write that the kernel has not taken completely. As in node, the rest stays in
 * the user's memory, and is offered again when the kernel has room. Bytes are not
 * copied. Text is encoded piece by piece, each when it is offered next, into memory
 * from which it is sent.
 */

const {
  byteLengthOf,
  checkBytes,
  exactCopy,
  invalidArgument,
  isViewOf,
  viewOf,
} = require('./bytes');
const { encodeInto, pieceEnd, slice, textLength } = require('./encode');
const {
  ENCODE_BYTES,
  endHold,
  giveMemory,
  mayHold,
  takeMemory,
} = require('./encode-memory');
const { native, uv } = require('./native');

/** The most that is offered to the kernel in one step. A Buffer is offered whole. */
const OFFER_BYTES = 256 * 1024;
/** As many as the kernel takes at once. */
const OFFER_CHUNKS = 1024;

/** A rest of at most this many bytes is copied, so its memory may be reused. */
const SMALL_REST = 4096;

/** What `PendingWrite.send` returns, unless it is a negative errno. */
const SENT = 0;
const WAITS = 1;

const { from, isEncoding } = Buffer;

/**
 * The encodings of text that is encoded when it is sent, by node's names.
 *
 * @type {Map<any, import('./encode').TextEncoding>}
 */
const textEncodings = new Map([
  ['utf8', 'utf8'],
  ['utf-8', 'utf8'],
  ['latin1', 'latin1'],
  ['binary', 'latin1'],
  ['ascii', 'latin1'],
  ['ucs2', 'utf16le'],
  ['ucs-2', 'utf16le'],
  ['utf16le', 'utf16le'],
  ['utf-16le', 'utf16le'],
]);

/**
 * Returns how a text is encoded. Like node's handles, takes an encoding that
 * Buffer does not know for UTF-8.
 *
 * @param {any} encoding
 * @returns {import('./encode').TextEncoding | undefined} undefined for an encoding
 *   of bytes as text, such as hex
 */
function textEncodingOf(encoding) {
  const known = textEncodings.get(encoding);
  if (known !== undefined) return known;
  if (typeof encoding !== 'string' || !isEncoding(encoding)) return 'utf8';
  return textEncodings.get(encoding.toLowerCase());
}

/**
 * Chunks, and the encodings of those that are text.
 *
 * @typedef {import('./encode').TextEncoding} TextEncoding
 * @typedef {Uint8Array | string} Chunk
 * @typedef {{ chunks: Chunk[], encodings: (TextEncoding | undefined)[] }} List
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
  /** @type {List} */
  const list = { chunks: [], encodings: [] };
  for (let i = 0; i < length; i += allBuffers ? 1 : 2) {
    const chunk = given[i];
    if (allBuffers || typeof chunk !== 'string') {
      list.chunks.push(checkBytes(chunk));
      list.encodings.push(undefined);
    } else {
      addText(list, chunk, given[i + 1]);
    }
  }
  return list;
}

/**
 * Adds a text. Hex and its like become bytes at once, because only then is it
 * known how many they are.
 *
 * @param {List} list
 * @param {string} text
 * @param {any} encoding
 */
function addText(list, text, encoding) {
  const known = textEncodingOf(encoding);
  list.chunks.push(known === undefined ? from(text, encoding) : text);
  list.encodings.push(known);
}

/**
 * Counts the chunks up to the last one that is not empty.
 *
 * @param {Chunk[]} chunks
 * @returns {number}
 */
function countFilled(chunks) {
  let count = chunks.length;
  while (count > 0 && isEmpty(chunks[count - 1])) count--;
  return count;
}

/** @param {Chunk} chunk */
function isEmpty(chunk) {
  return typeof chunk === 'string' ? chunk === '' : byteLengthOf(chunk) === 0;
}

/** The chunks of one write, and how much of them was sent. */
class PendingWrite {
  /** The request to complete, and the next write. Both are set by the handle. */
  request = null;
  next = null;

  /** @type {(Chunk | undefined)[]} undefined once a chunk is passed */
  #chunks = [];
  /** @type {(TextEncoding | undefined)[]} */
  #encodings = [];
  /** @type {number[]} */
  #lengths = [];
  /** The next chunk to offer and, if it is text, the unit from which on. */
  #nextChunk = 0;
  #nextUnit = 0;

  /**
   * The parts on offer; then their size in bytes, and how many the kernel took.
   *
   * @type {Uint8Array[]}
   */
  #parts = [];
  #size = 0;
  #taken = 0;

  /**
   * The memory of the text on offer; then whether the write may hold it, how much
   * of it is used, and where in the offer the text ends.
   *
   * @type {Buffer | null}
   */
  #memory = null;
  #isHeld = false;
  #used = 0;
  #textEnd = 0;

  /** What the native side holds the descriptors under that leave with the bytes. */
  #ticket = 0;

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
   * @param {Chunk} chunk
   * @param {TextEncoding} [encoding] of text
   * @returns {PendingWrite}
   */
  static of(chunk, encoding) {
    const write = new PendingWrite();
    write.#add(chunk, encoding);
    write.count = 1;
    return write;
  }

  /**
   * Makes a write of bytes with which descriptors leave.
   *
   * @param {Uint8Array} bytes
   * @param {number} ticket of `holdDescriptors`
   * @returns {PendingWrite}
   */
  static withDescriptors(bytes, ticket) {
    const write = PendingWrite.of(bytes);
    write.#ticket = ticket;
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

  /**
   * Makes a write of bytes of which the kernel has taken a part.
   *
   * @param {Uint8Array} bytes
   * @param {number} sent how many of them
   * @returns {PendingWrite}
   */
  static ofRest(bytes, sent) {
    const write = PendingWrite.of(bytes);
    write.#offer();
    write.#pass(sent);
    return write;
  }

  /**
   * Makes a write of encoded text of which the kernel has taken a part.
   *
   * @param {Buffer} memory of `takeMemory`; the write gives it back
   * @param {number} start where the rest begins
   * @param {number} end
   * @returns {PendingWrite}
   */
  static ofEncoded(memory, start, end) {
    const write = new PendingWrite();
    write.#memory = memory;
    write.#parts = [viewOf(memory, start, end)];
    write.#size = end - start;
    write.#textEnd = write.#size;
    write.left = write.#size;
    write.count = 1;
    return write;
  }

  /**
   * Adds the text behind the encoded one.
   *
   * @param {string} text
   * @param {TextEncoding} encoding
   * @returns {this}
   */
  followedBy(text, encoding) {
    if (text !== '') this.#add(text, encoding);
    return this;
  }

  /** How many chunks it was made of, up to the last one that is not empty. */
  count = 0;

  /**
   * @param {Chunk} chunk
   * @param {TextEncoding} [encoding]
   */
  #add(chunk, encoding = 'utf8') {
    const isText = typeof chunk === 'string';
    const length = isText ? textLength(chunk, encoding) : byteLengthOf(chunk);
    // Each unit of ASCII is a byte, as in Latin-1.
    const isAscii = isText && encoding === 'utf8' && length === chunk.length;
    this.#chunks.push(chunk);
    this.#encodings.push(isAscii ? 'latin1' : encoding);
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
    const status = this.#sendRest(key);
    if (status !== WAITS) this.release();
    else if (this.#memory !== null && !this.#isHeld) this.#keepParts(false);
    return status;
  }

  /** @param {number} key */
  #sendRest(key) {
    while (this.left > 0) {
      if (this.#taken === this.#size) this.#offer();
      if (this.#hasShrunk()) return loseBytes(key);
      const sent = this.#sendParts(key);
      if (sent < 0) return sent;
      this.#pass(sent);
      if (this.#taken < this.#size) return WAITS;
    }
    return SENT;
  }

  /** @param {number} key */
  #sendParts(key) {
    const [first] = this.#parts;
    if (this.#ticket !== 0) {
      const from = this.#taken;
      return native.passDescriptors(key, first, from, this.#size, this.#ticket);
    }
    return this.#parts.length === 1
      ? native.write(key, first, this.#taken, this.#size)
      : native.writeAll(key, this.#parts, this.#taken);
  }

  /**
   * Makes the write independent of the caller's objects before it waits. Unless it
   * copies, the caller must not change the memory.
   *
   * @param {boolean} copies true to copy the memory too
   */
  keep(copies) {
    const copiesAll = copies || this.left <= SMALL_REST;
    this.#keepParts(copiesAll);
    for (let i = this.#nextChunk; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i];
      if (typeof chunk === 'object') this.#chunks[i] = own(chunk, 0, copiesAll);
    }
  }

  /** Gives back the memory of encoded text. Call it when the write is over. */
  release() {
    if (this.#memory === null) return;
    giveMemory(this.#memory);
    this.#memory = null;
    if (this.#isHeld) endHold();
    this.#isHeld = false;
  }

  /** @param {number} sent in bytes */
  #pass(sent) {
    this.left -= sent;
    this.#taken += sent;
    if (this.#taken >= this.#textEnd) this.release();
  }

  #offer() {
    this.#parts = [];
    this.#size = 0;
    this.#taken = 0;
    this.#used = 0;
    this.#textEnd = 0;
    let hasRoom = true;
    while (
      hasRoom &&
      this.#nextChunk < this.#chunks.length &&
      this.#size < OFFER_BYTES &&
      this.#parts.length < OFFER_CHUNKS
    ) {
      const chunk = this.#chunks[this.#nextChunk];
      if (typeof chunk === 'object') {
        this.#parts.push(chunk);
        this.#size += this.#lengths[this.#nextChunk];
        this.#passChunk();
      } else {
        hasRoom = this.#offerText();
      }
    }
  }

  /** Encodes consecutive text as one part. Returns false when it does not fit. */
  #offerText() {
    const memory = (this.#memory ??= takeMemory());
    const start = this.#used;
    let hasRoom = true;
    for (;;) {
      const text = this.#chunks[this.#nextChunk];
      if (!hasRoom || typeof text !== 'string') break;
      hasRoom = this.#encodePiece(memory, text);
    }
    const size = this.#used - start;
    if (size > 0) this.#parts.push(viewOf(memory, start, this.#used));
    this.#size += size;
    this.#textEnd = this.#size;
    return hasRoom;
  }

  /**
   * @param {Buffer} memory
   * @param {string} text the next chunk
   * @returns {boolean} true if the rest of it has found room
   */
  #encodePiece(memory, text) {
    const encoding = /** @type {TextEncoding} */ (
      this.#encodings[this.#nextChunk]
    );
    const room = ENCODE_BYTES - this.#used;
    const end = pieceEnd(text, this.#nextUnit, room, encoding);
    const piece = slice(text, this.#nextUnit, end);
    this.#used += encodeInto(memory, this.#used, piece, encoding);
    this.#nextUnit = end;
    if (end < text.length) return false;
    this.#passChunk();
    return true;
  }

  #passChunk() {
    this.#chunks[this.#nextChunk++] = undefined;
    this.#nextUnit = 0;
  }

  /**
   * Keeps of the parts on offer what the kernel has not taken.
   *
   * @param {boolean} copies
   */
  #keepParts(copies) {
    const memory = this.#memory;
    const copiesText = memory !== null && !this.#holds();
    const parts = [];
    let at = 0;
    for (const part of this.#parts) {
      const length = byteLengthOf(part);
      const passed = Math.max(this.#taken - at, 0);
      at += length;
      if (passed >= length) continue;
      const isText = memory !== null && isViewOf(part, memory);
      parts.push(own(part, passed, isText ? copiesText : copies));
    }
    this.#parts = parts;
    this.#size -= this.#taken;
    this.#textEnd -= this.#taken;
    this.#taken = 0;
    if (copiesText) this.release();
  }

  // Returns true if the memory of encoded text may wait together with the write.
  #holds() {
    const rest = this.#textEnd - this.#taken;
    this.#isHeld ||= rest > SMALL_REST && mayHold();
    return this.#isHeld;
  }

  // The memory of a part may have been transferred or made smaller.
  #hasShrunk() {
    let size = 0;
    for (const part of this.#parts) size += byteLengthOf(part);
    return size < this.#size;
  }
}

/**
 * Returns the bytes from `start` on: a copy, or a view that only rust-net has.
 *
 * @param {Uint8Array} bytes
 * @param {number} start
 * @param {boolean} copies
 * @returns {Uint8Array}
 */
function own(bytes, start, copies) {
  const length = byteLengthOf(bytes);
  // Detached memory cannot be viewed.
  if (length === 0) return new Uint8Array(0);
  const view = viewOf(bytes, start, length);
  return copies ? exactCopy(view) : view;
}

/**
 * Fails the write, because its memory was transferred or made smaller. The peer
 * must see a reset, not a clean EOF after missing bytes.
 *
 * @param {number} key
 * @returns {number}
 */
function loseBytes(key) {
  native.failWrites(key, uv.UV_EFAULT);
  return uv.UV_EFAULT;
}

module.exports = {
  PendingWrite,
  SENT,
  WAITS,
  countFilled,
  takeList,
};
