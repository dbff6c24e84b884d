'use strict';

/*
 * Sends a socket or server of rust-net to another process. Node only sends
 * objects of its own classes with its own handles. So it gets a surrogate of such
 * a class, on a duplicated descriptor.
 */

const { StreamHandle } = require('../handle/handle');
const { isOwnInstance } = require('../node/instance-of');
const { createDuplicate, lastingDuplicate } = require('../handle/duplicate');
const nodeNet = require('../node/net');
const { forgetRead } = require('../node/stream-state');

/** The handles in node's send queue, by the placeholder that is queued instead. */
const placeholders = new WeakMap();

function noop() {}

function isOpen(handle) {
  return handle instanceof StreamHandle && handle.isOpen;
}

/**
 * Makes the server of a surrogate. Node registers the list that counts a sent
 * socket with its server, by the server's key, and decrements `_connections`.
 * `sendSocket` decrements the real count itself, because only it knows whether
 * the socket is kept.
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
 * Separates the socket from its handle. The handle stays open until node closes
 * the duplicate, which it does once the other process has its copy.
 */
function detach(socket, duplicate) {
  const handle = socket._handle;
  handle.readStop();
  handle.onread = noop;
  handle.onwriteerror = noop;
  socket._handle = null;
  socket.setTimeout(0);
  const { close } = duplicate;
  duplicate.close = function (callback) {
    handle.close();
    return close.call(this, callback);
  };
}

// Detaches an http server's parser from the socket; node frees it through the
// surrogate.
function releaseHttp(socket, surrogate) {
  if (!socket.parser || surrogate.parser !== null) return;
  socket.parser = null;
  socket._httpMessage?.detachSocket(socket);
}

function createSurrogate(socket, duplicate) {
  /** @type {any} */
  const surrogate = new nodeNet.Socket();
  surrogate._handle = duplicate;
  surrogate.parser = socket.parser;
  const server = socket._server ?? socket.server;
  surrogate.server = server ? createCounter(server) : null;
  return surrogate;
}

/**
 * Sends a Socket. Node never keeps the surrogate open, even with `keepOpen`: it
 * closes the duplicate, and this function decides about the socket.
 */
function sendSocket(target, send, args) {
  const { message, handle: socket, callback } = args;
  // In old releases the options were one boolean.
  const options =
    typeof args.options === 'boolean'
      ? { swallowErrors: args.options }
      : { ...args.options };
  const keep = Boolean(options.keepOpen);
  options.keepOpen = false;
  const duplicate = createDuplicate(socket._handle);
  const surrogate = createSurrogate(socket, duplicate);
  if (keep) surrogate.parser = undefined;
  let result;
  try {
    result = send.call(target, message, surrogate, options, callback);
  } catch (error) {
    duplicate.close();
    throw error;
  }
  if (!keep) {
    const server = socket._server ?? socket.server;
    if (server) server._connections--;
    detach(socket, duplicate);
    releaseHttp(socket, surrogate);
  }
  return result;
}

function sendServer(target, send, args) {
  const { message, handle: server, options, callback } = args;
  /** @type {any} */
  const surrogate = new nodeNet.Server();
  surrogate._handle = lastingDuplicate(server._handle);
  return send.call(target, message, surrogate, options, callback);
}

/**
 * Queues a message in node, which sends one handle at a time. The placeholder
 * keeps the handle free until node sends the message by `_send`.
 */
function queue(target, send, args) {
  const { message, handle, options, callback } = args;
  const placeholder = Object.create(nodeNet.Socket.prototype);
  placeholders.set(placeholder, handle);
  return send.call(target, message, placeholder, options, callback);
}

/**
 * Sends a message with a handle of any kind, in place of `target._send`.
 *
 * @param {any} target a ChildProcess, or `process`
 * @param {Function} send node's `_send`
 * @param {{ message: any, handle: any, options: any, callback: any }} given
 * @param {{ Socket: Function, Server: Function }} classes rust-net's
 * @returns {boolean} as `subprocess.send`
 */
function sendHandle(target, send, given, { Socket, Server }) {
  const handle = placeholders.get(given.handle) ?? given.handle;
  const args = { ...given, handle };
  const { message, options, callback } = args;
  const isSocket = isOwnInstance(Socket, handle);
  const isServer = isOwnInstance(Server, handle);
  if (!isSocket && !isServer && !(handle instanceof StreamHandle)) {
    return send.call(target, message, handle, options, callback);
  }
  if (target._handleQueue) return queue(target, send, args);
  const inner = handle instanceof StreamHandle ? handle : handle._handle;
  // As node does for an object whose handle is closed: only the message is sent.
  if (!isOpen(inner)) {
    return send.call(target, message, undefined, options, callback);
  }
  if (isSocket) return sendSocket(target, send, args);
  if (isServer) return sendServer(target, send, args);
  return send.call(target, message, lastingDuplicate(inner), options, callback);
}

/**
 * Replaces rust-net's sockets in a child's `stdio` by their descriptors, which
 * the child inherits.
 *
 * @param {any} options of spawn
 * @param {any[]} shared the entries of `stdio` that are rust-net's
 * @returns {any} a copy of the options
 */
function withDescriptors(options, shared) {
  const stdio = options.stdio.map((entry) => {
    if (!shared.includes(entry)) return entry;
    const fd = entry._handle?.fd;
    // Without a descriptor node rejects the entry, with its usual error.
    return fd >= 0 ? fd : entry;
  });
  return { ...options, stdio };
}

/**
 * Stops reading the sockets that a child now reads.
 *
 * @param {any[]} shared the sockets and servers of its `stdio`
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
