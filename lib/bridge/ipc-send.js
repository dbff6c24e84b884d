'use strict';

/*
 * Handing a socket or server of ours to another process. Node takes objects of
 * its own classes with native handles only; so it is given such a one in place
 * of ours, on a descriptor of its own.
 */

const { StreamHandle } = require('../handle/handle');
const { isOwnInstance } = require('../node/instance-of');
const { createTwin, lastingTwin } = require('./duplicate');
const nodeNet = require('../node/net');
const { forgetRead } = require('../node/stream-state');

/** What waits in node's queue for its turn, by what stands for it there. */
const standIns = new WeakMap();

function noop() {}

function isOpen(handle) {
  return handle instanceof StreamHandle && handle.isOpen;
}

/**
 * Node asks the server of a socket for the list that counts it, by the server's
 * key, and takes it off the server's own count; the latter is done here, where
 * it is known whether the socket is kept.
 */
function createCounter(server) {
  return {
    _connectionKey: server._connectionKey,
    _connections: 0,
    _setupWorker(list) {
      server._setupWorker(list);
    },
  };
}

/**
 * Parts the socket from its handle, which stays open until node closes the
 * twin: that is when the other process has it.
 */
function detach(socket, twin) {
  const handle = socket._handle;
  handle.readStop();
  handle.onread = noop;
  handle.onwriteerror = noop;
  socket._handle = null;
  socket.setTimeout(0);
  const { close } = twin;
  twin.close = function (callback) {
    handle.close();
    return close.call(this, callback);
  };
}

// The parser of an http server's connection: node frees it off the surrogate.
function releaseHttp(socket, surrogate) {
  if (!socket.parser || surrogate.parser !== null) return;
  socket.parser = null;
  socket._httpMessage?.detachSocket(socket);
}

function createSurrogate(socket, twin) {
  /** @type {any} */
  const surrogate = new nodeNet.Socket();
  surrogate._handle = twin;
  surrogate.parser = socket.parser;
  const server = socket._server ?? socket.server;
  surrogate.server = server ? createCounter(server) : null;
  return surrogate;
}

/** The surrogate is not kept whatever becomes of ours: node closes its handle. */
function sendSocket(target, send, args) {
  const { message, handle: socket, callback } = args;
  // Of old, the options were one boolean.
  const options =
    typeof args.options === 'boolean'
      ? { swallowErrors: args.options }
      : { ...args.options };
  const keep = Boolean(options.keepOpen);
  options.keepOpen = false;
  const twin = createTwin(socket._handle);
  const surrogate = createSurrogate(socket, twin);
  if (keep) surrogate.parser = undefined;
  let result;
  try {
    result = send.call(target, message, surrogate, options, callback);
  } catch (error) {
    twin.close();
    throw error;
  }
  if (!keep) {
    const server = socket._server ?? socket.server;
    if (server) server._connections--;
    detach(socket, twin);
    releaseHttp(socket, surrogate);
  }
  return result;
}

function sendServer(target, send, args) {
  const { message, handle: server, options, callback } = args;
  /** @type {any} */
  const surrogate = new nodeNet.Server();
  surrogate._handle = lastingTwin(server._handle);
  return send.call(target, message, surrogate, options, callback);
}

/** Node queues what is sent while the other side has yet to take a handle. */
function queue(target, send, args) {
  const { message, handle, options, callback } = args;
  const standIn = Object.create(nodeNet.Socket.prototype);
  standIns.set(standIn, handle);
  return send.call(target, message, standIn, options, callback);
}

/**
 * `target._send`, for a handle of any kind.
 *
 * @param {any} target
 * @param {Function} send node's
 * @param {{ message: any, handle: any, options: any, callback: any }} given
 * @param {{ Socket: Function, Server: Function }} classes ours
 * @returns {boolean}
 */
function sendHandle(target, send, given, { Socket, Server }) {
  const handle = standIns.get(given.handle) ?? given.handle;
  const args = { ...given, handle };
  const { message, options, callback } = args;
  const isSocket = isOwnInstance(Socket, handle);
  const isServer = isOwnInstance(Server, handle);
  if (!isSocket && !isServer && !(handle instanceof StreamHandle)) {
    return send.call(target, message, handle, options, callback);
  }
  if (target._handleQueue) return queue(target, send, args);
  const inner = handle instanceof StreamHandle ? handle : handle._handle;
  // As node does with what has no handle (any more): the message goes alone.
  if (!isOpen(inner)) {
    return send.call(target, message, undefined, options, callback);
  }
  if (isSocket) return sendSocket(target, send, args);
  if (isServer) return sendServer(target, send, args);
  return send.call(target, message, lastingTwin(inner), options, callback);
}

/**
 * A child's descriptors can be our sockets: it inherits the numbers.
 *
 * @param {any} options of spawn
 * @param {any[]} shared those of its `stdio` that are ours
 * @returns {any} the same with descriptors
 */
function withDescriptors(options, shared) {
  const stdio = options.stdio.map((entry) => {
    if (!shared.includes(entry)) return entry;
    const fd = entry._handle?.fd;
    // What has none is refused by node, under its own name.
    return fd >= 0 ? fd : entry;
  });
  return { ...options, stdio };
}

/**
 * What the child reads, this process must not.
 *
 * @param {any[]} shared
 */
function leaveToChild(shared) {
  for (const socket of shared) {
    // A Server does not read.
    if (!socket._handle || !('pause' in socket)) continue;
    socket._handle.reading = false;
    socket._handle.readStop();
    socket.pause();
    forgetRead(socket);
  }
}

module.exports = { leaveToChild, sendHandle, withDescriptors };
