'use strict';

/*
 * The methods of a Socket that node does not have: what the system has set, measures
 * and knows of a connection.
 */

const { getNamedOption, setNamedOption } = require('./named-options');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 */

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
};

module.exports = { systemMethods };
