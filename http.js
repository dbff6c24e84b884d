'use strict';

/*
 * `rust-net/http`: node:http and the built-in fetch on rust-net's sockets.
 */

require('./lib/common/host').expectNode();

const { createServer } = require('./lib/http/create-server');
const { install, uninstall, useNode } = require('./lib/http/install');
const { keepLoaded } = require('./lib/node/loader');

module.exports = { createServer, install, uninstall, useNode };

keepLoaded();
