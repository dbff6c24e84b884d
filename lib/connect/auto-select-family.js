'use strict';

const nodeNet = require('../node/net');
const { autoSelectsFamily } = require('../common/settings');
const { validateBoolean, validateInt32 } = require('../common/validators');

const kMinAttemptTimeout = 10;
/** The value that races the addresses in parallel. */
const PARALLEL = 'parallel';

// Node's own values at load time. They differ by release, and include node's
// command-line options and NODE_OPTIONS.
/** @type {boolean | 'parallel'} */
let byDefault = autoSelectsFamily() ?? nodeNet.getDefaultAutoSelectFamily();
let attemptTimeout = nodeNet.getDefaultAutoSelectFamilyAttemptTimeout();

/**
 * Returns true when `connect` races the addresses of a host by default, in parallel or
 * not: programs pass the result on to node's modules.
 *
 * @returns {boolean}
 */
function getDefaultAutoSelectFamily() {
  return byDefault !== false;
}

/**
 * Returns how `connect` races the addresses of a host by default.
 *
 * @returns {boolean | 'parallel'}
 */
const defaultRace = () => byDefault;

/**
 * Sets whether `connect` races the addresses of a host by default.
 *
 * @param {boolean | 'parallel'} value
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything else
 */
function setDefaultAutoSelectFamily(value) {
  if (value !== PARALLEL) validateBoolean(value, 'value');
  byDefault = value;
}

/**
 * Returns how long one attempt of a race may take by default.
 *
 * @returns {number} in milliseconds
 */
function getDefaultAutoSelectFamilyAttemptTimeout() {
  return attemptTimeout;
}

/**
 * Sets how long one attempt of a race may take by default.
 *
 * @param {number} value in milliseconds; less than 10 counts as 10
 * @throws {Error} ERR_OUT_OF_RANGE below 1, ERR_INVALID_ARG_TYPE unless it is a
 *   number
 */
function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  validateInt32(value, 'value', 1);
  attemptTimeout = clampAttemptTimeout(value);
}

/**
 * Raises an attempt's timeout to node's minimum.
 *
 * @param {number} timeout in milliseconds
 * @returns {number} at least 10
 */
function clampAttemptTimeout(timeout) {
  return Math.max(timeout, kMinAttemptTimeout);
}

module.exports = {
  PARALLEL,
  clampAttemptTimeout,
  defaultRace,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
