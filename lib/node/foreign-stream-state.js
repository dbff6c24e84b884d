'use strict';

/*
 * Where handles that are not rust-net's report the numbers of a read or write:
 * node's own handles, and those that programs write in JavaScript.
 */

const { internal } = require('./internals');

/** @type {Int32Array | undefined} */
let state;

const nodeState = internal(
  "process.binding('stream_wrap').streamBaseState",
  'handles written in JavaScript report no byte counts',
  () => {
    // Such handles get the array from here too. Where this Node forbids it, they
    // cannot have it either.
    const { binding } = /** @type {any} */ (process);
    return binding('stream_wrap').streamBaseState;
  },
);

/**
 * Returns the array of foreign handles.
 *
 * @returns {Int32Array} node's, indexed like `streamBaseState`
 */
function foreignStreamState() {
  return (state ??= nodeState() ?? new Int32Array(5));
}

/**
 * Sets the array in which foreign handles report their numbers.
 *
 * @param {Int32Array} given
 */
function setForeignStreamState(given) {
  state = given;
}

module.exports = { foreignStreamState, setForeignStreamState };
