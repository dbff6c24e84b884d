'use strict';

/*
 * Descriptors that come over a Unix-domain socket. The native side owns them until
 * the bytes that they came with are delivered. So those of a handle that is closed
 * before that are closed with it.
 */

const { closeDescriptor, native } = require('./native');
const { kKey } = require('./symbols');

/** Stands in a stash before the bytes that descriptors came with. */
const DESCRIPTORS = Symbol('descriptors');

/**
 * Closes descriptors that nobody wants.
 *
 * @param {number[]} fds
 */
function closeAll(fds) {
  for (const fd of fds) closeDescriptor(fd);
}

/**
 * Passes the oldest descriptors to the handle's `ondescriptors`, which owns them from
 * then on. Closes them if there is none.
 *
 * @param {Record<PropertyKey, any>} handle
 */
function emitDescriptors(handle) {
  const fds = native.takeDescriptors(handle[kKey]);
  if (!Array.isArray(fds) || fds.length === 0) return;
  const { ondescriptors } = handle;
  if (typeof ondescriptors !== 'function') closeAll(fds);
  else handle.runInAsyncScope(ondescriptors, handle, fds);
}

/**
 * Returns true when descriptors came with what was just read.
 *
 * @param {Record<PropertyKey, any>} handle
 */
function hasDescriptors(handle) {
  return native.hasDescriptors(handle[kKey]) === 1;
}

module.exports = { DESCRIPTORS, closeAll, emitDescriptors, hasDescriptors };
