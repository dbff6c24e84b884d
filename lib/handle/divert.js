'use strict';

/*
 * Gives what a handle receives to someone else than its `onread`. In node, a stream
 * has a stack of such listeners in C++.
 */

const { readerOf } = require('../node/reader');
const { exactCopy, viewOf } = require('./bytes');
const { kReadBytesOrError, streamBaseState } = require('./stream-state');
const { kUserBuffer } = require('./symbols');
const { kBorrowsBuffer, kTakesBuffer } = require('../common/symbols');

const kDiversion = Symbol('diversion');

/**
 * @typedef {Record<PropertyKey, any>} Handle
 * @typedef {(chunk: Buffer) => void} Take is called as a method of `taker`. The chunk
 *   is lent for the call: its memory is used again
 * @typedef {object} Diversion the top of a handle's stack
 * @property {object} taker
 * @property {Take} take
 * @property {unknown} onread the handle's, from before
 * @property {Diversion | undefined} below
 */

/**
 * Gives bytes to the taker, and the end and errors to the `onread` from before.
 *
 * @this {Handle}
 * @param {Buffer | undefined} chunk
 */
function onDivertedRead(chunk) {
  const diversion = this[kDiversion];
  const length = streamBaseState[kReadBytesOrError];
  if (length < 0) {
    return Reflect.apply(readerOf(bottomOf(diversion)), this, [undefined]);
  }
  // With a user's buffer there is no chunk.
  const bytes = chunk ?? exactCopy(viewOf(this[kUserBuffer], 0, length));
  return diversion.take.call(diversion.taker, bytes);
}
Object.assign(onDivertedRead, {
  [kBorrowsBuffer]: true,
  [kTakesBuffer]: true,
});

/** @param {Diversion} diversion */
function bottomOf(diversion) {
  let bottom = diversion;
  while (bottom.below !== undefined) bottom = bottom.below;
  return bottom;
}

/**
 * Gives the bytes that a handle receives to a taker. The end and errors still go to
 * its `onread`.
 *
 * @param {Handle} handle
 * @param {object} taker
 * @param {Take} take
 */
function divertReads(handle, taker, take) {
  const below = handle[kDiversion];
  handle[kDiversion] = { taker, take, onread: handle.onread, below };
  handle.onread = onDivertedRead;
}

/**
 * Ends a diversion. Does nothing when there is none for the taker.
 *
 * @param {Handle} handle
 * @param {object} taker
 */
function endDiversion(handle, taker) {
  const top = handle[kDiversion];
  if (top?.taker === taker) {
    handle[kDiversion] = top.below;
    // Somebody else may have set it since.
    if (handle.onread === onDivertedRead) handle.onread = top.onread;
    return;
  }
  for (let above = top; above?.below !== undefined; above = above.below) {
    const { below } = above;
    if (below.taker !== taker) continue;
    above.below = below.below;
    above.onread = below.onread;
    return;
  }
}

module.exports = { divertReads, endDiversion };
