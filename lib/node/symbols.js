'use strict';

/*
 * Node's own symbols, found on objects of node:net. Node core also looks for them
 * on sockets and servers of rust-net.
 */

const { internal } = require('./internals');
const nodeNet = require('./net');

function symbolOf(create, description, without) {
  const find = internal(`Symbol(${description})`, without, () =>
    Object.getOwnPropertySymbols(create()).find(
      (each) => each.description === description,
    ),
  );
  const fallback = Symbol(description);
  return () => find() ?? fallback;
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
   * timers of sockets that a TLSSocket wraps. The symbol is read off a socket of
   * node:net on first use, because making that socket takes 0.5 ms.
   */
  get kTimeout() {
    return timeoutSymbol();
  },
};
