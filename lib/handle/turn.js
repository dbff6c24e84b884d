'use strict';

/*
 * Small writes are sent together at the end of the callback that makes them. What is
 * made elsewhere, such as in a timer, is sent at the end of its turn: by the next tick.
 */

const { native } = require('./native');

// As it is now: a program's fake clock may replace it.
const { nextTick } = process;

const turn = {
  /** True where the end of a callback, or a tick that is asked for, follows. */
  hasEnd: false,
};

function endTurn() {
  turn.hasEnd = false;
  native.endTurn();
}

/**
 * Writes the first bytes of the output slab, now or at the end of the turn.
 *
 * @param {number} key of a handle
 * @param {number} length in bytes
 * @returns {number} how many have left, or wait for that end; or a negative errno
 */
function writeOut(key, length) {
  if (!turn.hasEnd) {
    turn.hasEnd = true;
    nextTick(endTurn);
  }
  return native.writeOut(key, length);
}

module.exports = { turn, writeOut };
