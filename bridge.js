'use strict';

/*
 * `rust-net/bridge`: a connection moves between a socket of rust-net's and one
 * of node's, and a socket or server from one thread to another.
 */

const { keepLoaded } = require('./lib/node/loader');

module.exports = { ...require('./lib/exchange'), ...require('./lib/transfer') };

keepLoaded();
