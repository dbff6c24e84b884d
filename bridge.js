'use strict';

/*
 * `rust-net/bridge`: moves a connection between a socket of rust-net and one of
 * node:net, and a socket or server from one thread to another.
 */

require('./lib/common/host').expectNode();

const { loadSockets } = require('./lib/net');
const { keepLoaded } = require('./lib/node/loader');

loadSockets();
module.exports = {
  ...require('./lib/bridge/exchange'),
  ...require('./lib/bridge/transfer'),
};

keepLoaded();
