'use strict';

/*
 * Everything of rust-net's that is open in this thread, for `getStats` and people who
 * look for what keeps a process running.
 */

const { kOwner } = require('../common/symbols');
const { openHandles } = require('../handle/dispatch');

/**
 * @typedef {Record<PropertyKey, unknown> & { hasRef: () => boolean,
 *   [kOwner]?: { _pipeName?: string, _connections?: number, connecting?: boolean } }} OpenHandle
 */

/**
 * Returns what a handle's verb says of an address.
 *
 * @param {OpenHandle} handle
 * @param {'getsockname' | 'getpeername'} verb
 * @returns {object | undefined} undefined where it says nothing
 */
function addressBy(handle, verb) {
  const found = {};
  const ask = handle[verb];
  if (typeof ask !== 'function') return undefined;
  return Reflect.apply(ask, handle, [found]) === 0 ? found : undefined;
}

/**
 * True for a handle with a callback for connections.
 *
 * @param {OpenHandle} handle
 */
const isServer = (handle) => typeof handle.onconnection === 'function';

/** @param {OpenHandle} handle */
function describeServer(handle) {
  const owner = handle[kOwner];
  return {
    type: 'server',
    local: addressBy(handle, 'getsockname'),
    path: owner?._pipeName ?? undefined,
    connections: owner?._connections ?? 0,
    referenced: handle.hasRef(),
  };
}

/** @param {OpenHandle} handle */
function describeSocket(handle) {
  return {
    type: 'socket',
    local: addressBy(handle, 'getsockname'),
    remote: addressBy(handle, 'getpeername'),
    connecting: Boolean(handle[kOwner]?.connecting),
    bytesRead: handle.bytesRead,
    bytesWritten: handle.bytesWritten,
    queued: handle.writeQueueSize,
    referenced: handle.hasRef(),
  };
}

/**
 * Lists what is open in this thread, in the order in which it was opened.
 *
 * @returns {object[]} see docs/api.md
 */
function listOpen() {
  return openHandles().map((handle) =>
    isServer(handle) ? describeServer(handle) : describeSocket(handle),
  );
}

module.exports = { listOpen };
