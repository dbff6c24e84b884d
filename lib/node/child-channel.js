'use strict';

/*
 * The channel between a process and its children: what goes through it with a
 * handle, and which children there are.
 */

const { subscribe } = require('diagnostics_channel');

const { functionOf, internal } = require('./internals');
const { isLoaded } = require('./loaded-modules');
const { loadOwn } = require('./loader');
const nodeNet = require('./net');

const kBridged = Symbol('bridged');
// In the process's symbol registry: a second copy of this package finds it too.
const kStandIn = Symbol.for('rust-net.stand-in');

// The channel that tells of a new child is there since Node 20.
const tellsOfChildren = parseInt(process.versions.node, 10) >= 20;

const spawnOf = internal(
  'ChildProcess.prototype.spawn',
  'sockets cannot be sent to child processes, or be their stdio',
  () => {
    const { ChildProcess } = loadOwn(() => require('child_process'));
    return functionOf(/** @type {any} */ (ChildProcess).prototype.spawn);
  },
);

/**
 * @typedef {object} Bridge
 * @property {(target: any, send: Function, args: any) => any} send called for a
 *   message with a handle, in place of `target._send`
 * @property {(options: any, spawn: (options: any) => any) => any} spawn called for
 *   a new child
 * @property {(options: any) => any} createSocket makes the object for a connection
 *   that has arrived
 * @property {() => any} createServer makes it for a listener
 */

/** @type {Bridge} */
let bridge;

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

/** Runs before node's own listener, which makes the object. */
function onInternalMessage(message, handle) {
  if (message?.cmd !== 'NODE_HANDLE' || !handle) return;
  if (message.type === 'net.Socket') standIn('Socket', bridge.createSocket);
  else if (message.type === 'net.Server') {
    standIn('Server', bridge.createServer);
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
    return bridge.send(this, send, { message, handle, options, callback });
  }
  _send[kBridged] = true;
  target._send = _send;
  target.prependListener('internalMessage', onInternalMessage);
}

function wrapSpawn(prototype) {
  const spawn = spawnOf();
  if (spawn === undefined || prototype.spawn[kBridged]) return;
  const wrapped = {
    /** @this {any} */
    spawn(options, ...rest) {
      const result = bridge.spawn(options, (given) =>
        spawn.call(this, given, ...rest),
      );
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

let isWrapped = false;

function wrapChildProcess() {
  if (isWrapped) return;
  isWrapped = true;
  const { ChildProcess } = loadOwn(() => require('child_process'));
  wrapSpawn(ChildProcess.prototype);
  wrapChildren(ChildProcess);
}

/**
 * Lets handles pass through the channel to a parent process, if there is one.
 *
 * @param {Bridge} given
 */
function bridgeParent(given) {
  bridge = given;
  wrapChannel(process);
}

let isBridged = false;

/**
 * Lets handles pass to and from child processes, those that run already
 * included. A second call does nothing.
 */
function bridgeChildren() {
  if (isBridged) return;
  isBridged = true;
  if (isLoaded('NativeModule child_process')) wrapChildProcess();
  // Published before the first child is spawned, and so in time.
  else if (tellsOfChildren) subscribe('child_process', wrapChildProcess);
}

/**
 * To be called with the first Socket or Server, which might be sent: where nothing
 * tells of new children, `child_process` is loaded to be patched.
 */
function expectChildren() {
  if (!tellsOfChildren) wrapChildProcess();
}

module.exports = { bridgeChildren, bridgeParent, expectChildren };
