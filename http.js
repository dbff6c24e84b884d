'use strict';

/*
 * `rust-net/http`: node:http and the built-in fetch on rust-net's sockets.
 */

require('./lib/common/host').expectNode();

const { install, uninstall, useNode } = require('./lib/http/install');
const { keepLoaded } = require('./lib/node/loader');

module.exports = { install, uninstall, useNode };

keepLoaded();
