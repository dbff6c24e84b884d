'use strict';

/*
 * Argument checks with the messages of node's own validators. Each hides its
 * frame, so that a stack begins at the method which the user called.
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
 * @param {any} value
 * @param {string} name
 */
function validateBoolean(value, name) {
  if (typeof value !== 'boolean') {
    rejectType(validateBoolean, name, 'boolean', value);
  }
}

/**
 * @param {any} value
 * @param {string} name
 */
function validateFunction(value, name) {
  if (typeof value !== 'function') {
    rejectType(validateFunction, name, 'Function', value);
  }
}

/**
 * @param {any} value
 * @param {string} name
 */
function validateNumber(value, name) {
  if (typeof value !== 'number') {
    rejectType(validateNumber, name, 'number', value);
  }
}

/**
 * @param {any} value
 * @param {string} name
 * @param {number} [min]
 * @param {number} [max]
 */
function validateInt32(value, name, min = kInt32Min, max = kInt32Max) {
  checkInteger(validateInt32, value, name, min, max);
}

/**
 * @param {any} value
 * @param {string} name
 */
function validateObject(value, name) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    rejectType(validateObject, name, 'Object', value);
  }
}

/**
 * @param {any} value
 * @param {string} name
 */
function validateString(value, name) {
  if (typeof value !== 'string') {
    rejectType(validateString, name, 'string', value);
  }
}

/**
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
  // Equal only for whole numbers of 32 bits, written in any form Number takes.
  return +value === +value >>> 0 && +value <= kPortMax;
}

/**
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
 * Checks a timer's duration by the rules of node's timers, and cuts it to what
 * a timer can hold.
 *
 * @param {any} msecs
 * @param {string} name
 * @returns {number}
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
 * @param {any} value
 * @param {string} name
 */
function validateArray(value, name) {
  if (!Array.isArray(value)) rejectType(validateArray, name, 'Array', value);
}

/**
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
