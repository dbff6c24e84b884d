'use strict';

const [runningMajor, runningMinor] = process.versions.node
  .split('.')
  .map(Number);

/**
 * Returns true when the running Node is this release or a newer one.
 *
 * @param {number} major
 * @param {number} [minor]
 * @returns {boolean}
 */
function isAtLeast(major, minor = 0) {
  if (runningMajor !== major) return runningMajor > major;
  return runningMinor >= minor;
}

module.exports = { isAtLeast };
