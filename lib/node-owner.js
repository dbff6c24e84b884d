'use strict';

const nodeNet = require('net');

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
  if (ownerSymbol !== undefined) handle[ownerSymbol] = server;
}

module.exports = { setNodeOwner };
