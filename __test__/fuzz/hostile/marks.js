'use strict';

/*
 * Marks that show who owns a byte. Each hostile connection has a letter, which
 * fills all memory created for its calls. Bytes of the well-behaved connections
 * are in another range. POISON fills memory that must never be sent: memory
 * around the bytes of a call, and memory detached during one.
 */

/** Fills memory that must never be sent. */
const POISON = 0x7f;

const letters = [...'@ABCDEFGHIJKLMNOPQRSTUVWXYZ', ...'!#$&*+;<=>?^_{|}~'];

/** Bytes of the well-behaved connections: 0xC0 to 0xCF and 0xF0 to 0xFF. */
const witnessBytes = Buffer.from(
  Array.from({ length: 32 }, (_, i) => (i < 16 ? 0xc0 + i : 0xe0 + i)),
);

// Returns the bytes that any call may send: names and numbers that it passed as
// text, and parts of UTF-8.
function commonTable() {
  const table = new Uint8Array(256);
  for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789.:/-% []') {
    table[char.charCodeAt(0)] = 1;
  }
  table.fill(1, 0x80, 0xc0);
  table.fill(1, 0xd8, 0xf0);
  return table;
}

const common = commonTable();
let next = 0;

/** The bytes that one connection may carry. */
class Mark {
  constructor(letter = letters[next++ % letters.length]) {
    this.letter = letter;
    this.byte = this.letter.charCodeAt(0);
    this.table = Uint8Array.from(common);
    this.table[this.byte] = 1;
    /** The marks whose bytes a relay moves here. */
    this.sources = new Set();
  }

  /** A character that is only the letter, in UTF-16 as in Latin-1. */
  get wideLetter() {
    return String.fromCharCode((this.byte << 8) | this.byte);
  }

  /** Half a surrogate pair, which in Latin-1 is the letter. */
  get surrogate() {
    return String.fromCharCode(0xd800 | this.byte);
  }

  allowZero() {
    this.table[0] = 1;
  }

  /** Allows any byte, for data without a mark such as decoded base64. */
  allowAny() {
    this.table.fill(1);
    this.table[POISON] = 0;
  }

  allows(byte, seen = new Set()) {
    if (this.table[byte] === 1) return true;
    seen.add(this);
    for (const source of this.sources) {
      if (!seen.has(source) && source.allows(byte, seen)) return true;
    }
    return false;
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {string | undefined} what is wrong with them
   */
  objectionTo(bytes) {
    const { table } = this;
    for (let i = 0; i < bytes.length; i++) {
      if (table[bytes[i]] === 1 || this.allows(bytes[i])) continue;
      const around = Buffer.from(bytes.subarray(Math.max(i - 8, 0), i + 24));
      return (
        `byte ${i} of ${bytes.length} is ${describe(bytes[i])} on ` +
        `connection '${this.letter}': ${around.toString('hex')}`
      );
    }
    return undefined;
  }
}

/** @returns {string} a byte in hexadecimal, and its owner */
function describe(byte) {
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  if (byte === POISON) return `${hex} (of memory that was taken away)`;
  if (witnessBytes.includes(byte)) return `${hex} (of a well-behaved one)`;
  const letter = String.fromCharCode(byte);
  if (letters.includes(letter)) return `${hex} (of connection '${letter}')`;
  return `${hex} (nobody's)`;
}

module.exports = { Mark, POISON, describe, letters, witnessBytes };
