'use strict';

/*
 * Moves a Socket or Server to another thread. A transferList only takes classes
 * of node's binary. So the descriptor is left with the native side, which all
 * threads of the process share. The other thread gets a transfer token, a plain
 * object that can be cloned.
 */

const { randomUUID } = require('crypto');
const { isUint8Array } = require('util').types;

const { ErrnoException, codes } = require('../common/errors');
const { Pipe, TCP } = require('../handle/tcp-pipe');
const { isOwnInstance } = require('../node/instance-of');
const { hasEnded } = require('../node/stream-state');
const { closeDescriptor, withdrawDescriptor } = require('../handle/native');
const { Server } = require('../server/server');
const { Socket } = require('../socket/socket');
const { createHandle, openOrClose, takeReceived } = require('../socket/attach');

const {
  ERR_INVALID_ARG_TYPE,
  ERR_INVALID_STATE,
  ERR_WORKER_HANDLE_NOT_TRANSFERABLE,
} = codes;

function deposit(handle) {
  const id = randomUUID();
  const status = handle.deposit(id);
  if (status) throw new ErrnoException(status, 'dup');
  return id;
}

function withdraw(id) {
  const fd = withdrawDescriptor(id);
  if (fd >= 0) return fd;
  throw new ERR_INVALID_STATE('The transfer token was used or discarded');
}

// True when the other thread can continue the socket. A token does not carry an
// EOF that was already seen, nor a decoder that holds half a character.
function isMovable(socket) {
  const handle = socket._handle;
  if (!(handle instanceof TCP || handle instanceof Pipe)) return false;
  if (socket.connecting || socket.destroyed) return false;
  if (socket.readableEnded || hasEnded(socket)) return false;
  if (socket.writableEnded || socket.readableEncoding !== null) return false;
  return socket.writableLength === 0;
}

function detachSocket(socket) {
  const createRejection = () =>
    new ERR_WORKER_HANDLE_NOT_TRANSFERABLE('net.Socket');
  if (!isMovable(socket)) throw createRejection();
  const handle = socket._handle;
  // Coalesced writes must have been sent before the move.
  if (handle.flush() !== 0 || handle.writeQueueSize > 0) {
    throw createRejection();
  }
  const id = deposit(handle);
  const received = takeReceived(socket);
  const { allowHalfOpen } = socket;
  socket._handle = null;
  handle.close();
  socket.destroy();
  return { type: 'net.Socket', id, received, options: { allowHalfOpen } };
}

function detachServer(server) {
  const handle = server._handle;
  // A Unix server's path is unlinked by the handle that bound it. Node does not
  // transfer such servers either.
  if (!(handle instanceof TCP)) {
    throw new ERR_WORKER_HANDLE_NOT_TRANSFERABLE('net.Server');
  }
  const id = deposit(handle);
  server._handle = null;
  handle.close();
  const options = {
    allowHalfOpen: server.allowHalfOpen,
    pauseOnConnect: server.pauseOnConnect,
    noDelay: server.noDelay,
    keepAlive: server.keepAlive,
    keepAliveInitialDelay: server.keepAliveInitialDelay * 1000,
    highWaterMark: server.highWaterMark,
  };
  return { type: 'net.Server', id, received: null, options };
}

/**
 * Takes a socket or server from its thread, to be moved to another one.
 *
 * @param {any} subject a connected Socket, or a Server that listens on TCP
 * @returns {any} a transfer token, for one `attach` in any thread of this process
 * @throws {Error} ERR_WORKER_HANDLE_NOT_TRANSFERABLE when it cannot be moved in
 *   its state; ERR_INVALID_ARG_TYPE for any other object
 */
function detach(subject) {
  if (isOwnInstance(Socket, subject)) return detachSocket(subject);
  if (isOwnInstance(Server, subject)) return detachServer(subject);
  const expected = ['rust-net.Socket', 'rust-net.Server'];
  throw new ERR_INVALID_ARG_TYPE('subject', expected, subject);
}

function validateToken(token) {
  const isKnown = ['net.Socket', 'net.Server'].includes(token?.type);
  if (isKnown && typeof token.id === 'string') return;
  throw new ERR_INVALID_ARG_TYPE('token', 'TransferToken', token);
}

function openDescriptor(fd, isServer) {
  try {
    return openOrClose(createHandle(fd, isServer), fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function listenOn(handle, options) {
  try {
    return Reflect.construct(Server, [options]).listen(handle);
  } catch (error) {
    // Denied by node's permission model. The handle has no other owner.
    handle.close();
    throw error;
  }
}

/**
 * Makes the Socket or Server of a transfer token in this thread.
 *
 * @param {any} token a transfer token
 * @returns {any} the Socket, which has not begun to read, or the Server
 * @throws {Error} ERR_INVALID_STATE when the token was used or discarded
 */
function attach(token) {
  validateToken(token);
  const isServer = token.type === 'net.Server';
  const handle = openDescriptor(withdraw(token.id), isServer);
  if (isServer) return listenOn(handle, token.options);
  const options = { ...token.options, handle, manualStart: true };
  /** @type {any} */
  const socket = Reflect.construct(Socket, [options]);
  // A cloned Buffer arrives as a plain Uint8Array.
  const { received } = token;
  if (isUint8Array(received)) socket.unshift(Buffer.from(received));
  return socket;
}

/**
 * Closes the descriptor behind a token that was not attached.
 *
 * @param {any} token
 * @returns {boolean} true when there was a descriptor to close
 */
function discard(token) {
  validateToken(token);
  const fd = withdrawDescriptor(token.id);
  if (fd >= 0) closeDescriptor(fd);
  return fd >= 0;
}

module.exports = { attach, detach, discard };
