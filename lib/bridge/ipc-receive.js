'use strict';

/*
 * rust-net's sockets and servers over the channel between a process and its
 * children: `subprocess.send`, `process.send`, cluster's `worker.send`, and the
 * `stdio` of a child. Until a program uses one of these, the only cost is one
 * wrapped method of its channel, if it has a channel.
 */

const {
  bridgeChildren,
  bridgeParent,
  expectChildren,
} = require('../node/child-channel');
const { isOwnInstance } = require('../node/instance-of');

/**
 * Loads the modules that are needed when a handle is sent or has arrived.
 *
 * @type {() => typeof import('./ipc-send') & { Socket: any, Server: any,
 *   takeOverHandle: Function }}
 */
let load;

function isForChild(entry) {
  if (entry === null || typeof entry !== 'object') return false;
  const { Socket, Server } = load();
  return isOwnInstance(Socket, entry) || isOwnInstance(Server, entry);
}

const bridge = {
  send(target, send, args) {
    return load().sendHandle(target, send, args, load());
  },

  spawn(options, spawn) {
    const stdio = options?.stdio;
    const shared = Array.isArray(stdio) ? stdio.filter(isForChild) : [];
    if (shared.length === 0) return spawn(options);
    const { leaveToChild, withDescriptors } = load();
    const result = spawn(withDescriptors(options, shared));
    leaveToChild(shared);
    return result;
  },

  createSocket(options) {
    return Reflect.construct(load().Socket, [options]);
  },

  createServer() {
    const { Server, takeOverHandle } = load();
    const server = Reflect.construct(Server, []);
    // Node calls listen() first, with its own handle, which has no other owner.
    server.listen = function (handle, callback) {
      delete server.listen;
      return server.listen(takeOverHandle(handle), callback);
    };
    return server;
  },
};

/**
 * Makes handles from the parent process arrive as rust-net's sockets and servers.
 * A second call does nothing.
 *
 * @param {typeof load} loadSockets
 */
function listenToParent(loadSockets) {
  load = loadSockets;
  bridgeParent(bridge);
}

/**
 * Lets rust-net's sockets and servers pass to and from the parent and all child
 * processes. A second call does nothing.
 *
 * @param {typeof load} loadSockets
 */
function install(loadSockets) {
  listenToParent(loadSockets);
  bridgeChildren();
}

module.exports = { expectChildren, install, listenToParent };
