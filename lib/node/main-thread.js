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

/**
 * Returns the number of this thread, `worker_threads.threadId`. Loads that module, as
 * `isMainThread` does.
 *
 * @returns {number} 0 in the main thread
 */
function getThreadId() {
  return loadOwn(() => require('worker_threads')).threadId;
}

module.exports = { getThreadId, isMainThread };
