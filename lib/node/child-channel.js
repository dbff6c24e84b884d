'use strict';

/*
 * The IPC channel between a process and its children: messages with a handle, and
 * the list of children.
 */

const { subscribe } = require('diagnostics_channel');

const { listNodeHandles } = require('./active-handles');
const { functionOf, internal } = require('./internals');
const { isLoaded } = require('./loaded-modules');
const { loadOwn } = require('./loader');
const nodeNet = require('./net');
const { isAtLeast } = require('./release');

const kBridged = Symbol('bridged');
// In the global symbol registry: a second copy of this package finds it too.
const kStandIn = Symbol.for('rust-net.stand-in');

// Node 20 and later publish new children on a diagnostics channel.
const publishesChildren = isAtLeast(20);

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
 * @property {(options: any) => any} createSocket makes the object for a received
 *   connection
 * @property {() => any} createServer makes the object for a received listener
 */

/** @type {Bridge} */
let bridge;

/**
 * Makes node create one object of rust-net instead of its own. When a handle has
 * arrived, node looks the class up in `net`. What it does with the object later
 * (counting, queueing, delivering) works for rust-net's objects too.
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
  // Node makes the object at once or, after a failure, not at all.
  process.nextTick(restore);
}

/** Prepares for a handle; runs before node's own listener makes the object. */
function onInternalMessage(message, handle) {
  if (message?.cmd !== 'NODE_HANDLE' || !handle) return;
  if (message.type === 'net.Socket') standIn('Socket', bridge.createSocket);
  else if (message.type === 'net.Server') {
    standIn('Server', bridge.createServer);
  }
}

/**
 * Wraps `_send`, which every way to send uses, node's own queue included.
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

// Wraps the children that are already running. Node lists them only among all
// active handles.
function wrapChildren(ChildProcess) {
  for (const each of listNodeHandles()) {
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
 * Lets rust-net's handles pass through the channel to the parent process, if there
 * is one.
 *
 * @param {Bridge} given
 */
function bridgeParent(given) {
  bridge = given;
  wrapChannel(process);
}

let isBridged = false;

/**
 * Lets rust-net's handles pass to and from child processes, including those
 * already running. A second call does nothing.
 */
function bridgeChildren() {
  if (isBridged) return;
  isBridged = true;
  if (isLoaded('NativeModule child_process')) wrapChildProcess();
  // Published before the first child is spawned, so the wrapping is in time.
  else if (publishesChildren) subscribe('child_process', wrapChildProcess);
}

/**
 * Prepares for children where node does not publish them: loads `child_process`
 * and patches it. Call it with the first Socket or Server, which may be sent.
 */
function expectChildren() {
  if (!publishesChildren) wrapChildProcess();
}

module.exports = { bridgeChildren, bridgeParent, expectChildren };
