'use strict';

/*
 * The trigger ids that async_hooks reports. Node's own modules set the trigger of
 * what they start. From outside this needs an async resource in between. It has
 * the type of a tick, because tools leave ticks out of their graphs.
 */

const { AsyncResource } = require('async_hooks');

/**
 * Calls a function so that whatever it starts has a given resource as its
 * trigger, without running in that resource's scope.
 *
 * @param {number} asyncId of the trigger
 * @param {(...args: any[]) => void} fn
 * @param {...any} args
 */
function runTriggeredBy(asyncId, fn, ...args) {
  callAndDestroy(createTick(asyncId), fn, args);
}

/**
 * Calls a function in the next tick, with a given resource as the trigger.
 *
 * @param {number} asyncId of the trigger
 * @param {(...args: any[]) => void} fn
 * @param {...any} args
 */
function tickTriggeredBy(asyncId, fn, ...args) {
  process.nextTick(callAndDestroy, createTick(asyncId), fn, args);
}

function createTick(asyncId) {
  const options = { requireManualDestroy: true };
  // A handle that the user wrote may have no id.
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
