'use strict';

const { clearTimeout, setTimeout } = require('timers');

const { kTimeout } = require('./symbols');
const { validateFunction, validateTimerDuration } = require('./validators');

function onIdle(socket) {
  // Through the method: subclasses and tests replace it.
  socket._onTimeout();
}

/**
 * `Socket.prototype.setTimeout`. The name is the one that node's function has.
 *
 * @this {any}
 * @param {number} msecs zero switches the timeout off
 * @param {Function} [callback] for the next 'timeout' event
 * @returns {import('net').Socket}
 */
function setStreamTimeout(msecs, callback) {
  if (this.destroyed) return this;

  this.timeout = msecs;
  const duration = validateTimerDuration(msecs, 'msecs');
  clearTimeout(this[kTimeout]);

  if (duration !== 0) {
    // An idle timer alone does not keep the process alive.
    this[kTimeout] = setTimeout(onIdle, duration, this).unref();
  }
  if (callback !== undefined) {
    validateFunction(callback, 'callback');
    if (duration === 0) this.removeListener('timeout', callback);
    else this.once('timeout', callback);
  }
  return this;
}

/**
 * Stops the idle timers of a socket and of those it is wrapped in.
 *
 * @param {any} socket
 */
function clearTimeouts(socket) {
  // Loosely compared: packages set `_parent` to undefined.
  for (let each = socket; each != null; each = each._parent) {
    clearTimeout(each[kTimeout]);
  }
}

module.exports = { clearTimeouts, setStreamTimeout };
