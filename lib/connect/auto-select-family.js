'use strict';

const nodeNet = require('../node/net');
const { validateBoolean, validateInt32 } = require('../common/validators');

const kMinAttemptTimeout = 10;

// Node's own values at load time. They differ by release, and include node's
// command-line options and NODE_OPTIONS.
let isDefault = nodeNet.getDefaultAutoSelectFamily();
let attemptTimeout = nodeNet.getDefaultAutoSelectFamilyAttemptTimeout();

/**
 * Returns true when `connect` races the addresses of a host by default.
 *
 * @returns {boolean}
 */
function getDefaultAutoSelectFamily() {
  return isDefault;
}

/**
 * Sets whether `connect` races the addresses of a host by default.
 *
 * @param {boolean} value
 * @throws {TypeError} ERR_INVALID_ARG_TYPE unless it is a boolean
 */
function setDefaultAutoSelectFamily(value) {
  validateBoolean(value, 'value');
  isDefault = value;
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
  clampAttemptTimeout,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
