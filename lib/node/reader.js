'use strict';

/*
 * http's Agent (of Node 22.23 on) guards a connection that waits for its next
 * request by an `onread` of its own, and puts node's back after it. Both look
 * for what only node's handles have; on a handle of ours, ours act instead.
 */

const { functionOf, internal } = require('./internals');
const nodeNet = require('./net');
const { kOwner } = require('../common/symbols');

const kGuardName = 'freeSocketOnReadGuard';

/** @type {Function | undefined} */
let ownReader;

/** Node's Socket puts its reader on any handle that it is given. */
function findNodeReader() {
  /** @type {any} */
  const handle = {};
  /** @type {any} */
  const options = { handle, manualStart: true };
  void new nodeNet.Socket(options);
  return functionOf(handle.onread);
}

const nodeReader = internal(
  'onStreamRead',
  "a socket that http's Agent kept idle stops reading",
  findNodeReader,
);

/** Whatever comes now would be taken for the answer to the next request. */
function destroyOwner() {
  this[kOwner].destroy();
}

/**
 * Names the `onread` of our sockets, to be used for node's.
 *
 * @param {Function} onread
 */
function setOwnReader(onread) {
  ownReader = onread;
}

/**
 * What to call instead of an `onread` that is not our sockets'.
 *
 * @param {any} handle
 * @returns {any}
 */
function readerOf(handle) {
  const { onread } = handle;
  if (onread?.name === kGuardName) return destroyOwner;
  if (onread !== nodeReader() || ownReader === undefined) return onread;
  handle.onread = ownReader;
  return ownReader;
}

module.exports = { readerOf, setOwnReader };
