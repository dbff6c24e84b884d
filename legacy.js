'use strict';

/*
 * The API of the earliest documentation, node 0.1 to 0.4: `net.Stream` with
 * setSecure(), `server.listenFD()` and the rest, on the sockets of rust-net.
 */

module.exports = require('./lib/legacy/net');

// Never called, as in index.js: the names for `import` are those of net.
void function names() {
  module.exports = require('./index.js');
};
