'use strict';

const { internal } = require('./internals');
const nodeNet = require('./net');
const { isAtLeast } = require('./release');

/** Finds `owner_symbol`, which node's Socket sets on any handle that it gets. */
function findOwnerSymbol() {
  const handle = {};
  /** @type {any} */
  const options = { handle, manualStart: true };
  const socket = new nodeNet.Socket(options);
  return Object.getOwnPropertySymbols(handle).find(
    (symbol) => handle[symbol] === socket,
  );
}

const ownerSymbol = internal(
  'Symbol(owner_symbol)',
  'cluster ignores maxConnections and closes no server on disconnect',
  findOwnerSymbol,
);

const knowsDropMaxConnection = isAtLeast(22, 12);

/**
 * The owner for a cluster module that does not know `dropMaxConnection`. A server
 * with that option must get every connection, because it drops the excess ones
 * itself; so this owner hides `maxConnections`.
 */
class DroppingOwner {
  #server;

  constructor(server) {
    this.#server = server;
  }

  get maxConnections() {
    const { dropMaxConnection, maxConnections } = this.#server;
    return dropMaxConnection ? undefined : maxConnections;
  }

  get _connections() {
    return this.#server._connections;
  }

  close(callback) {
    return this.#server.close(callback);
  }
}

/**
 * Makes a server the owner of its handle for node's cluster module. In a worker,
 * cluster rejects connections at the owner's `maxConnections`, and closes the
 * owner when the worker disconnects.
 *
 * @param {any} handle made by cluster
 * @param {any} server
 */
function setNodeOwner(handle, server) {
  const symbol = ownerSymbol();
  if (symbol === undefined) return;
  handle[symbol] = knowsDropMaxConnection ? server : new DroppingOwner(server);
}

/**
 * Makes a socket the owner of a handle that node has made. Node lists the owner in
 * `process._getActiveHandles()`.
 *
 * @param {Record<symbol, unknown>} handle
 * @param {object} owner
 */
function setOwner(handle, owner) {
  const symbol = ownerSymbol();
  if (symbol !== undefined) handle[symbol] = owner;
}

module.exports = { setNodeOwner, setOwner };
