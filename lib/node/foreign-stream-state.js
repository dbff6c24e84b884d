'use strict';

/*
 * The numbers of a read or write, as handles that are not ours give them: node's
 * own, and those that programs write in JavaScript for node's Socket.
 */

/** @type {Int32Array | undefined} */
let state;

function find() {
  try {
    // Where such handles have it from.
    const { binding } = /** @type {any} */ (process);
    return binding('stream_wrap').streamBaseState;
  } catch {
    // Not allowed: then no handle can have it either.
    return new Int32Array(5);
  }
}

/**
 * @returns {Int32Array} node's, indexed like our own
 */
function foreignStreamState() {
  return (state ??= find());
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
