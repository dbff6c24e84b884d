'use strict';

/*
 * Node's own symbols, found on objects of node's. Node core looks for them on
 * sockets and servers of rust-net, too.
 */

const { internal } = require('./internals');
const nodeNet = require('./net');

function symbolOf(create, description, without) {
  const find = internal(`Symbol(${description})`, without, () =>
    Object.getOwnPropertySymbols(create()).find(
      (each) => each.description === description,
    ),
  );
  const stand = Symbol(description);
  return () => find() ?? stand;
}

const asyncIdSymbol = symbolOf(
  () => new nodeNet.Server(),
  'async_id_symbol',
  "node's modules do not see the async id of a socket",
);
const timeoutSymbol = symbolOf(
  () => new nodeNet.Socket(),
  'timeout',
  "traffic over TLS does not refresh the socket's timeout",
);

module.exports = {
  /** On a Socket or Server: the async id of its handle. */
  kAsyncId: asyncIdSymbol(),
  /**
   * On a Socket or a connect race: the pending timer. Node core refreshes the
   * timers of sockets that a TLSSocket wraps. Only a socket of node's has the
   * symbol; making one takes half a millisecond, so `require` makes none.
   */
  get kTimeout() {
    return timeoutSymbol();
  },
};
