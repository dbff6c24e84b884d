'use strict';

/*
 * The limits of a server for each address, which the native side keeps: a connection
 * that is rejected never reaches JavaScript.
 */

const { kHandOver } = require('../common/symbols');
const { validateInt32 } = require('../common/validators');

/** @typedef {Record<PropertyKey, any>} Members an object by its members' names */

/** On a Server: true after `pauseAccepting()`. */
const kPaused = Symbol('kPaused');

const kNames = ['maxConnectionsPerAddress', 'acceptRate'];

/**
 * Throws ERR_INVALID_ARG_TYPE or ERR_OUT_OF_RANGE for a limit that is no integer from 1
 * to 2 ** 31 - 1.
 *
 * @param {Members} options
 * @param {string} owner what errors call it
 */
function validateLimits(options, owner) {
  for (const name of kNames) {
    const limit = options[name];
    if (limit !== undefined) validateInt32(limit, `${owner}.${name}`, 1);
  }
}

/**
 * Takes the limits of a server from its options.
 *
 * @param {Members} server
 * @param {Members} options
 */
function assignLimits(server, options) {
  validateLimits(options, 'options');
  for (const name of kNames) {
    if (options[name] !== undefined) server[name] = options[name];
  }
}

/**
 * Keeps a server's connections from node's TLS: handed over, one would lose what the
 * server knows of it, such as its place in a limit or the client of a proxy.
 *
 * @param {Members} server
 */
function keepFromTls(server) {
  Object.defineProperty(server, kHandOver, { value: false, writable: true });
}

/**
 * Passes a server's limits to its handle, which may be one that has none.
 *
 * @param {Members} server
 */
function applyLimits(server) {
  const { _handle: handle, maxConnectionsPerAddress, acceptRate } = server;
  if (server[kPaused]) handle.setPaused?.(true);
  if (maxConnectionsPerAddress === undefined && acceptRate === undefined) {
    return;
  }
  if (maxConnectionsPerAddress !== undefined) keepFromTls(server);
  handle.setLimits?.(maxConnectionsPerAddress ?? 0, acceptRate ?? 0);
}

/**
 * Leaves new connections in the kernel, or accepts them again.
 *
 * @param {Members} server
 * @param {boolean} isPaused
 */
function setPaused(server, isPaused) {
  Object.defineProperty(server, kPaused, {
    value: isPaused,
    configurable: true,
  });
  server._handle?.setPaused?.(isPaused);
}

module.exports = {
  applyLimits,
  assignLimits,
  keepFromTls,
  setPaused,
  validateLimits,
};
