'use strict';

/*
 * Clients of node:http and the built-in fetch on rust-net's sockets.
 *
 * They look `connect` or `createConnection` up on node's net, at each connection or,
 * up to Node 20, when node:http is loaded. Everybody else who calls that function
 * gets node's socket: http2 needs one, and a program that asks for node's net means
 * it. So the function looks at who calls it.
 */

const { callerOf } = require('./caller');
const { imitate } = require('./imitate');
const { functionOf, internal } = require('./internals');
/** @type {Members} */
const nodeNet = require('./net');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {{ connect: Function }} Sockets what has rust-net's `connect`
 */

const connectOfNode = internal(
  'net.connect',
  "clients of node:http and fetch stay on node's sockets",
  () => functionOf(nodeNet.connect),
);

/** The files of node whose connections are rust-net's. */
const clients = new Set([
  'node:_http_agent',
  'node:_http_client',
  'node:internal/deps/undici/undici',
]);

/**
 * Returns true when a client of node calls `above`, or a program's patch of an
 * Agent's method, which calls what that method was before.
 *
 * @param {Function} above
 * @param {Members | undefined} receiver of the call
 */
function isForClient(above, receiver) {
  if (typeof receiver?.addRequest === 'function') return true;
  const { file } = callerOf(above);
  return file !== undefined && clients.has(file);
}

/**
 * Returns a function that connects for node's clients, and else is `original`.
 *
 * @param {Function} original
 * @param {() => Sockets | undefined} find
 * @returns {Function}
 */
function connectFor(original, find) {
  /** @this {Members | undefined} */
  function choose(/** @type {unknown[]} */ ...args) {
    const sockets = isForClient(choose, this) ? find() : undefined;
    return Reflect.apply(sockets?.connect ?? original, this, args);
  }
  return imitate(choose, original);
}

/**
 * Replaces a member; returns what takes that back, if nobody else has changed it.
 *
 * @param {Members} object
 * @param {string} name
 * @param {Function} value
 */
function replace(object, name, value) {
  const before = object[name];
  object[name] = value;
  return () => {
    if (object[name] === value) object[name] = before;
  };
}

/**
 * Puts new connections of node:http's clients and of fetch on rust-net's sockets.
 *
 * @param {() => Sockets | undefined} find returns undefined to leave node's
 * @returns {() => void} undoes it; sockets that are connected continue
 */
function takeClients(find) {
  if (connectOfNode() === undefined) return () => {};
  // They are one function, unless a program has replaced one of them.
  const made = new Map();
  const replacementOf = (/** @type {Function} */ original) => {
    if (!made.has(original)) made.set(original, connectFor(original, find));
    return made.get(original);
  };
  const undo = ['connect', 'createConnection'].map((name) =>
    replace(nodeNet, name, replacementOf(nodeNet[name])),
  );
  return () => undo.forEach((each) => each());
}

/**
 * Does the same for an Agent class that took `net.createConnection` when it was
 * loaded, as node:http's does up to Node 20. Others need nothing.
 *
 * @param {Members} prototype http.Agent's
 * @param {Function} connect
 * @returns {() => void} undoes it
 */
function takeAgent(prototype, connect) {
  if (prototype.createConnection !== nodeNet.createConnection) return () => {};
  return replace(prototype, 'createConnection', connect);
}

/**
 * Returns true when an Agent has any idle socket: its names are costly to make.
 *
 * @param {Members} agent
 */
function hasIdleSockets({ freeSockets }) {
  for (const name in freeSockets) {
    if (Object.hasOwn(freeSockets, name)) return true;
  }
  return false;
}

/**
 * Returns the idle sockets that an Agent may use for a request.
 *
 * @param {Members} agent
 * @param {object} options
 * @returns {Members[] | undefined}
 */
function idleSockets(agent, options) {
  if (typeof agent.getName !== 'function') return undefined;
  return agent.freeSockets?.[agent.getName(options)];
}

/**
 * Destroys the sockets whose peer has ended, of those that would be used next.
 *
 * @param {Members} agent
 * @param {object} given
 * @param {(socket: Members) => boolean} hasEnded
 */
function dropEnded(agent, given, hasEnded) {
  if (!hasIdleSockets(agent)) return;
  const options = { ...given, ...agent.options };
  const isFirst = agent.scheduling === 'fifo';
  for (;;) {
    const next = idleSockets(agent, options)?.at(isFirst ? 0 : -1);
    if (next === undefined || !hasEnded(next)) return;
    next.destroy();
    // At once: 'close' would come after the Agent has chosen.
    agent.removeSocket(next, options);
    // Removed by nobody: an Agent of a program's own.
    if (idleSockets(agent, options)?.includes(next)) return;
  }
}

/**
 * Has Agents look at an idle socket before they use it again. The server may have ended
 * it a moment ago, and the event waits behind the program's code: the request would
 * fail with ECONNRESET.
 *
 * @param {Members} prototype http.Agent's
 * @param {(socket: Members) => boolean} hasEnded true when the peer has ended the
 *   connection; false for sockets that are not rust-net's
 * @returns {() => void} undoes it
 */
function watchReuse(prototype, hasEnded) {
  const { addRequest } = prototype;
  /** @this {Members} */
  const watching = function (/** @type {Members[]} */ ...args) {
    const [, options] = args;
    const isPlain = this.protocol === 'http:' && typeof options === 'object';
    if (isPlain) dropEnded(this, options, hasEnded);
    return Reflect.apply(addRequest, this, args);
  };
  Object.defineProperty(watching, 'name', { value: 'addRequest' });
  return replace(prototype, 'addRequest', watching);
}

module.exports = { takeAgent, takeClients, watchReuse };
