'use strict';

/*
 * The numbers of a read or write, as handles that are not ours give them: node's
 * own, and those that programs write in JavaScript for node's Socket.
 */

const { internal } = require('./internals');

/** @type {Int32Array | undefined} */
let state;

const nodeState = internal(
  "process.binding('stream_wrap').streamBaseState",
  'handles written in JavaScript report no byte counts',
  () => {
    // Where such handles have it from. A Node that does not allow it allows no
    // handle to have it either.
    const { binding } = /** @type {any} */ (process);
    return binding('stream_wrap').streamBaseState;
  },
);

/**
 * @returns {Int32Array} node's, indexed like our own
 */
function foreignStreamState() {
  return (state ??= nodeState() ?? new Int32Array(5));
}

/**
 * Has handles that are not ours give their numbers in another array.
 *
 * @param {Int32Array} given
 */
function setForeignStreamState(given) {
  state = given;
}

module.exports = { foreignStreamState, setForeignStreamState };
