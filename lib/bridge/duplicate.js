'use strict';

/*
 * Node-native handles on descriptors of ours, for what node core does with
 * handles in C++. A twin has a descriptor of its own, so that each side closes
 * what it opened and no other.
 */

const { ErrnoException } = require('../common/errors');
const { tcpConstants } = require('../handle/tcp-pipe');
const { closeDescriptor } = require('../handle/native');
const nodeNet = require('../node/net');

/** @type {any} */
let NodeTcp;

/** Twins of handles that stay in use, by handle. */
const lasting = new WeakMap();

function copyDescriptor(handle) {
  // Small writes may have been deferred: they leave before anything that is
  // written to the copy. A listener has none, and refuses.
  handle.flush?.();
  const copy = handle.share();
  if (copy < 0) throw new ErrnoException(copy, 'dup');
  return copy;
}

// Not read from: what it would read belongs to our handle's owner.
function openByDescriptor(fd) {
  /** @type {any} */
  const options = { fd, manualStart: true };
  /** @type {any} */
  const { _handle } = new nodeNet.Socket(options);
  return _handle;
}

/** Node's class is internal; on what it has bound it is to be seen. */
function findNodeTcp() {
  const net = /** @type {any} */ (nodeNet);
  const handle = net._createServerHandle('127.0.0.1', 0, 4);
  if (typeof handle === 'number') throw new ErrnoException(handle, 'bind');
  handle.close();
  return handle.constructor;
}

// On Windows a socket is no descriptor, which is all that node's Socket takes;
// its handle takes both.
function openBySocket(number) {
  NodeTcp ??= findNodeTcp();
  const handle = new NodeTcp(tcpConstants.SOCKET);
  const status = handle.open(number);
  if (status) throw new ErrnoException(status, 'open');
  return handle;
}

const open = process.platform === 'win32' ? openBySocket : openByDescriptor;

/**
 * A node-native handle in place of ours, for one use. The caller closes it.
 *
 * @param {any} handle an open one of ours
 * @returns {any}
 */
function createTwin(handle) {
  const fd = copyDescriptor(handle);
  try {
    return open(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

// After ours: the last descriptor to be closed is the one that resets.
function closeAlong(handle, verb, twin) {
  const original = handle[verb];
  handle[verb] = function (callback) {
    const result = original.call(this, callback);
    twin.close();
    return result;
  };
}

/**
 * The node-native handle that stands for ours as long as ours is open: several
 * uses share it, and none needs to know when it ends.
 *
 * @param {any} handle an open one of ours
 * @returns {any}
 */
function lastingTwin(handle) {
  const known = lasting.get(handle);
  if (known !== undefined) return known;
  const twin = createTwin(handle);
  lasting.set(handle, twin);
  closeAlong(handle, 'close', twin);
  if (typeof handle.reset === 'function') closeAlong(handle, 'reset', twin);
  return twin;
}

module.exports = { createTwin, lastingTwin };
