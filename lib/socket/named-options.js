'use strict';

/*
 * The options by name of a Socket: those of its constructor, and the methods that set
 * and return them.
 */

const { ErrnoException } = require('../common/errors');
const {
  applyOptions,
  isTcp,
  queryOption,
  readNamedOptions,
  validateOption,
  validateOptionName,
} = require('../common/named-options');
const { kNamedOptions } = require('../common/symbols');
const { uv } = require('../handle/native');

const { UV_EBADF, UV_ENOTSUP } = /** @type {Record<string, number>} */ (uv);

/**
 * @typedef {import('../common/named-options').Members} Members
 * @typedef {import('../common/named-options').Value} Value
 */

/**
 * Stores the options of a Socket that a program makes until it is connected. Sets
 * them at once where it has a handle.
 *
 * @param {Members} socket
 * @param {Members} options
 * @throws {Error} for invalid ones
 */
function takeNamedOptions(socket, options) {
  const values = readNamedOptions(options);
  if (values === undefined) return;
  socket[kNamedOptions] = values;
  if (!socket._handle) return;
  const error = applyOptions(socket._handle, values, false);
  // The descriptor is the socket's by now, so this closes it.
  if (error) socket.destroy(error);
}

/**
 * @param {Members | null} handle
 * @param {string} name
 * @param {Value} value
 * @returns {number} 0 or a negative errno
 */
function trySet(handle, name, value) {
  if (!handle) return 0;
  // Beneath TLS, for one, the handle is node's.
  if (typeof handle.setOption !== 'function') return UV_ENOTSUP;
  const isForTcp = name === 'userTimeout';
  return isForTcp && !isTcp(handle) ? 0 : handle.setOption(name, value);
}

/**
 * Sets an option, now or when the socket connects.
 *
 * @param {Members} socket
 * @param {string} name
 * @param {Value} value
 * @param {string} argument the value's name in an error
 * @param {string} method the error's `syscall`
 * @throws {Error} for an invalid value, and the system's
 */
function setNamedOption(socket, name, value, argument, method) {
  validateOption(name, value, argument);
  const status = trySet(socket._handle, name, value);
  // Without a socket the option waits for it.
  if (status && status !== UV_EBADF) throw new ErrnoException(status, method);
  socket[kNamedOptions] ??= new Map();
  socket[kNamedOptions].set(name, value);
}

/**
 * Returns an option as the system has it, or as it was set before there is a socket.
 *
 * @param {Members} socket
 * @param {string} name
 * @param {string} method the error's `syscall`
 * @returns {Value | undefined}
 * @throws {Error} the system's
 */
function getNamedOption(socket, name, method) {
  validateOptionName(name);
  const found = queryOption(socket._handle, name, false);
  if (typeof found === 'object' && found.errno !== UV_EBADF) {
    throw new ErrnoException(found.errno, method);
  }
  if (found !== undefined && typeof found !== 'object') return found;
  return socket[kNamedOptions]?.get(name);
}

module.exports = { getNamedOption, setNamedOption, takeNamedOptions };
