'use strict';

const { loadSockets, net } = require('../net');
const { keepLoaded } = require('../node/loader');
loadSockets();
const { Server, createServer } = require('./server');
const { Stream, createConnection } = require('./stream');

const legacy = {
  Server,
  Socket: Stream,
  Stream,
  connect: createConnection,
  createConnection,
  createServer,
};

/** The keys of net, some of them loaded on first use, with the old API in place. */
module.exports = Object.defineProperties(
  {},
  {
    ...Object.getOwnPropertyDescriptors(net),
    ...Object.getOwnPropertyDescriptors(legacy),
  },
);

keepLoaded();
