'use strict';

const { codes } = require('../common/errors');

const { ERR_INVALID_ARG_TYPE } = codes;

const AsyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}).prototype,
);

/**
 * @typedef {import('../../index').Socket} Socket
 * @typedef {(value: object) => void} Settle
 */

/** @param {Socket} value */
const yielded = (value) => ({ value, done: false });
const finished = () => ({ value: undefined, done: true });

/**
 * Iterates over the connections of a server, as an iterator of `events.on` would.
 * What nobody has asked for yet waits, without a bound. The server goes on when
 * the loop ends.
 */
class Connections {
  #server;
  /**
   * Sockets that nobody has asked for.
   *
   * @type {Socket[]}
   */
  #sockets = [];
  /**
   * Calls of `next` that wait for a socket.
   *
   * @type {Array<{ resolve: Settle, reject: Settle }>}
   */
  #waiting = [];
  /** @type {Error | undefined} */
  #error = undefined;
  #hasEnded = false;
  #listeners;

  /** @param {import('events').EventEmitter} server */
  constructor(server) {
    this.#server = server;
    this.#listeners = {
      connection: (/** @type {Socket} */ socket) => this.#add(socket),
      error: (/** @type {Error} */ error) => this.#fail(error),
      close: () => this.#end(),
    };
    for (const [name, listener] of Object.entries(this.#listeners)) {
      server.on(name, listener);
    }
  }

  next() {
    const socket = this.#sockets.shift();
    if (socket !== undefined) return Promise.resolve(yielded(socket));
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      return Promise.reject(error);
    }
    if (this.#hasEnded) return Promise.resolve(finished());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  return() {
    this.#end();
    return Promise.resolve(finished());
  }

  /** @param {Error} error */
  throw(error) {
    if (!(error instanceof Error)) {
      throw new ERR_INVALID_ARG_TYPE(
        'EventEmitter.AsyncIterator',
        'Error',
        error,
      );
    }
    this.#fail(error);
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @param {Socket} socket */
  #add(socket) {
    const first = this.#waiting.shift();
    if (first === undefined) this.#sockets.push(socket);
    else first.resolve(yielded(socket));
  }

  /** @param {Error} error */
  #fail(error) {
    const first = this.#waiting.shift();
    if (first === undefined) this.#error = error;
    else first.reject(error);
    this.#end();
  }

  #end() {
    for (const [name, listener] of Object.entries(this.#listeners)) {
      this.#server.off(name, listener);
    }
    this.#hasEnded = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(finished());
  }
}

Object.setPrototypeOf(Connections.prototype, AsyncIteratorPrototype);

module.exports = { Connections };
