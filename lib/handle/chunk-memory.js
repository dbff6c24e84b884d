'use strict';

/*
 * The memory of large chunks. Each has an ArrayBuffer of its own and of its exact
 * size, which the program may keep or transfer.
 *
 * A garbage collection frees hundreds of them at once. If nothing lives above them
 * in the C library's heap, the C library returns their pages to the system. The next
 * chunks fault them in again, which takes longer than reading the bytes. So the
 * highest chunk seen is held in reserve as long as large chunks arrive.
 */

const { setTimeout } = require('node:timers');

const { native } = require('./native');

/** How long the reserve is held after the last large chunk, at least. */
const IDLE_MS = 1000;

/** @type {Buffer | null} */
let reserve = null;
let isUsed = false;

/**
 * Returns memory for one large chunk.
 *
 * @param {number} size in bytes
 * @returns {Buffer} uninitialized
 */
function allocate(size) {
  const chunk = Buffer.allocUnsafeSlow(size);
  isUsed = true;
  if (reserve === null) {
    reserve = Buffer.allocUnsafeSlow(size);
    releaseLater();
  }
  return isAbove(chunk, reserve) ? exchange(chunk, reserve) : chunk;
}

/**
 * Replaces the reserve by a chunk above it, and returns another one of the same size.
 *
 * @param {Buffer} chunk
 * @param {Buffer} former the reserve
 */
function exchange(chunk, former) {
  const { length } = chunk;
  const other =
    former.length === length ? former : Buffer.allocUnsafeSlow(length);
  const isHigher = isAbove(chunk, other);
  reserve = isHigher ? chunk : other;
  return isHigher ? other : chunk;
}

/**
 * @param {Buffer} one
 * @param {Buffer} other
 * @returns {boolean} true when the first lies higher in memory
 */
function isAbove(one, other) {
  return native.isAbove(one, other) === 1;
}

function releaseLater() {
  isUsed = false;
  setTimeout(release, IDLE_MS).unref();
}

function release() {
  if (isUsed) releaseLater();
  else reserve = null;
}

module.exports = { allocate };
