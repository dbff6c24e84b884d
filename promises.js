'use strict';

/*
 * `rust-net/promises`: node's `net/promises`.
 */

require('./lib/common/host').expectNode();

const { loadOwn } = require('./lib/node/loader');

const { net } = loadOwn(() => require('./lib/net'));

module.exports = net.promises;

// Never called; see index.js.
void function names() {
  exports.BlockList = exports.SocketAddress = undefined;
  exports.connect = exports.listen = undefined;
  exports.isIP = exports.isIPv4 = exports.isIPv6 = undefined;
};
