'use strict';

const nodeNet = require('../node/net');
const { validateBoolean, validateInt32 } = require('../common/validators');

const kMinAttemptTimeout = 10;

// Node's own answers at load time: they differ by release, and its
// command-line options and NODE_OPTIONS are in them.
let isDefault = nodeNet.getDefaultAutoSelectFamily();
let attemptTimeout = nodeNet.getDefaultAutoSelectFamilyAttemptTimeout();

/**
 * @returns {boolean} whether `connect` races the addresses of a host
 */
function getDefaultAutoSelectFamily() {
  return isDefault;
}

/**
 * @param {boolean} value
 */
function setDefaultAutoSelectFamily(value) {
  validateBoolean(value, 'value');
  isDefault = value;
}

/**
 * @returns {number} how long one attempt may take, in ms
 */
function getDefaultAutoSelectFamilyAttemptTimeout() {
  return attemptTimeout;
}

/**
 * @param {number} value
 */
function setDefaultAutoSelectFamilyAttemptTimeout(value) {
  validateInt32(value, 'value', 1);
  attemptTimeout = clampAttemptTimeout(value);
}

/**
 * @param {number} timeout
 * @returns {number} at least what node allows
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
