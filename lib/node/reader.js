'use strict';

/*
 * Replaces two `onread` functions of node on rust-net's handles. From Node 22.23
 * on, http's Agent guards an idle connection with an `onread` of its own, and
 * later sets node's. Both read fields that only node's handles have.
 */

const { functionOf, internal } = require('./internals');
const nodeNet = require('./net');
const { kOwner } = require('../common/symbols');

const kGuardName = 'freeSocketOnReadGuard';

/** @type {Function | undefined} */
let ownReader;

/** Finds node's `onread`, which node's Socket sets on any handle that it gets. */
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

/**
 * Destroys the socket, in place of the Agent's guard. Bytes that arrive on an idle
 * connection would be taken for the answer to the next request.
 */
function destroyOwner() {
  this[kOwner].destroy();
}

/**
 * Sets the `onread` of rust-net's sockets, which replaces node's.
 *
 * @param {Function} onread
 */
function setOwnReader(onread) {
  ownReader = onread;
}

/**
 * Returns what to call in place of an `onread` that is not rust-net's own.
 *
 * @param {any} handle
 * @returns {any} the handle's `onread`, unless it is node's
 */
function readerOf(handle) {
  const { onread } = handle;
  if (onread?.name === kGuardName) return destroyOwner;
  if (onread !== nodeReader() || ownReader === undefined) return onread;
  handle.onread = ownReader;
  return ownReader;
}

module.exports = { readerOf, setOwnReader };
