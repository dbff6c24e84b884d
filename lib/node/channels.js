'use strict';

const { channel, tracingChannel } = require('diagnostics_channel');

/*
 * The diagnostics channels of node:net. Channels are known by their names, so
 * a program that listens to node's hears us.
 */

module.exports = {
  netClientSocketChannel: channel('net.client.socket'),
  netServerSocketChannel: channel('net.server.socket'),
  netServerListen: tracingChannel('net.server.listen'),
};
