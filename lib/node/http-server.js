'use strict';

/*
 * Servers of node:http on rust-net's sockets.
 *
 * Their prototypes stay node's, so that `instanceof` says what it always said.
 * http.Server.prototype gets methods of its own in front of those of net.Server:
 * each asks the server whether rust-net listens for it, and calls the method of one
 * or the other. `close` stays http's, which ends idle connections first.
 */

const { callerOf } = require('./caller');
const { imitate } = require('./imitate');
const { functionOf, internal } = require('./internals');
/** @type {Members} */
const nodeNet = require('./net');

/** @typedef {Record<PropertyKey, any>} Members an object by its members' names */

const kListensHere = Symbol('listens here');

/** Servers whose program wants node's sockets. */
const onNode = new WeakSet();

const listenOfNode = internal(
  'net.Server.prototype.listen',
  "servers of node:http stay on node's sockets",
  () => functionOf(nodeNet.Server.prototype.listen),
);
// Now, before a program can replace it.
listenOfNode();

/** Members that stay http's, or that `replacements` has. */
const kept = new Set([
  'constructor',
  'close',
  'closeAllConnections',
  'closeIdleConnections',
  'listen',
]);

/**
 * @typedef {object} Listener what listens in place of node's net.Server
 * @property {Members} prototype of its class
 * @property {(server: Members) => void} prepare called before a server's first
 *   `listen`
 * @property {(server: Members, args: unknown[], close: (...args: unknown[]) => unknown) => unknown} close
 *   closes a server; `close` is http's method
 */

/**
 * Returns a method that calls the one of rust-net or of node; rust-net's where node has
 * none.
 *
 * @param {string} name
 * @param {Members} own
 * @param {Members} inherited
 */
function choosing(name, own, inherited) {
  /** @this {Members} */
  return function (/** @type {unknown[]} */ ...args) {
    const isOwn = this[kListensHere] || inherited[name] === undefined;
    return Reflect.apply((isOwn ? own : inherited)[name], this, args);
  };
}

/**
 * Returns true when rust-net should listen for a server. A program that has
 * replaced node's `listen` expects that to be called.
 *
 * @param {Members} server
 * @param {Members} inherited
 */
function isWanted(server, inherited) {
  return !onNode.has(server) && inherited.listen === listenOfNode();
}

/**
 * Decides who listens; a server that already listens stays where it is.
 *
 * @param {Members} server
 * @param {Members} inherited
 * @param {Listener['prepare']} prepare
 */
function decide(server, inherited, prepare) {
  if (server._handle) return;
  const isHere = isWanted(server, inherited);
  if (isHere) prepare(server);
  Object.defineProperty(server, kListensHere, {
    value: isHere,
    configurable: true,
  });
}

/**
 * @param {Listener} listener
 * @param {Members} inherited
 */
function listenFor({ prototype, prepare }, inherited) {
  /** @this {Members} */
  return function (/** @type {unknown[]} */ ...args) {
    decide(this, inherited, prepare);
    const source = this[kListensHere] ? prototype : inherited;
    return Reflect.apply(source.listen, this, args);
  };
}

/**
 * @param {Listener} listener
 * @param {Function} close http's
 */
function closeFor(listener, close) {
  /** @this {Members} */
  return function (/** @type {unknown[]} */ ...args) {
    const closeByHttp = (/** @type {unknown[]} */ ...given) =>
      Reflect.apply(close, this, given);
    if (!this[kListensHere]) return closeByHttp(...args);
    return listener.close(this, args, closeByHttp);
  };
}

/** @param {Members} prototype */
function methodsOf(prototype) {
  const isReplaced = (/** @type {string} */ name) =>
    typeof Object.getOwnPropertyDescriptor(prototype, name)?.value ===
      'function' && !kept.has(name);
  return Object.getOwnPropertyNames(prototype).filter(isReplaced);
}

/**
 * Returns the methods for http.Server.prototype, by name.
 *
 * @param {Listener} listener
 * @param {Members} prototype http.Server's
 * @returns {Record<string, Function>}
 */
function replacements(listener, prototype) {
  const inherited = Object.getPrototypeOf(prototype);
  const own = listener.prototype;
  const entries = methodsOf(own).map((name) => [
    name,
    choosing(name, own, inherited),
  ]);
  return {
    ...Object.fromEntries(entries),
    listen: listenFor(listener, inherited),
    close: closeFor(listener, prototype.close),
  };
}

/**
 * Replaces a method; `name` and `length` stay those of the one before.
 *
 * @param {Members} prototype
 * @param {string} name
 * @param {Function} method
 */
function replace(prototype, name, method) {
  prototype[name] = imitate(method, prototype[name] ?? method);
}

/**
 * Puts a member back. Leaves what somebody else has put in place since.
 *
 * @param {Members} prototype
 * @param {string} name
 * @param {Function} method the replacement
 * @param {PropertyDescriptor | undefined} before
 */
function restore(prototype, name, method, before) {
  if (prototype[name] !== method) return;
  if (before === undefined) delete prototype[name];
  else Object.defineProperty(prototype, name, before);
}

/**
 * Puts servers of node:http on rust-net's sockets from their next `listen` on.
 *
 * @param {Members} prototype http.Server's
 * @param {Listener} listener
 * @returns {() => void} undoes it; servers that listen continue
 */
function takeServers(prototype, listener) {
  const methods = Object.entries(replacements(listener, prototype));
  const undo = methods.map(([name, method]) => {
    const before = Object.getOwnPropertyDescriptor(prototype, name);
    replace(prototype, name, method);
    return () => restore(prototype, name, method, before);
  });
  return () => undo.forEach((each) => each());
}

/**
 * True for the constructor. While it loads, node:http looks there too, outside of any
 * function.
 *
 * @param {{ file?: string, name?: string }} caller
 */
const isHttpServer = ({ file, name }) =>
  file === 'node:_http_server' && name === 'Server';

/**
 * Calls `act` once, when node:http makes its first server. Its constructor looks
 * `Server` up on node's net; so node:http need not be loaded before that.
 *
 * @param {() => void} act
 * @returns {() => void} stops waiting
 */
function onFirstServer(act) {
  const { value } = /** @type {PropertyDescriptor} */ (
    Object.getOwnPropertyDescriptor(nodeNet, 'Server')
  );
  const stop = (Server = value) =>
    Object.defineProperty(nodeNet, 'Server', {
      value: Server,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  Object.defineProperty(nodeNet, 'Server', {
    get: function get() {
      if (!isHttpServer(callerOf(get))) return value;
      stop();
      act();
      return value;
    },
    set: stop,
    configurable: true,
    enumerable: true,
  });
  return () => {
    const { get } = Object.getOwnPropertyDescriptor(nodeNet, 'Server') ?? {};
    if (get !== undefined) stop();
  };
}

/**
 * Leaves a server on node's sockets, from its next `listen` on.
 *
 * @param {object} server
 */
function leaveOnNode(server) {
  onNode.add(server);
}

/**
 * Returns true when rust-net listens for a server of node:http, or did last.
 *
 * @param {Members | undefined} server
 * @returns {boolean}
 */
function listensHere(server) {
  return server?.[kListensHere] === true;
}

module.exports = { leaveOnNode, listensHere, onFirstServer, takeServers };
