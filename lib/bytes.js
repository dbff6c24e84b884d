'use strict';

/*
 * What a caller gives as bytes, seen by what it really is: a subclass may lie
 * about its length, and an object may look like a buffer.
 */

const { isUint8Array } = require('node:util').types;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const { call } = Function.prototype;

/**
 * @param {string} name of an accessor of typed arrays
 * @returns {(view: Uint8Array) => any} reads it past any subclass
 */
function accessor(name) {
  const { get } = /** @type {any} */ (
    Object.getOwnPropertyDescriptor(typedArray, name)
  );
  return call.bind(get);
}

/** The length in bytes; 0 once the memory is detached. */
const byteLengthOf = accessor('byteLength');
const byteOffsetOf = accessor('byteOffset');
const bufferOf = accessor('buffer');

const set = call.bind(typedArray.set);

/**
 * Copies by what both really are; nothing of memory that is detached.
 *
 * @param {Uint8Array} to
 * @param {Uint8Array} from
 * @param {number} offset in `to`
 */
function copyInto(to, from, offset) {
  if (byteLengthOf(from) > 0) set(to, from, offset);
}

/**
 * @param {string} expected a noun
 * @returns {TypeError} what node's handles throw
 */
function invalidArgument(expected) {
  const error = new TypeError(`Second argument must be a ${expected}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * @param {any} data
 * @returns {Uint8Array} the same
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else, as node's handles
 */
function checkBytes(data) {
  if (!isUint8Array(data)) throw invalidArgument('buffer');
  return data;
}

/**
 * A view of the same memory that nobody else has, and that does not grow with
 * it.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
function privateView(bytes) {
  // There can be no view of memory that is detached.
  if (byteLengthOf(bytes) === 0) return new Uint8Array(0);
  return new Uint8Array(
    bufferOf(bytes),
    byteOffsetOf(bytes),
    byteLengthOf(bytes),
  );
}

module.exports = {
  byteLengthOf,
  checkBytes,
  copyInto,
  invalidArgument,
  privateView,
};
