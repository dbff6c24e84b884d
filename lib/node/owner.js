'use strict';

const { internal } = require('./internals');
const nodeNet = require('./net');

/** Node's Socket puts its symbol on any handle that it is given. */
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

const [major, minor] = process.versions.node.split('.').map(Number);
const knowsDropping = major > 22 || (major === 22 && minor >= 12);

/**
 * A server as cluster asks for it, where cluster does not know
 * `dropMaxConnection`: such a server takes every connection, and drops the one
 * too many by itself.
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
 * Says to node's cluster module whose handle this is: a worker's turns
 * connections away when `maxConnections` of the owner is reached, and closes
 * the owner when the worker disconnects.
 *
 * @param {any} handle that cluster made
 * @param {any} server
 */
function setNodeOwner(handle, server) {
  const symbol = ownerSymbol();
  if (symbol === undefined) return;
  handle[symbol] = knowsDropping ? server : new DroppingOwner(server);
}

module.exports = { setNodeOwner };
