'use strict';

/*
 * `process._getActiveHandles` and `process.getActiveResourcesInfo`, by which
 * people find out what keeps a program running: node knows its own handles
 * only.
 */

const { loadOwn } = require('./node/loader');

// Loaded on use: to install this takes nothing of it.
const loadHandle = () => loadOwn(() => require('./handle'));

function describe(handle) {
  const { TCP } = loadHandle();
  if (!(handle instanceof TCP)) return 'PipeWrap';
  return 'onconnection' in handle ? 'TCPServerWrap' : 'TCPSocketWrap';
}

function extend(name, list) {
  const members = /** @type {any} */ (process);
  const original = members[name];
  if (typeof original !== 'function') return;
  const extended = {
    [name]() {
      return original.call(process).concat(list());
    },
  };
  members[name] = extended[name];
}

/** Adds our handles to node's lists. */
function install() {
  // The owner where there is one, as in node.
  extend('_getActiveHandles', () =>
    loadHandle()
      .activeHandles()
      .map((handle) => handle.owner ?? handle),
  );
  extend('getActiveResourcesInfo', () =>
    loadHandle().activeHandles().map(describe),
  );
}

module.exports = { install };
