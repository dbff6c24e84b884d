'use strict';

/*
 * The methods of a Socket that node does not have: what the system has set, measures
 * and knows of a connection.
 */

const { ErrnoException } = require('../common/errors');
const { uv } = require('../handle/native');
const { getNamedOption, setNamedOption } = require('./named-options');

const { UV_ENOTCONN, UV_ENOTSUP } = /** @type {Record<string, number>} */ (uv);

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 */

/** The kernel's names of the states of TCP, by number. */
const states = [
  undefined,
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];
const kClosed = states.indexOf('CLOSE');

/**
 * Asks the handle of a connected socket.
 *
 * @param {Members} socket
 * @param {string} verb
 * @param {string} method the error's `syscall`
 * @returns {Record<string, number>}
 * @throws {Error} ENOTCONN unless the socket is connected, ENOTSUP where the handle or
 *   the platform cannot answer, and the system's
 */
function query(socket, verb, method) {
  const handle = socket._handle;
  if (!handle || socket.connecting) {
    throw new ErrnoException(UV_ENOTCONN, method);
  }
  const found = handle[verb]?.() ?? UV_ENOTSUP;
  if (typeof found === 'number') throw new ErrnoException(found, method);
  return found;
}

const systemMethods = {
  /**
   * Limits how long sent data may stay unacknowledged.
   *
   * @this {Members}
   * @param {number} msecs 0 is the system's default
   */
  setUserTimeout(msecs) {
    setNamedOption(this, 'userTimeout', msecs, 'msecs', 'setUserTimeout');
    return this;
  },

  /**
   * Returns what `setUserTimeout` sets, in milliseconds.
   *
   * @this {Members}
   */
  getUserTimeout() {
    return getNamedOption(this, 'userTimeout', 'getUserTimeout') ?? 0;
  },

  /**
   * Sets the size of the system's buffer for what is sent.
   *
   * @this {Members}
   * @param {number} size in bytes
   */
  setSendBufferSize(size) {
    setNamedOption(this, 'sendBufferSize', size, 'size', 'setSendBufferSize');
    return this;
  },

  /**
   * Returns the size of the system's buffer for what is sent.
   *
   * @this {Members}
   */
  getSendBufferSize() {
    return getNamedOption(this, 'sendBufferSize', 'getSendBufferSize');
  },

  /**
   * Sets the size of the system's buffer for what is received.
   *
   * @this {Members}
   * @param {number} size in bytes
   */
  setRecvBufferSize(size) {
    setNamedOption(this, 'recvBufferSize', size, 'size', 'setRecvBufferSize');
    return this;
  },

  /**
   * Returns the size of the system's buffer for what is received.
   *
   * @this {Members}
   */
  getRecvBufferSize() {
    return getNamedOption(this, 'recvBufferSize', 'getRecvBufferSize');
  },

  /**
   * Returns a socket option by its name in the options of the constructor.
   *
   * @this {Members}
   * @param {string} name
   */
  getSocketOption(name) {
    return getNamedOption(this, name, 'getSocketOption');
  },

  /**
   * Returns what the system measures about a TCP connection.
   *
   * @this {Members}
   */
  getTcpInfo() {
    const { state, ...values } = query(this, 'getTcpInfo', 'getTcpInfo');
    if (state === kClosed) throw new ErrnoException(UV_ENOTCONN, 'getTcpInfo');
    return { state: states[state], ...values };
  },

  /**
   * Returns the process at the other end of a Unix-domain socket.
   *
   * @this {Members}
   */
  peerCredentials() {
    return query(this, 'getPeerCredentials', 'peerCredentials');
  },
};

module.exports = { systemMethods };
