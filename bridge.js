'use strict';

/*
 * `rust-net/bridge`: a connection moves between a socket of rust-net's and one
 * of node's.
 */

module.exports = require('./lib/exchange');
