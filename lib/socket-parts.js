'use strict';

/*
 * All that a Socket works with and `require('rust-net')` can do without.
 */

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
const relay = require('./relay');
const handles = require('./socket-handle');
const setup = require('./socket-setup');
const { addConnection } = require('./stats');
const { stopReading, writeChunk, writeChunks } = require('./stream-base');
const tlsBridge = require('./tls-bridge');

watchChildren();

module.exports = {
  Pipe,
  ShutdownWrap,
  TCP,
  addConnection,
  connectPath,
  connectSocket,
  handles,
  pipeConstants,
  relay,
  sendChunk,
  setup,
  stopReading,
  tcpConstants,
  tlsBridge,
  uv,
  writeChunk,
  writeChunks,
};
