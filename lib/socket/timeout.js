'use strict';

const { clearTimeout, setTimeout } = require('timers');

const { kHandle } = require('../common/symbols');
const { kTimeout } = require('../node/symbols');
const {
  validateFunction,
  validateTimerDuration,
} = require('../common/validators');

/** On a socket's timer: a second timer for the rest of the idle time. */
const kRest = Symbol('rest');

// Relayed bytes do not refresh the timer, so it may fire too early. Then a second
// timer waits for the rest.
function onIdle(socket) {
  const idle = socket[kHandle]?.relayIdle ?? -1;
  if (idle >= 0 && idle < socket.timeout) {
    waitForRest(socket, socket.timeout - idle);
    return;
  }
  // Calls the method, because subclasses and tests replace it.
  socket._onTimeout();
}

// Starts the second timer. The socket's own timer stays, so that other activity
// can restart it for the whole time.
function waitForRest(socket, msecs) {
  socket[kTimeout][kRest] = setTimeout(onIdle, msecs, socket).unref();
}

/**
 * Restarts the idle timeout of a socket, if it has one.
 *
 * @param {any} socket
 */
function refreshTimeout(socket) {
  const timer = socket[kTimeout];
  if (!timer) return;
  timer.refresh();
  if (timer[kRest] !== undefined) clearRest(timer);
}

function clearRest(timer) {
  clearTimeout(timer[kRest]);
  timer[kRest] = undefined;
}

function clearIdleTimer(socket) {
  const timer = socket[kTimeout];
  if (timer?.[kRest] !== undefined) clearRest(timer);
  clearTimeout(timer);
}

/**
 * Sets or clears the idle timeout. Throws ERR_INVALID_ARG_TYPE or
 * ERR_OUT_OF_RANGE unless `msecs` is a non-negative number.
 *
 * @param {any} socket
 * @param {number} msecs 0 switches the timeout off
 * @param {Function} [callback] for the next 'timeout' event
 */
function setIdleTimeout(socket, msecs, callback) {
  if (socket.destroyed) return;

  socket.timeout = msecs;
  const duration = validateTimerDuration(msecs, 'msecs');
  clearIdleTimer(socket);

  if (duration !== 0) {
    // An idle timer alone does not keep the process alive.
    socket[kTimeout] = setTimeout(onIdle, duration, socket).unref();
  }
  if (callback !== undefined) {
    validateFunction(callback, 'callback');
    if (duration === 0) socket.removeListener('timeout', callback);
    else socket.once('timeout', callback);
  }
}

/**
 * Stops the idle timers of a socket and of its parents.
 *
 * @param {any} socket
 */
function clearTimeouts(socket) {
  // A loose comparison, because packages set `_parent` to undefined.
  for (let each = socket; each != null; each = each._parent) {
    clearIdleTimer(each);
  }
}

module.exports = { clearTimeouts, refreshTimeout, setIdleTimeout };
