'use strict';

/*
 * The memory into which large text is encoded and from which it is sent. It is
 * used again and again: the pages of fresh memory would cost more than encoding.
 */

/** In bytes. A piece of this size stays in the processor's cache until it is sent. */
const ENCODE_BYTES = 256 * 1024;

/** How many of them waiting writes may hold, and how many are kept for later. */
const MOST = 8;

/** @type {Buffer[]} */
const spare = [];
let held = 0;

/**
 * Returns ENCODE_BYTES of memory, to be given back with `giveMemory`.
 *
 * @returns {Buffer}
 */
function takeMemory() {
  return spare.pop() ?? Buffer.allocUnsafeSlow(ENCODE_BYTES);
}

/**
 * Takes memory back. The caller has no use for it any more.
 *
 * @param {Buffer} memory
 */
function giveMemory(memory) {
  if (spare.length < MOST) spare.push(memory);
}

/**
 * Asks whether a write may keep its memory while it waits. It then calls
 * `endHold`. Many slow peers must not hold much memory, each for a little text.
 *
 * @returns {boolean}
 */
function mayHold() {
  if (held === MOST) return false;
  held++;
  return true;
}

/** Ends what `mayHold` has allowed. */
function endHold() {
  held--;
}

module.exports = { ENCODE_BYTES, endHold, giveMemory, mayHold, takeMemory };
