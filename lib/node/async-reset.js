'use strict';

const { AsyncResource } = require('async_hooks');

const manualDestroy = { requireManualDestroy: true };

/**
 * Gives a handle a new async id, as node's handles get one from `asyncReset` when an
 * Agent uses their socket for another request. The old id counts as destroyed. The
 * new one belongs to an object of its own, whose `handle` is the handle.
 *
 * An AsyncResource keeps its id, and the context that goes with it, in members named
 * by symbols. They are taken from a fresh one.
 *
 * @param {{ emitDestroy(): unknown }} handle an AsyncResource
 * @param {string} type of the async resource
 */
function resetAsyncId(handle, type) {
  handle.emitDestroy();
  const fresh = new AsyncResource(type, manualDestroy);
  for (const symbol of Object.getOwnPropertySymbols(fresh)) {
    Reflect.set(handle, symbol, Reflect.get(fresh, symbol));
  }
  Object.assign(fresh, { handle });
}

module.exports = { resetAsyncId };
