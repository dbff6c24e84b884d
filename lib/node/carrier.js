'use strict';

const nodeNet = require('./net');

/**
 * @typedef {{ _write: Function, _writev: Function, _final: Function }} Carrier
 */

/** @type {WeakMap<object, Carrier>} */
const carriers = new WeakMap();

/**
 * Returns a socket of node's on one of node's handles, for its methods that write:
 * how requests are passed to such a handle differs by Node release.
 *
 * @param {{ onread: unknown }} handle
 * @returns {Carrier}
 */
function carrierOf(handle) {
  const known = carriers.get(handle);
  if (known !== undefined) return known;
  const { onread } = handle;
  const carrier = Reflect.construct(nodeNet.Socket, [
    { handle, manualStart: true },
  ]);
  // The constructor sets node's own.
  handle.onread = onread;
  carriers.set(handle, carrier);
  return carrier;
}

module.exports = { carrierOf };
