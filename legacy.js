'use strict';

/*
 * `rust-net/legacy`: the API that node 0.1 to 0.4 documented, on the sockets of
 * rust-net. It has `net.Stream` with setSecure(), and `server.listenFD()`.
 */

require('./lib/common/host').expectNode();

module.exports = require('./lib/legacy/net');

// Never called, as in index.js. It gives `import` the names of index.js.
void function names() {
  module.exports = require('./index.js');
};
