'use strict';

/*
 * Gives packages rust-net where they ask for node's net: a hook on
 * `require('net')`, for code under one folder. Node's own modules are not
 * affected. Also counts whose sockets were opened, without which a test of a
 * package would pass on node:net.
 */

const diagnostics = require('node:diagnostics_channel');
const Module = require('node:module');
const nodeNet = require('node:net');
const rustNet = require('../..');
const { TCP } = require('../../handles').tcp_wrap;
const { Pipe } = require('../../handles').pipe_wrap;

/** Sockets of rust-net; those that lay on handles of its own; node's sockets. */
const opened = { clients: 0, accepted: 0, native: 0, foreign: 0 };
const uncounted = new WeakSet();

function isOurs(socket) {
  // Not instanceof: rust-net's Socket says yes to node's own too.
  return Object.getPrototypeOf(socket) === rustNet.Socket.prototype;
}

function countHandle(socket) {
  if (socket._handle instanceof TCP || socket._handle instanceof Pipe) {
    opened.native++;
  }
}

diagnostics.subscribe('net.client.socket', (message) => {
  const { socket } = /** @type {any} */ (message);
  if (uncounted.has(socket)) return;
  if (!isOurs(socket)) {
    opened.foreign++;
    return;
  }
  opened.clients++;
  socket.prependOnceListener('connect', () => countHandle(socket));
});

diagnostics.subscribe('net.server.socket', (message) => {
  const { socket } = /** @type {any} */ (message);
  if (!isOurs(socket)) {
    opened.foreign++;
    return;
  }
  opened.accepted++;
  countHandle(socket);
});

/**
 * Swaps net for all code below `folder` that is loaded from now on.
 *
 * @param {string} folder
 */
function swap(folder) {
  const loader = /** @type {any} */ (Module);
  const load = loader._load;
  loader._load = function (request, parent, ...rest) {
    const isNet = request === 'net' || request === 'node:net';
    if (isNet && parent?.filename?.startsWith(folder)) return rustNet;
    return load.call(this, request, parent, ...rest);
  };
}

/** @returns {any} a socket of node's for purposes of our own: not counted */
function probeSocket() {
  const socket = new nodeNet.Socket();
  uncounted.add(socket);
  return socket;
}

module.exports = { opened, swap, probeSocket, nodeNet, rustNet };
