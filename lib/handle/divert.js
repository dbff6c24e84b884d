'use strict';

/*
 * Gives what a handle receives to someone else than its `onread`. In node, a stream
 * has a stack of such listeners in C++.
 */

const { readerOf } = require('../node/reader');
const { kReadBytesOrError, streamBaseState } = require('./stream-state');
const { kUserBuffer } = require('./symbols');
const { kTakesBuffer } = require('../common/symbols');

/**
 * @typedef {Record<PropertyKey, any>} Handle
 * @typedef {(chunk: Buffer) => void} Take
 * @typedef {{ takers: Take[], onread: unknown }} Diversion `onread` is the handle's own
 */

/** @type {WeakMap<object, Diversion>} */
const diversions = new WeakMap();

/**
 * Returns the `onread` that gives bytes to the latest taker, and all else to the
 * handle's own.
 *
 * @param {Diversion} diversion
 */
function readerFor(diversion) {
  /** @this {Handle} */
  function onread(/** @type {Buffer | undefined} */ chunk) {
    const length = streamBaseState[kReadBytesOrError];
    if (length < 0) {
      return Reflect.apply(readerOf(diversion), this, [undefined]);
    }
    // With a user's buffer there is no chunk, and the buffer is filled again.
    const bytes = chunk ?? Buffer.from(this[kUserBuffer].subarray(0, length));
    diversion.takers.at(-1)?.(bytes);
    return undefined;
  }
  return Object.assign(onread, { [kTakesBuffer]: true });
}

/** @param {Handle} handle */
function start(handle) {
  /** @type {Diversion} */
  const diversion = { takers: [], onread: handle.onread };
  const onread = readerFor(diversion);
  // Others may set `onread` meanwhile. Theirs counts when the diversion ends.
  Object.defineProperty(handle, 'onread', {
    get: () => onread,
    set(value) {
      diversion.onread = value;
    },
    configurable: true,
    enumerable: true,
  });
  diversions.set(handle, diversion);
  return diversion;
}

/**
 * @param {Handle} handle
 * @param {Diversion} diversion
 */
function end(handle, { onread }) {
  diversions.delete(handle);
  Object.defineProperty(handle, 'onread', {
    value: onread,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}

/**
 * Gives the bytes that a handle receives to `take`. The end and errors still go to
 * its `onread`.
 *
 * @param {Handle} handle
 * @param {Take} take each chunk is its own memory
 * @returns {() => void} ends it; a second call does nothing
 */
function divertReads(handle, take) {
  const diversion = diversions.get(handle) ?? start(handle);
  diversion.takers.push(take);
  return () => {
    const at = diversion.takers.indexOf(take);
    if (at === -1) return;
    diversion.takers.splice(at, 1);
    if (diversion.takers.length === 0) end(handle, diversion);
  };
}

module.exports = { divertReads };
