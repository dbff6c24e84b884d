'use strict';

/*
 * One connection, from a socket of ours to one of node's and back. A descriptor
 * never has two owners: the new socket gets one of its own, and the old one is
 * destroyed.
 */

const { codes } = require('../common/errors');
const { StreamHandle } = require('../handle/handle');
const { isOwnInstance } = require('../node/instance-of');
const { createTwin } = require('./duplicate');
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

// Small writes of ours count as written while they wait to leave together.
function hasUnsent(handle) {
  if (!(handle instanceof StreamHandle)) return false;
  return handle.flush() !== 0 || handle.writeQueueSize > 0;
}

// What had been read before the move comes first. A socket that nobody reads
// is not started by this.
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
 * @param {any} socket a connected one of ours; it is destroyed
 * @returns {import('net').Socket} one of node's on the same connection, which
 *   has not begun to read
 */
function toNode(socket) {
  if (!isOwnInstance(Socket, socket)) {
    throw new ERR_INVALID_ARG_TYPE('socket', 'rust-net.Socket', socket);
  }
  checkMovable(socket);
  const handle = socket._handle;
  const options = /** @type {any} */ (optionsOf(socket, createTwin(handle)));
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
  // What a Socket goes by; on Windows the next one has the same handle.
  handle.reading = false;
  try {
    return Reflect.construct(Socket, [optionsOf(socket, handle)]);
  } catch (error) {
    // It is node's still, and goes on.
    if (reading) {
      handle.reading = true;
      handle.readStart();
    }
    throw error;
  }
}

/**
 * @param {any} socket a connected one of node's; it is destroyed
 * @returns {any} one of ours on the same connection, which has not begun to
 *   read
 */
function fromNode(socket) {
  const isNodes = socket instanceof nodeNet.Socket;
  if (!isNodes || /** @type {any} */ (socket).encrypted) {
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
