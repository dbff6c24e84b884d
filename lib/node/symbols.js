'use strict';

/*
 * Node's own symbols, found on objects of node's. Node core looks for them on
 * sockets and servers of rust-net, too.
 */

const nodeNet = require('./net');

/** Returns node's symbol, or one of the same description where it is not found. */
function findSymbol(object, description) {
  const symbols = Object.getOwnPropertySymbols(object);
  const found = symbols.find((each) => each.description === description);
  return found ?? Symbol(description);
}

let timeoutSymbol;

module.exports = {
  /** On a Socket or Server: the async id of its handle. */
  kAsyncId: findSymbol(new nodeNet.Server(), 'async_id_symbol'),
  /**
   * On a Socket or a connect race: the pending timer. Node core refreshes the
   * timers of sockets that a TLSSocket wraps. Only a socket of node's has the
   * symbol; making one takes half a millisecond, so `require` makes none.
   */
  get kTimeout() {
    return (timeoutSymbol ??= findSymbol(new nodeNet.Socket(), 'timeout'));
  },
};
