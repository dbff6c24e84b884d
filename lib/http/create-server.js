'use strict';

/*
 * Servers of node:http with the options of rust-net's servers.
 */

const { loadHttp, loadSockets } = require('./load');
const { codes } = require('../common/errors');
const counts = require('../stats/http-counts');

const { ERR_INVALID_STATE } = codes;

/**
 * Makes a server as `http.createServer` does, which also takes rust-net's options of
 * `net.createServer`; node's own constructor passes on only those that it knows.
 *
 * @param {object} [options] those of node and of rust-net, or the listener
 * @param {Function} [listener] of 'request'
 * @returns {import('node:http').Server}
 * @throws {Error} ERR_INVALID_STATE where node:http is on node's sockets
 */
function createServer(options, listener) {
  if (!counts.isInstalled) {
    throw new ERR_INVALID_STATE('rust-net/http is not installed');
  }
  // Whatever it is given, node checks.
  /** @type {Record<PropertyKey, any>} */
  const http = loadHttp();
  const server = http.createServer(options, listener);
  if (options !== null && typeof options === 'object') {
    loadSockets().assignOwnOptions(server, { ...options });
  }
  return server;
}

module.exports = { createServer };
