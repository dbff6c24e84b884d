'use strict';

/*
 * TLSSocket asks `socket instanceof net.Socket`. If so, it reads and writes the
 * socket's `_handle`, and otherwise the socket, as a stream. Only this question is
 * answered differently for rust-net's sockets. A patch of tls's functions would not
 * reach those who took them earlier, nor `tlsServer.emit('connection')`.
 */

const { callerOf } = require('./caller');
const { internal } = require('./internals');
const { loadOwn } = require('./loader');
const nodeNet = require('./net');

const kStop = Symbol('stop');

/**
 * @typedef {object} Answerer
 * @property {(object: unknown) => boolean} knows true for objects to which the answer may
 *   be yes, if TLSSocket asks
 * @property {(object: Record<PropertyKey, any>) => boolean} answer
 */

/** @type {Answerer | undefined} undefined until `answerTlsSocket` */
let answerer;
/** @type {object | undefined} the object with which TLSSocket is being probed */
let probe;
/** @type {{ file?: string, name?: string }} who asked about it */
let prober = {};

/** @returns {Function & { prototype: Record<string, any> }} node's TLSSocket */
function loadTls() {
  return loadOwn(() => require('tls')).TLSSocket;
}

/** Finds where TLSSocket asks, and stops it when it then asks for the handle. */
function findQuestion() {
  const TLSSocket = loadTls();
  probe = {
    get _handle() {
      throw kStop;
    },
  };
  try {
    Reflect.construct(TLSSocket, [probe, { enableTrace: false }]);
  } catch (error) {
    if (error !== kStop) throw error;
  } finally {
    probe = undefined;
  }
  // Otherwise another copy of this file stands in between, and asks for everybody.
  return prober.file?.startsWith('node:') ? prober : undefined;
}

const question = internal(
  'TLSSocket: socket instanceof net.Socket',
  'TLS passes through JavaScript between rust-net and OpenSSL, and is slower',
  findQuestion,
);

function isAskedByTls() {
  const known = question();
  if (known === undefined) return false;
  const { file, name } = callerOf(isNodeSocket);
  return file === known.file && name === known.name;
}

function answerFor(/** @type {unknown} */ object) {
  if (probe !== undefined && object === probe) {
    prober = callerOf(isNodeSocket);
    return true;
  }
  if (answerer === undefined || !answerer.knows(object)) return false;
  return isAskedByTls() && answerer.answer(Object(object));
}

/** What `instanceof` was before. */
const isInstance = nodeNet.Socket[Symbol.hasInstance];

/** @this {Function} */
function isNodeSocket(/** @type {unknown} */ object) {
  if (isInstance.call(this, object)) return true;
  // TLSSocket and the subclasses of programs inherit this function.
  return this === nodeNet.Socket && answerFor(object);
}

/**
 * Sets what answers TLSSocket about objects that are not of node's Socket.
 *
 * @param {Answerer} given
 */
function answerTlsSocket(given) {
  if (answerer === undefined) {
    Reflect.defineProperty(nodeNet.Socket, Symbol.hasInstance, {
      value: isNodeSocket,
      configurable: true,
    });
  }
  answerer = given;
}

module.exports = { answerTlsSocket, loadTls };
