'use strict';

const nodeNet = require('net');

/**
 * On a Socket or a connect race: the pending timer. Node core refreshes the
 * timers of sockets that a TLSSocket wraps, so the symbol is node's own; it is
 * to be had from a socket of node's only, which takes half a millisecond, and so
 * not from `symbols.js`.
 */
const kTimeout = Object.getOwnPropertySymbols(new nodeNet.Socket()).find(
  ({ description }) => description === 'timeout',
);

module.exports = { kTimeout: kTimeout ?? Symbol('timeout') };
