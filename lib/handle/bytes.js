'use strict';

/*
 * Safe access to bytes. A subclass may override `length`, an object may look like a
 * buffer, and a program may have replaced methods of typed arrays, so these functions
 * read the internal slots and call the methods as they were.
 */

const { isUint8Array } = require('node:util').types;

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const { call } = Function.prototype;

/**
 * Returns a function that reads a property of typed arrays past any override.
 *
 * @param {string} name of an accessor of %TypedArray%.prototype
 * @returns {(view: Uint8Array) => any}
 */
function accessor(name) {
  const { get } = /** @type {any} */ (
    Object.getOwnPropertyDescriptor(typedArray, name)
  );
  return call.bind(get);
}

/** Returns the length in bytes; 0 once the memory is detached. */
const byteLengthOf = accessor('byteLength');
const byteOffsetOf = accessor('byteOffset');
const bufferOf = accessor('buffer');

const set = call.bind(typedArray.set);

/**
 * Copies all bytes of one array into another. Copies nothing if the memory is
 * detached.
 *
 * @param {Uint8Array} to
 * @param {Uint8Array} from
 * @param {number} offset in `to`, in bytes
 * @throws {RangeError} when they do not fit
 */
function copyInto(to, from, offset) {
  if (byteLengthOf(from) > 0) set(to, from, offset);
}

/**
 * Returns a Buffer over a part of another's memory.
 *
 * @type {(buffer: Buffer, start: number, end?: number) => Buffer}
 */
const partOf = call.bind(Buffer.prototype.subarray);

/**
 * Copies bytes into memory of their exact size, which holds nothing else. Not from
 * Buffer's pool.
 *
 * @param {Uint8Array} bytes
 * @returns {Buffer}
 */
function exactCopy(bytes) {
  const copy = Buffer.allocUnsafeSlow(byteLengthOf(bytes));
  copyInto(copy, bytes, 0);
  return copy;
}

/**
 * Makes the error that node's handles throw for data of a wrong type.
 *
 * @param {string} expected a noun, such as `buffer`
 * @returns {TypeError} ERR_INVALID_ARG_TYPE
 */
function invalidArgument(expected) {
  const error = new TypeError(`Second argument must be a ${expected}`);
  return Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * Returns the data if it is a Uint8Array.
 *
 * @param {any} data
 * @returns {Uint8Array}
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else, like node's handles
 */
function checkBytes(data) {
  if (!isUint8Array(data)) throw invalidArgument('buffer');
  return data;
}

/**
 * Makes a new view of the same memory, to which the caller has no reference. Its
 * length is fixed, even if the memory can grow.
 *
 * @param {Uint8Array} bytes not detached
 * @param {number} start offset in the bytes
 * @param {number} end
 * @returns {Uint8Array}
 */
function viewOf(bytes, start, end) {
  return new Uint8Array(
    bufferOf(bytes),
    byteOffsetOf(bytes) + start,
    end - start,
  );
}

/**
 * Returns true when two arrays are views of the same ArrayBuffer.
 *
 * @param {Uint8Array} one
 * @param {Uint8Array} other
 * @returns {boolean}
 */
function isViewOf(one, other) {
  return bufferOf(one) === bufferOf(other);
}

module.exports = {
  byteLengthOf,
  checkBytes,
  copyInto,
  exactCopy,
  invalidArgument,
  isViewOf,
  partOf,
  viewOf,
};
