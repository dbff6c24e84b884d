'use strict';

/*
 * node:http and the built-in fetch on rust-net's sockets.
 */

const { getDefaultHighWaterMark } = require('stream');

const { loadHttp, loadSockets } = require('./load');
const { codes } = require('../common/errors');
const { kHandle, kOnConnection, kStats } = require('../common/symbols');
const { takeAgent, takeClients, watchReuse } = require('../node/http-client');
const {
  leaveOnNode,
  onFirstServer,
  takeServers,
} = require('../node/http-server');
const { consumeConnection } = require('../node/http-parser');
const { imitate } = require('../node/imitate');
const { isLoaded } = require('../node/loaded-modules');
const counts = require('../stats/http-counts');

const { ERR_INVALID_ARG_TYPE } = codes;

/**
 * @typedef {import('../node/http-server').Members} Members
 * @typedef {() => any} Find returns rust-net's sockets; undefined where they cannot be
 *   loaded
 */

/** @type {Array<() => void> | null} what undoes the installation */
let undo = null;

/**
 * Returns the way to connect that clients of node get, which counts.
 *
 * @param {Members} sockets
 * @returns {{ connect: Function }}
 */
function forClients({ connect }) {
  /** @this {unknown} */
  function counting(/** @type {unknown[]} */ ...args) {
    counts.opened++;
    return Reflect.apply(connect, this, args);
  }
  return { connect: imitate(counting, connect) };
}

/** @param {Members} socket of a new connection of a server */
function onConnection(socket) {
  counts.accepted++;
  consumeConnection(socket);
}

/**
 * Sets what a server of this Node may lack, and rust-net's servers have.
 *
 * @param {Members} server
 */
function prepare(server) {
  const { startCounting } = loadSockets();
  if (server[kStats] === undefined) startCounting(server);
  server._listeningId ??= 1;
  server.highWaterMark ??= getDefaultHighWaterMark(false);
  Object.defineProperty(server, kOnConnection, {
    value: onConnection,
    configurable: true,
  });
}

/**
 * Ends the connections without a request: http's own, and those that have sent none yet,
 * which not every release counts as idle. Returns how many there were.
 *
 * @param {Members} server
 * @param {Members[]} sockets
 */
function endIdle(server, sockets) {
  server.closeIdleConnections();
  for (const socket of sockets) {
    if (socket.bytesRead === 0) socket.destroy();
  }
  return sockets.filter((socket) => socket.destroyed).length;
}

/**
 * @param {Members} server
 * @param {unknown[]} args
 * @param {(...args: unknown[]) => unknown} closeByHttp
 */
function close(server, args, closeByHttp) {
  const closeAndCount = (/** @type {unknown[]} */ ...given) => {
    if (server._handle) server[kStats].addListener(server._handle);
    return closeByHttp(...given);
  };
  return loadSockets().closeServer(server, args, closeAndCount, endIdle);
}

/** @param {Members | undefined} sockets rust-net's, or undefined where they cannot be loaded */
function installServer(sockets) {
  if (sockets === undefined) return;
  const listener = { prototype: sockets.Server.prototype, prepare, close };
  undo?.push(takeServers(loadHttp().Server.prototype, listener));
}

/** @param {Members} sockets */
function watchAgents({ hasEnded }) {
  const isEnded = (/** @type {Members} */ socket) => {
    const isOver = hasEnded(socket[kHandle]);
    if (isOver) counts.idleDropped++;
    return isOver;
  };
  undo?.push(watchReuse(loadHttp().Agent.prototype, isEnded));
}

/**
 * Puts node:http in this thread on rust-net's sockets: servers from their next
 * `listen` on, requests and `fetch` from their next connection on. A second call
 * does nothing.
 */
function install() {
  if (undo !== null) return;
  const sockets = loadSockets();
  const clients = forClients(sockets);
  undo = [
    takeAgent(loadHttp().Agent.prototype, clients.connect),
    takeClients(() => clients),
  ];
  counts.isInstalled = true;
  watchAgents(sockets);
  installServer(sockets);
}

/**
 * Returns what clients connect with. Calls `act` once, with rust-net's sockets, when
 * an Agent connects first.
 *
 * @param {Find} find
 * @param {(sockets: Members) => void} act
 */
function onFirstAgent(find, act) {
  /** @type {{ connect: Function } | undefined} */
  let clients;
  let isDone = false;
  return () => {
    const sockets = find();
    if (sockets === undefined) return undefined;
    clients ??= forClients(sockets);
    if (isDone) return clients;
    // fetch has no Agent: node:http may never be loaded.
    if (isLoaded('NativeModule _http_agent')) {
      isDone = true;
      act(sockets);
    }
    return clients;
  };
}

/**
 * Does what `install` does, for a process in which node:http is not loaded yet, and
 * may never be.
 *
 * @param {Find} find leaves node's in place where it returns undefined
 */
function installEarly(find) {
  if (undo !== null) return;
  undo = [takeClients(onFirstAgent(find, watchAgents))];
  undo.push(onFirstServer(() => installServer(find())));
  counts.isInstalled = true;
}

/**
 * Takes back what `install` did. What listens or is connected continues on
 * rust-net's sockets.
 */
function uninstall() {
  undo?.forEach((each) => each());
  undo = null;
  counts.isInstalled = false;
}

/**
 * Leaves a server of node:http on node's sockets, from its next `listen` on.
 *
 * @param {object} server
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for anything but a server of node:http
 */
function useNode(server) {
  if (!(server instanceof loadHttp().Server)) {
    throw new ERR_INVALID_ARG_TYPE('server', 'http.Server', server);
  }
  leaveOnNode(server);
}

module.exports = { install, installEarly, uninstall, useNode };
