'use strict';

/*
 * Adds rust-net's handles to `process._getActiveHandles` and
 * `process.getActiveResourcesInfo`, which show what keeps a program running. Node
 * lists only its own handles there.
 */

const { functionOf, internal } = require('./internals');

/** @type {() => any[]} lists nothing until `setList` */
let list = () => [];
let isInstalled = false;

/** Returns the name under which node lists such a handle. */
function describe(handle) {
  if ('getpeername' in handle) {
    return 'onconnection' in handle ? 'TCPServerWrap' : 'TCPSocketWrap';
  }
  return 'PipeWrap';
}

const members = /** @type {any} */ (process);

function listOf(name) {
  return internal(`process.${name}`, 'it lists no rust-net sockets', () =>
    functionOf(members[name]),
  );
}

const originals = {
  _getActiveHandles: listOf('_getActiveHandles'),
  getActiveResourcesInfo: listOf('getActiveResourcesInfo'),
};

/**
 * Returns the handles that node itself calls active.
 *
 * @returns {unknown[]} none where this Node has no such list
 */
function listNodeHandles() {
  return originals._getActiveHandles()?.call(process) ?? [];
}

function extend(name, more) {
  const original = originals[name]();
  if (original === undefined) return;
  const extended = {
    [name]() {
      return original.call(process).concat(more());
    },
  };
  members[name] = extended[name];
}

/**
 * Sets the function that lists rust-net's active handles.
 *
 * @param {() => any[]} listActive
 */
function setList(listActive) {
  list = listActive;
}

/** Adds rust-net's handles to node's lists. A second call does nothing. */
function install() {
  if (isInstalled) return;
  isInstalled = true;
  // Lists a handle's owner if it has one, as node does.
  extend('_getActiveHandles', () => list().map((each) => each.owner ?? each));
  extend('getActiveResourcesInfo', () => list().map(describe));
}

module.exports = { install, listNodeHandles, setList };
