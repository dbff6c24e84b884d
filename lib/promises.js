'use strict';

/*
 * `net.promises` and `rust-net/promises`: promises of the two moments of net that
 * come once, a connection and a listening server.
 */

const { once } = require('events');

const { validateAbortSignal, validateObject } = require('./common/validators');

/** @typedef {Record<string, any>} Members an object by its members' names */

/** What tells `listen` where to listen. */
const kPlaces = ['port', 'path', 'fd', 'handle'];

/**
 * Checks the option `signal`, and throws the reason of one that is aborted.
 *
 * @param {AbortSignal | undefined} signal
 * @returns {{ signal?: AbortSignal }} options for `once`
 */
function waiting(signal) {
  if (signal === undefined) return {};
  validateAbortSignal(signal, 'options.signal');
  signal.throwIfAborted();
  return { signal };
}

/**
 * Fulfills with a socket once it is connected. Rejects with its 'error', or when
 * `signal` is aborted, and then destroys it.
 *
 * @param {Members} net
 * @param {Members} given the options of `net.connect`
 * @returns {Promise<Members>}
 */
async function connectWith(net, given) {
  const options = waiting(given.signal);
  // Without the signal: once it is connected, the socket outlives an abort.
  const socket = net.connect({ ...given, signal: undefined });
  try {
    await once(socket, 'connect', options);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
}

/**
 * Fulfills with a server once it listens. Rejects with its 'error', or when
 * `signal` is aborted, and then closes it.
 *
 * @param {Members} net
 * @param {Members} given the options of `createServer` and of `listen`
 * @returns {Promise<Members>}
 */
async function listenWith(net, given) {
  validateObject(given, 'options');
  const { connectionListener, signal } = given;
  const options = waiting(signal);
  const server = net.createServer(given, connectionListener);
  const hasPlace = kPlaces.some((name) => given[name] !== undefined);
  try {
    // `listen` gets the signal too, and closes the server at any later abort.
    server.listen(hasPlace ? given : { ...given, port: 0 });
    await once(server, 'listening', options);
  } catch (error) {
    if (!signal?.aborted) server.close();
    throw error;
  }
  return server;
}

/**
 * Makes the namespace. It looks everything up in `net` when it is used, so that a
 * program's replacements have effect.
 *
 * @param {Members} net the public object
 * @returns {object}
 */
function promisesOf(net) {
  return {
    async connect(/** @type {unknown[]} */ ...args) {
      return connectWith(net, net._normalizeArgs(args)[0]);
    },
    async listen(options = {}) {
      return listenWith(net, options);
    },
    get isIP() {
      return net.isIP;
    },
    get isIPv4() {
      return net.isIPv4;
    },
    get isIPv6() {
      return net.isIPv6;
    },
    get BlockList() {
      return net.BlockList;
    },
    get SocketAddress() {
      return net.SocketAddress;
    },
  };
}

module.exports = { promisesOf };
