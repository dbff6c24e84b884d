'use strict';

/*
 * Moves a connection from a socket of rust-net to one of node:net, and back. No
 * descriptor ever has two owners: the new socket gets its own, and the old socket
 * is destroyed.
 */

const { codes } = require('../common/errors');
const { StreamHandle } = require('../handle/handle');
const { isOwnInstance } = require('../node/instance-of');
const { createDuplicate } = require('../handle/duplicate');
const nodeNet = require('../node/net');
const { Socket } = require('../socket/socket');
const {
  isNodeHandle,
  takeBuffered,
  takeReceived,
} = require('../socket/attach');

const { ERR_INVALID_ARG_TYPE, ERR_SOCKET_CLOSED } = codes;

function checkMovable(socket) {
  if (!socket._handle || socket.connecting || socket.destroyed) {
    throw new ERR_SOCKET_CLOSED();
  }
  if (socket.writableLength > 0 || hasUnsent(socket._handle)) {
    throw new Error(
      'The socket has data to send: wait for the callback of its last write',
    );
  }
}

// Small writes that are held back by coalescing already count as written.
function hasUnsent(handle) {
  if (!(handle instanceof StreamHandle)) return false;
  return handle.flush() !== 0 || handle.writeQueueSize > 0;
}

// Bytes that were read before the move come first. This does not start reading.
function passOn(chunk, to) {
  if (chunk !== null) to.unshift(chunk);
}

function optionsOf(socket, handle) {
  return {
    handle,
    allowHalfOpen: socket.allowHalfOpen,
    readable: true,
    writable: true,
    manualStart: true,
  };
}

/**
 * Moves a connection to a socket of node:net.
 *
 * @param {any} socket a connected socket of rust-net; it is destroyed
 * @returns {import('net').Socket} has not begun to read
 * @throws {Error} ERR_INVALID_ARG_TYPE for any other object; ERR_SOCKET_CLOSED
 *   when it is not connected; a plain error when it has data to send
 */
function toNode(socket) {
  if (!isOwnInstance(Socket, socket)) {
    throw new ERR_INVALID_ARG_TYPE('socket', 'rust-net.Socket', socket);
  }
  checkMovable(socket);
  const handle = socket._handle;
  // TLS has got the connection, or it is a pipe of node's on Windows.
  if (!(handle instanceof StreamHandle)) {
    throw new ERR_INVALID_ARG_TYPE('socket', 'rust-net.Socket', socket);
  }
  const options = /** @type {any} */ (
    optionsOf(socket, createDuplicate(handle))
  );
  const moved = new nodeNet.Socket(options);
  passOn(takeReceived(socket), moved);
  socket._handle = null;
  handle.close();
  socket.destroy();
  return moved;
}

// On Windows node's handles have no descriptor.
function isOpenInNode(handle) {
  if (handle instanceof StreamHandle) return false;
  return process.platform === 'win32' ? isNodeHandle(handle) : handle.fd >= 0;
}

function takeFromNode(socket, handle) {
  const { reading } = handle;
  handle.readStop();
  // The new Socket looks at this flag; on Windows it keeps the same handle.
  handle.reading = false;
  try {
    return Reflect.construct(Socket, [optionsOf(socket, handle)]);
  } catch (error) {
    // The handle still belongs to node's socket, which continues.
    if (reading) {
      handle.reading = true;
      handle.readStart();
    }
    throw error;
  }
}

/**
 * Moves a connection to a socket of rust-net.
 *
 * @param {any} socket a connected socket of node:net; it is destroyed
 * @returns {any} a rust-net Socket, which has not begun to read
 * @throws {Error} ERR_INVALID_ARG_TYPE for any other object, a TLSSocket
 *   included; ERR_SOCKET_CLOSED when it is not connected; a plain error when it
 *   has data to send
 */
function fromNode(socket) {
  const isNodeSocket = socket instanceof nodeNet.Socket;
  if (!isNodeSocket || /** @type {any} */ (socket).encrypted) {
    throw new ERR_INVALID_ARG_TYPE('socket', 'net.Socket', socket);
  }
  checkMovable(socket);
  const handle = /** @type {any} */ (socket)._handle;
  if (!isOpenInNode(handle)) {
    throw new ERR_INVALID_ARG_TYPE('socket', 'net.Socket', socket);
  }
  const moved = takeFromNode(socket, handle);
  passOn(takeBuffered(socket), moved);
  /** @type {any} */ (socket)._handle = null;
  socket.destroy();
  return moved;
}

module.exports = { fromNode, toNode };
