'use strict';

/*
 * Who has triggered what is seen by async_hooks. Node's own modules set the
 * trigger of what they start; from outside that is only possible with a
 * resource in between. It bears the name of a tick, which is what such a
 * resource stands for, and which tools skip when they draw who started what.
 */

const { AsyncResource } = require('async_hooks');

/**
 * Calls a function so that what it starts has been triggered by a resource,
 * which is not said to run.
 *
 * @param {number} asyncId of the resource
 * @param {(...args: any[]) => void} fn
 * @param {...any} args
 */
function runTriggeredBy(asyncId, fn, ...args) {
  callAndDestroy(createTick(asyncId), fn, args);
}

/**
 * `process.nextTick`, triggered by a resource.
 *
 * @param {number} asyncId of the resource
 * @param {(...args: any[]) => void} fn
 * @param {...any} args
 */
function tickTriggeredBy(asyncId, fn, ...args) {
  process.nextTick(callAndDestroy, createTick(asyncId), fn, args);
}

function createTick(asyncId) {
  const options = { requireManualDestroy: true };
  // A handle of the user's making may have no id.
  const trigger = asyncId > 0 ? { triggerAsyncId: asyncId } : {};
  return new AsyncResource('TickObject', { ...options, ...trigger });
}

function callAndDestroy(resource, fn, args) {
  try {
    resource.runInAsyncScope(fn, undefined, ...args);
  } finally {
    resource.emitDestroy();
  }
}

module.exports = { runTriggeredBy, tickTriggeredBy };
