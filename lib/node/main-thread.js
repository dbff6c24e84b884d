'use strict';

const { loadOwn } = require('./loader');

/**
 * Returns true in the main thread. Loads `worker_threads` only now, because it takes
 * memory that most programs save.
 *
 * @returns {boolean}
 */
function isMainThread() {
  return loadOwn(() => require('worker_threads')).isMainThread;
}

module.exports = { isMainThread };
