'use strict';

/*
 * Argument checks with the messages of node's own validators. Each hides its own
 * frame, so that the stack starts at the method that the user called.
 */

const { codes, hideFrames } = require('./errors');

const {
  ERR_INVALID_ARG_TYPE,
  ERR_INVALID_ARG_VALUE,
  ERR_OUT_OF_RANGE,
  ERR_SOCKET_BAD_PORT,
} = codes;

const kInt32Min = -(2 ** 31);
const kInt32Max = 2 ** 31 - 1;
const kUint32Max = 2 ** 32 - 1;
const kPortMax = 0xffff;

function rejectType(validator, name, expected, value) {
  throw hideFrames(new ERR_INVALID_ARG_TYPE(name, expected, value), validator);
}

function rejectRange(validator, name, range, value) {
  throw hideFrames(new ERR_OUT_OF_RANGE(name, range, value), validator);
}

function checkInteger(validator, value, name, min, max) {
  if (typeof value !== 'number') rejectType(validator, name, 'number', value);
  if (!Number.isInteger(value)) {
    rejectRange(validator, name, 'an integer', value);
  }
  if (value < min || value > max) {
    rejectRange(validator, name, `>= ${min} && <= ${max}`, value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a boolean.
 *
 * @param {any} value
 * @param {string} name of the argument, or of an option such as `options.port`
 */
function validateBoolean(value, name) {
  if (typeof value !== 'boolean') {
    rejectType(validateBoolean, name, 'boolean', value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a function.
 *
 * @param {any} value
 * @param {string} name
 */
function validateFunction(value, name) {
  if (typeof value !== 'function') {
    rejectType(validateFunction, name, 'Function', value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a number.
 *
 * @param {any} value
 * @param {string} name
 */
function validateNumber(value, name) {
  if (typeof value !== 'number') {
    rejectType(validateNumber, name, 'number', value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a number, and ERR_OUT_OF_RANGE
 * unless it is an integer from `min` to `max`.
 *
 * @param {any} value
 * @param {string} name
 * @param {number} [min]
 * @param {number} [max]
 */
function validateInt32(value, name, min = kInt32Min, max = kInt32Max) {
  checkInteger(validateInt32, value, name, min, max);
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is an object, and not an array.
 *
 * @param {any} value
 * @param {string} name
 */
function validateObject(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    rejectType(validateObject, name, 'Object', value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a string.
 *
 * @param {any} value
 * @param {string} name
 */
function validateString(value, name) {
  if (typeof value !== 'string') {
    rejectType(validateString, name, 'string', value);
  }
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a string, and
 * ERR_INVALID_ARG_VALUE when it contains a null byte.
 *
 * @param {any} value
 * @param {string} name
 */
function validateStringWithoutNullBytes(value, name) {
  validateString(value, name);
  if (value.includes('\0')) {
    throw hideFrames(
      new ERR_INVALID_ARG_VALUE(
        name,
        value,
        'must be a string without null bytes',
      ),
      validateStringWithoutNullBytes,
    );
  }
}

function isPort(value) {
  if (typeof value === 'string') {
    if (value.trim() === '') return false;
  } else if (typeof value !== 'number') {
    return false;
  }
  // Equal only for unsigned 32-bit integers, in any notation that Number reads.
  return +value === +value >>> 0 && +value <= kPortMax;
}

/**
 * Throws ERR_SOCKET_BAD_PORT unless the value is a port from 0 to 65535, as a
 * number or a numeric string.
 *
 * @param {any} value
 * @param {string} [name]
 * @returns {number} the port as a number
 */
function validatePort(value, name = 'Port') {
  if (!isPort(value)) {
    throw hideFrames(new ERR_SOCKET_BAD_PORT(name, value), validatePort);
  }
  return value | 0;
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is an AbortSignal or undefined.
 *
 * @param {any} signal
 * @param {string} name
 */
function validateAbortSignal(signal, name) {
  if (signal === undefined) return;
  if (signal === null || typeof signal !== 'object' || !('aborted' in signal)) {
    rejectType(validateAbortSignal, name, 'AbortSignal', signal);
  }
}

/**
 * Throws unless the value is a non-negative, finite number. A duration beyond 32
 * bits is truncated, with a TimeoutOverflowWarning.
 *
 * @param {any} msecs
 * @param {string} name
 * @returns {number} in milliseconds, at most 2 ** 31 - 1
 */
function validateTimerDuration(msecs, name) {
  validateNumber(msecs, name);
  if (msecs < 0 || !Number.isFinite(msecs)) {
    rejectRange(
      validateTimerDuration,
      name,
      'a non-negative finite number',
      msecs,
    );
  }
  if (msecs <= kInt32Max) return msecs;
  process.emitWarning(
    `${msecs} does not fit into a 32-bit signed integer.` +
      `\nTimer duration was truncated to ${kInt32Max}.`,
    'TimeoutOverflowWarning',
  );
  return kInt32Max;
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is an array.
 *
 * @param {any} value
 * @param {string} name
 */
function validateArray(value, name) {
  if (!Array.isArray(value)) rejectType(validateArray, name, 'Array', value);
}

/**
 * Throws ERR_INVALID_ARG_TYPE unless the value is a number, and ERR_OUT_OF_RANGE
 * unless it is an integer from 0 to 2 ** 32 - 1.
 *
 * @param {any} value
 * @param {string} name
 */
function validateUint32(value, name) {
  checkInteger(validateUint32, value, name, 0, kUint32Max);
}

module.exports = {
  validateAbortSignal,
  validateArray,
  validateBoolean,
  validateFunction,
  validateInt32,
  validateNumber,
  validateObject,
  validatePort,
  validateString,
  validateStringWithoutNullBytes,
  validateTimerDuration,
  validateUint32,
};
