'use strict';

/*
 * The callbacks of end(). A Duplex of Node 18 forgets them in destroy(), unless a
 * write of the same tick calls them. Writes of the fast path do not.
 */

const { Writable } = require('stream');

const { codes } = require('../common/errors');
const { internal } = require('./internals');
const { isAtLeast } = require('./release');

const { ERR_STREAM_DESTROYED } = codes;

/** Finds the property of a writable state that lists them. */
function find() {
  const state = Reflect.get(new Writable(), '_writableState');
  return Object.getOwnPropertySymbols(state).find(
    ({ description }) => description === 'kOnFinished',
  );
}

const listSymbol = isAtLeast(20)
  ? () => undefined
  : internal(
      'Symbol(kOnFinished)',
      'destroy() may forget the callback of end()',
      find,
    );

/**
 * Lets the callbacks of end() fail in the next tick, if destroy() would forget them.
 *
 * @param {Record<PropertyKey, any>} stream one that is being destroyed
 */
function failEndCallbacks(stream) {
  const kList = listSymbol();
  if (kList === undefined || stream._writableState[kList].length === 0) return;
  process.nextTick(() => {
    const state = stream._writableState;
    // A write that is under way calls them.
    if (state.writing) return;
    const error = state.errored ?? new ERR_STREAM_DESTROYED('end');
    for (const callback of state[kList].splice(0)) callback(error);
  });
}

module.exports = { failEndCallbacks };
