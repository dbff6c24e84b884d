'use strict';

/*
 * `rust-net/bridge`: a connection moves between a socket of rust-net's and one
 * of node's, and a socket or server from one thread to another.
 */

const { loadSockets } = require('./lib/net');
const { keepLoaded } = require('./lib/node/loader');

loadSockets();
module.exports = {
  ...require('./lib/bridge/exchange'),
  ...require('./lib/bridge/transfer'),
};

keepLoaded();
