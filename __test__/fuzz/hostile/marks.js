'use strict';

/*
 * Whose byte is it? Each hostile connection has a letter, and all memory that is
 * made for its calls is filled with it. Bytes of the well-behaved connections
 * stand in a range of their own. What no caller has given is POISON: memory
 * around the bytes of a call, and memory that was taken away from under one.
 */

/** Fills what must never be sent. */
const POISON = 0x7f;

const letters = [...'@ABCDEFGHIJKLMNOPQRSTUVWXYZ', ...'!#$&*+;<=>?^_{|}~'];

/** Bytes of the well-behaved connections: 0xC0 to 0xCF and 0xF0 to 0xFF. */
const witnessBytes = Buffer.from(
  Array.from({ length: 32 }, (_, i) => (i < 16 ? 0xc0 + i : 0xe0 + i)),
);

// What may be sent without being filled memory: names and numbers that a call
// gave as text, and the pieces of UTF-8.
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
    /** Marks whose bytes are moved here, by a relay. */
    this.sources = new Set();
  }

  /** In UTF-16 and in Latin-1 nothing but the letter. */
  get wideLetter() {
    return String.fromCharCode((this.byte << 8) | this.byte);
  }

  /** Half a pair; in Latin-1 the letter. */
  get surrogate() {
    return String.fromCharCode(0xd800 | this.byte);
  }

  allowZero() {
    this.table[0] = 1;
  }

  /** Allows any byte: decoded base64, for example, bears no mark. */
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

/** @returns {string} a byte in hexadecimal and whose it is */
function describe(byte) {
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  if (byte === POISON) return `${hex} (of memory that was taken away)`;
  if (witnessBytes.includes(byte)) return `${hex} (of a well-behaved one)`;
  const letter = String.fromCharCode(byte);
  if (letters.includes(letter)) return `${hex} (of connection '${letter}')`;
  return `${hex} (nobody's)`;
}

module.exports = { Mark, POISON, describe, letters, witnessBytes };
