'use strict';

/*
 * All that sockets and servers work with and `require('rust-net')` can do
 * without. One whole: once there was a first socket or server nothing is left to
 * be read, for which there may be no descriptor or no right later on.
 */

const { netClientSocketChannel } = require('./channels');
const { connectPath, connectSocket } = require('./connect');
const { sendChunk } = require('./fast-path');
const {
  Pipe,
  ShutdownWrap,
  TCP,
  pipeConstants,
  tcpConstants,
  uv,
} = require('./handle');
const { watchChildren } = require('./ipc-bridge');
const { listen } = require('./listen');
const relay = require('./relay');
const { setupListenHandle } = require('./server-handle');
const { Socket } = require('./socket');
const handles = require('./socket-handle');
const options = require('./socket-options');
const setup = require('./socket-setup');
const timeouts = require('./socket-timeout');
const { addConnection, keepCounts, startCounting } = require('./stats');
const { stopReading, writeChunk, writeChunks } = require('./stream-base');
const tlsBridge = require('./tls-bridge');
const { tickTriggeredBy } = require('./trigger');

relay.bypass(Socket.prototype);
watchChildren();

module.exports = {
  Pipe,
  ShutdownWrap,
  TCP,
  addConnection,
  connectPath,
  connectSocket,
  handles,
  keepCounts,
  listen,
  netClientSocketChannel,
  options,
  pipeConstants,
  sendChunk,
  setup,
  setupListenHandle,
  startCounting,
  stopReading,
  tcpConstants,
  tickTriggeredBy,
  timeouts,
  tlsBridge,
  uv,
  writeChunk,
  writeChunks,
};
