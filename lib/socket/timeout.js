'use strict';

const { clearTimeout, setTimeout } = require('timers');

const { kHandle } = require('../common/symbols');
const { kTimeout } = require('../node/symbols');
const {
  validateFunction,
  validateTimerDuration,
} = require('../common/validators');

/** On the timer of a socket: another, for what is left of an idle time. */
const kRest = Symbol('rest');

// Bytes that were relayed did not refresh the timer.
function onIdle(socket) {
  const idle = socket[kHandle]?.relayIdle ?? -1;
  if (idle >= 0 && idle < socket.timeout) {
    waitOn(socket, socket.timeout - idle);
    return;
  }
  // Through the method: subclasses and tests replace it.
  socket._onTimeout();
}

// Beside the socket's own timer, which any activity that is seen starts again
// for the whole time.
function waitOn(socket, msecs) {
  socket[kTimeout][kRest] = setTimeout(onIdle, msecs, socket).unref();
}

/**
 * Begins the idle time of a socket anew, if it has one.
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
 * Has 'timeout' told of when nothing has happened for so long, or no longer.
 *
 * @param {any} socket
 * @param {number} msecs zero switches the timeout off
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
 * Stops the idle timers of a socket and of those it is wrapped in.
 *
 * @param {any} socket
 */
function clearTimeouts(socket) {
  // Loosely compared: packages set `_parent` to undefined.
  for (let each = socket; each != null; each = each._parent) {
    clearIdleTimer(each);
  }
}

module.exports = { clearTimeouts, refreshTimeout, setIdleTimeout };
