'use strict';

/*
 * Jest runs test files in a sandbox: their `module` is Jest's own, which refuses hooks,
 * and node's modules are asked for by Jest itself. What stands in for a module there is
 * said to Jest.
 */

/* global jest */

/**
 * Returns true in a file that Jest runs, such as one of `setupFiles`.
 *
 * @returns {boolean}
 */
function runsInJest() {
  // Jest passes this object to every module, like `require`.
  return typeof jest === 'object' && typeof jest.doMock === 'function';
}

/**
 * Puts an object in the place of a module, for all files of the test that come after.
 *
 * @param {string} name
 * @param {() => unknown} make
 */
function mock(name, make) {
  jest.doMock(name, make);
}

/**
 * Returns a module that may have been mocked.
 *
 * @param {string} name
 * @returns {unknown}
 */
function actual(name) {
  return jest.requireActual(name);
}

module.exports = { actual, mock, runsInJest };
