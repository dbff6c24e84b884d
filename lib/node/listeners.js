'use strict';

const { EventEmitter } = require('events');

const { internal } = require('./internals');

const events = internal(
  'EventEmitter._events',
  'pipe() is never relayed',
  () => {
    const emitter = /** @type {any} */ (new EventEmitter());
    const listener = () => {};
    emitter.on('data', listener);
    return emitter._events?.data === listener ? true : undefined;
  },
);

const knowsEvents = events() === true;

/**
 * Returns the listeners of an emitter by event: a function where there is one, an
 * array where there are several.
 *
 * @param {any} emitter
 * @returns {any} must not be changed; null where this Node does not expose it
 */
function listenersOf(emitter) {
  return knowsEvents ? emitter._events : null;
}

module.exports = { listenersOf };
