'use strict';

/*
 * Small writes are sent together at the end of the callback that makes them. What is
 * made elsewhere, such as in a timer, is sent at the end of its turn: by the next tick.
 */

const { native } = require('./native');

// As it is now: a program's fake clock may replace it.
const { nextTick } = process;

const turn = {
  /** True while events are delivered, and while `endTurn` waits for its tick. */
  hasEnd: false,
};

function endTurn() {
  turn.hasEnd = false;
  native.endTurn();
}

/**
 * Makes sure that the turn has an end. Called before a write is prepared: a program's
 * async hooks may run here, and write, too.
 */
function beginTurn() {
  if (turn.hasEnd) return;
  turn.hasEnd = true;
  nextTick(endTurn);
}

module.exports = { beginTurn, turn };
