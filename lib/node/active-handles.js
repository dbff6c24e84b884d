'use strict';

/*
 * `process._getActiveHandles` and `process.getActiveResourcesInfo`, by which
 * people find out what keeps a program running: node knows its own handles only.
 */

const { functionOf, internal } = require('./internals');

/** @type {() => any[]} nothing until the first handle can be made */
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
 * Names the function that lists our active handles.
 *
 * @param {() => any[]} listActive
 */
function setList(listActive) {
  list = listActive;
}

/** Adds our handles to node's lists. A second call does nothing. */
function install() {
  if (isInstalled) return;
  isInstalled = true;
  // The owner where there is one, as in node.
  extend('_getActiveHandles', () => list().map((each) => each.owner ?? each));
  extend('getActiveResourcesInfo', () => list().map(describe));
}

module.exports = { install, setList };
