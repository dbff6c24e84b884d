'use strict';

const nodeNet = require('./net');

let ownerSymbol;

/** Node's symbol is internal; its Socket puts it on any handle it is given. */
function findOwnerSymbol() {
  const handle = {};
  /** @type {any} */
  const options = { handle, manualStart: true };
  const socket = new nodeNet.Socket(options);
  return Object.getOwnPropertySymbols(handle).find(
    (symbol) => handle[symbol] === socket,
  );
}

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
  ownerSymbol ??= findOwnerSymbol();
  if (ownerSymbol === undefined) return;
  handle[ownerSymbol] = knowsDropping ? server : new DroppingOwner(server);
}

module.exports = { setNodeOwner };
