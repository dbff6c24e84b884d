'use strict';

/*
 * Node's own handles on duplicated descriptors, for what node core does with
 * handles in C++. Each duplicate has its own descriptor, so that each side closes
 * only what it opened.
 */

const { ErrnoException } = require('../common/errors');
const { StreamHandle } = require('./handle');
const { closeDescriptor, uv } = require('./native');
const { tcpConstants } = require('./tcp-pipe');
const nodeNet = require('../node/net');
const { serverHandleCreator } = require('../node/server-handle');

const { UV_ENOTSUP } = /** @type {Record<string, number>} */ (uv);

/** @type {any} */
let NodeTcp;

/** The duplicates made by `lastingDuplicate`, by rust-net's handle. */
const lasting = new WeakMap();

function copyDescriptor(handle) {
  // A handle of node's own, for one: its connection was handed to TLS.
  if (!(handle instanceof StreamHandle)) {
    throw new ErrnoException(UV_ENOTSUP, 'dup');
  }
  // Small writes may be held back by coalescing. They must leave before anything
  // is written to the copy. On a listener, flush() fails and does no harm.
  handle.flush();
  const copy = handle.share();
  if (copy < 0) throw new ErrnoException(copy, 'dup');
  return copy;
}

// Does not start reading: the bytes belong to the owner of rust-net's handle.
function openByDescriptor(fd) {
  /** @type {any} */
  const options = { fd, manualStart: true };
  /** @type {any} */
  const { _handle } = new nodeNet.Socket(options);
  return _handle;
}

/** Finds node's internal TCP class, on a handle that node has bound. */
function findNodeTcp() {
  const create = serverHandleCreator();
  if (create === undefined) throw new ErrnoException(UV_ENOTSUP, 'open');
  const handle = create('127.0.0.1', 0, 4);
  if (typeof handle === 'number') throw new ErrnoException(handle, 'bind');
  handle.close();
  return handle.constructor;
}

// On Windows a socket is not a descriptor. Node's Socket takes descriptors only,
// but its handle takes sockets too.
function openBySocket(number) {
  NodeTcp ??= findNodeTcp();
  const handle = new NodeTcp(tcpConstants.SOCKET);
  const status = handle.open(number);
  if (status) throw new ErrnoException(status, 'open');
  return handle;
}

const open = process.platform === 'win32' ? openBySocket : openByDescriptor;

/**
 * Duplicates a handle for node core, for one use. The caller closes the
 * duplicate.
 *
 * @param {any} handle an open handle of rust-net
 * @returns {any} a handle of node's own
 * @throws {Error} when the system refuses to duplicate the descriptor
 */
function createDuplicate(handle) {
  const fd = copyDescriptor(handle);
  try {
    return open(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

// The duplicate closes second: only closing the last descriptor sends the reset.
function closeAlong(handle, verb, duplicate) {
  const original = handle[verb];
  handle[verb] = function (callback) {
    const result = original.call(this, callback);
    duplicate.close();
    return result;
  };
}

/**
 * Returns the duplicate that lasts as long as the handle is open. Several uses
 * share it, and it closes together with the handle.
 *
 * @param {any} handle an open handle of rust-net
 * @returns {any} a handle of node's own
 * @throws {Error} when the system refuses to duplicate the descriptor
 */
function lastingDuplicate(handle) {
  const known = lasting.get(handle);
  if (known !== undefined) return known;
  const duplicate = createDuplicate(handle);
  lasting.set(handle, duplicate);
  closeAlong(handle, 'close', duplicate);
  if (typeof handle.reset === 'function') {
    closeAlong(handle, 'reset', duplicate);
  }
  return duplicate;
}

module.exports = { createDuplicate, lastingDuplicate };
