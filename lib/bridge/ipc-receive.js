'use strict';

/*
 * Sockets and servers of ours over the channel between a process and its
 * children: `subprocess.send`, `process.send`, cluster's `worker.send`, and the
 * `stdio` of a child. A program that does none of it pays for one wrapped
 * method of its channel, if it has a channel at all.
 */

const { subscribe } = require('diagnostics_channel');

const { isOwnInstance } = require('../node/instance-of');
const { loadOwn } = require('../node/loader');
const nodeNet = require('../node/net');

const kBridged = Symbol('bridged');
// In the process's symbol registry: a second copy of this package finds it too.
const kStandIn = Symbol.for('rust-net.stand-in');

// The channel that tells of a new child is there since Node 20.
const tellsOfChildren = parseInt(process.versions.node, 10) >= 20;

/**
 * Loads what is needed once a handle is sent or has arrived.
 *
 * @type {() => typeof import('./ipc-send') & { Socket: any, Server: any,
 *   takeOverHandle: Function }}
 */
let load;
let isInstalled = false;

/**
 * Has node make one object of ours where it would make one of its own: it looks
 * the class up in `net` when a handle has arrived, and everything that it does
 * with the object after that (counting, queueing, delivering) is right for ours.
 */
function standIn(name, create) {
  const net = /** @type {any} */ (nodeNet);
  const original = net[name];
  if (original[kStandIn]) return;
  function restore() {
    if (net[name] === StandIn) net[name] = original;
  }
  function StandIn(/** @type {any[]} */ ...args) {
    restore();
    return create(...args);
  }
  StandIn[kStandIn] = true;
  net[name] = StandIn;
  // Node asks at once, or not at all: after a failure it never makes one.
  process.nextTick(restore);
}

function createServer() {
  const { Server, takeOverHandle } = load();
  const server = Reflect.construct(Server, []);
  // The first to listen is node, on a native handle that nobody else owns.
  server.listen = function (handle, callback) {
    delete server.listen;
    return server.listen(takeOverHandle(handle), callback);
  };
  return server;
}

/** Before node's own listener, which makes the object. */
function onInternalMessage(message, handle) {
  if (message?.cmd !== 'NODE_HANDLE' || !handle) return;
  if (message.type === 'net.Socket') {
    standIn('Socket', (options) => Reflect.construct(load().Socket, [options]));
  } else if (message.type === 'net.Server') {
    standIn('Server', createServer);
  }
}

/**
 * Every way to send ends in `_send`: node's queue goes through it as well.
 *
 * @param {any} target a ChildProcess, or `process`
 */
function wrapChannel(target) {
  const send = target._send;
  if (typeof send !== 'function' || send[kBridged]) return;
  function _send(message, handle, options, callback) {
    if (handle === null || typeof handle !== 'object') {
      return send.call(this, message, handle, options, callback);
    }
    const args = { message, handle, options, callback };
    return load().sendHandle(this, send, args, load());
  }
  _send[kBridged] = true;
  target._send = _send;
  target.prependListener('internalMessage', onInternalMessage);
}

function isForChild(entry) {
  if (entry === null || typeof entry !== 'object') return false;
  const { Socket, Server } = load();
  return isOwnInstance(Socket, entry) || isOwnInstance(Server, entry);
}

function wrapSpawn(prototype) {
  const { spawn } = prototype;
  if (spawn[kBridged]) return;
  const wrapped = {
    /** @this {any} */
    spawn(options, ...rest) {
      const stdio = options?.stdio;
      const shared = Array.isArray(stdio) ? stdio.filter(isForChild) : [];
      const given =
        shared.length > 0 ? load().withDescriptors(options, shared) : options;
      const result = spawn.call(this, given, ...rest);
      if (shared.length > 0) load().leaveToChild(shared);
      wrapChannel(this);
      return result;
    },
  };
  wrapped.spawn[kBridged] = true;
  prototype.spawn = wrapped.spawn;
}

// Children that run already. There is no list of them but that of all handles.
function wrapChildren(ChildProcess) {
  const getActiveHandles = /** @type {any} */ (process)._getActiveHandles;
  if (typeof getActiveHandles !== 'function') return;
  for (const each of getActiveHandles.call(process)) {
    if (each instanceof ChildProcess) wrapChannel(each);
  }
}

function wrapChildProcess() {
  const { ChildProcess } = loadOwn(() => require('child_process'));
  wrapSpawn(ChildProcess.prototype);
  wrapChildren(ChildProcess);
}

function isLoaded(name) {
  const list = /** @type {any} */ (process).moduleLoadList;
  return Array.isArray(list) ? list.includes(`NativeModule ${name}`) : true;
}

/**
 * Has a parent process deliver our sockets and servers. A second call does
 * nothing.
 *
 * @param {typeof load} loadWhole
 */
function listenToParent(loadWhole) {
  load = loadWhole;
  wrapChannel(process);
}

/**
 * Has child processes take and deliver our sockets and servers, from here on.
 * Children that run already are found. A second call does nothing.
 *
 * @param {typeof load} loadWhole
 */
function install(loadWhole) {
  listenToParent(loadWhole);
  if (isInstalled) return;
  isInstalled = true;
  if (isLoaded('child_process')) wrapChildProcess();
  // Told before the first child is spawned, and so in time.
  else subscribe('child_process', wrapChildProcess);
}

/**
 * To be called with the first Socket or Server, which might be sent: where nothing
 * tells of new children, `child_process` must be loaded to be taught.
 */
function watchChildren() {
  if (!tellsOfChildren) wrapChildProcess();
}

module.exports = { install, listenToParent, watchChildren };
