'use strict';

/*
 * The server of ws and mqtt, in its own process on node:net: `peer.js KIND`.
 */

const { createRequire } = require('node:module');
const net = require('node:net');
const path = require('node:path');

const { control } = require('../control');

const load = createRequire(
  path.join(__dirname, '../../../.cache/compat/package.json'),
);

const peers = {
  async ws() {
    const { WebSocketServer } = load('ws');
    const server = new WebSocketServer({
      port: 0,
      host: '127.0.0.1',
      perMessageDeflate: false,
    });
    server.on('connection', (peer) => {
      peer.on('message', (data, binary) => peer.send(data, { binary }));
    });
    await new Promise((resolve) => server.once('listening', resolve));
    return server.address();
  },

  async aedes() {
    const { Aedes } = load('aedes');
    const broker = await Aedes.createBroker();
    const server = net.createServer((socket) => broker.handle(socket));
    await new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve(undefined));
    });
    return server.address();
  },
};

peers[process.argv[2]]().then(({ port }) => control({ port }));
