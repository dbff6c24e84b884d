'use strict';

const { channel, tracingChannel } = require('diagnostics_channel');

/*
 * The diagnostics channels of node:net. Node finds channels by name, so
 * subscribers of node:net also get rust-net's messages.
 */

module.exports = {
  netClientSocketChannel: channel('net.client.socket'),
  netServerSocketChannel: channel('net.server.socket'),
  netServerListen: tracingChannel('net.server.listen'),
};
