'use strict';

const { isOwnInstance } = require('../node/instance-of');
const current = require('../server/server');
const { kConnectionClass } = require('../common/symbols');
const { Stream } = require('./stream');

/**
 * Makes a server whose connections are legacy Streams; works without `new`.
 *
 * @this {any}
 * @param {any} [options] those of net.Server, or the listener
 * @param {Function} [listener] for 'connection'
 * @returns {any}
 */
function Server(options, listener) {
  if (!(this instanceof Server)) return new Server(options, listener);
  const isListener = typeof options === 'function';
  const given = isListener ? undefined : options;
  current.Server.call(
    this,
    { allowHalfOpen: true, ...given },
    isListener ? options : listener,
  );
}
Object.setPrototypeOf(Server.prototype, current.Server.prototype);
Object.setPrototypeOf(Server, current.Server);

Server.prototype[kConnectionClass] = Stream;

/** @this {any} */
Server.prototype.emit = function (event, ...args) {
  const result = current.Server.prototype.emit.call(this, event, ...args);
  // In node 0.4 an accepted stream emitted 'connect' after 'connection'.
  /** @type {any} */
  const stream = event === 'connection' ? args[0] : undefined;
  if (isOwnInstance(Stream, stream) && !stream.destroyed) {
    stream.emit('connect');
  }
  return result;
};

/**
 * Listens on a descriptor that is already bound.
 *
 * @this {any}
 * @param {number} fd
 * @returns {any}
 */
Server.prototype.listenFD = function (fd) {
  return this.listen({ fd });
};

/**
 * Returns how many connections are open; null when child processes share the
 * server.
 *
 * @this {any}
 */
function connections() {
  return this._usingWorkers ? null : this._connections;
}

Object.defineProperty(Server.prototype, 'connections', {
  get: connections,
  configurable: true,
  enumerable: true,
});

/**
 * Makes a legacy Server.
 *
 * @param {object | Function} [options] those of net.Server, or the listener
 * @param {Function} [listener] for 'connection'
 * @returns {any} the Server
 */
function createServer(options, listener) {
  return new Server(options, listener);
}

module.exports = { Server, createServer };
