'use strict';

/*
 * A Socket or Server that moves to another thread. Only classes inside node's
 * binary can stand in a transferList; so the descriptor is left with the native
 * side, which all threads of a process share, and a plain object that can be
 * cloned goes to the other thread in its place.
 */

const { randomUUID } = require('crypto');
const { isUint8Array } = require('util').types;

const { ErrnoException, codes } = require('../common/errors');
const { Pipe, TCP } = require('../handle/tcp-pipe');
const { isOwnInstance } = require('../node/instance-of');
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
  throw new ERR_INVALID_STATE('The ticket has been used or discarded');
}

// An end that is over, or a decoder with half a character, cannot be told to
// the other side.
function isMovable(socket) {
  const handle = socket._handle;
  if (!(handle instanceof TCP || handle instanceof Pipe)) return false;
  if (socket.connecting || socket.destroyed) return false;
  if (socket.readableEnded || socket._readableState.ended) return false;
  if (socket.writableEnded || socket.readableEncoding !== null) return false;
  return socket.writableLength === 0;
}

function detachSocket(socket) {
  const refused = () => new ERR_WORKER_HANDLE_NOT_TRANSFERABLE('net.Socket');
  if (!isMovable(socket)) throw refused();
  const handle = socket._handle;
  // Small writes that were deferred leave first, or not at all.
  if (handle.flush() !== 0 || handle.writeQueueSize > 0) throw refused();
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
  // The path of a Unix server goes with the handle that bound it: node moves
  // none of them either.
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
 * @param {any} subject a connected Socket, or a Server that listens on TCP
 * @returns {any} a ticket, for one `attach` in any thread of this process
 */
function detach(subject) {
  if (isOwnInstance(Socket, subject)) return detachSocket(subject);
  if (isOwnInstance(Server, subject)) return detachServer(subject);
  const expected = ['rust-net.Socket', 'rust-net.Server'];
  throw new ERR_INVALID_ARG_TYPE('subject', expected, subject);
}

function validateTicket(ticket) {
  const isKnown = ['net.Socket', 'net.Server'].includes(ticket?.type);
  if (isKnown && typeof ticket.id === 'string') return;
  throw new ERR_INVALID_ARG_TYPE('ticket', 'Ticket', ticket);
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
    // Denied by node's permission model: nobody else has the handle.
    handle.close();
    throw error;
  }
}

/**
 * @param {any} ticket
 * @returns {any} the Socket, which has not begun to read, or the Server
 */
function attach(ticket) {
  validateTicket(ticket);
  const isServer = ticket.type === 'net.Server';
  const handle = openDescriptor(withdraw(ticket.id), isServer);
  if (isServer) return listenOn(handle, ticket.options);
  const options = { ...ticket.options, handle, manualStart: true };
  /** @type {any} */
  const socket = Reflect.construct(Socket, [options]);
  // A Buffer is a plain Uint8Array on the other side.
  const { received } = ticket;
  if (isUint8Array(received)) socket.unshift(Buffer.from(received));
  return socket;
}

/**
 * Closes what a ticket stands for, if nobody has attached it.
 *
 * @param {any} ticket
 * @returns {boolean} whether there was something to close
 */
function discard(ticket) {
  validateTicket(ticket);
  const fd = withdrawDescriptor(ticket.id);
  if (fd >= 0) closeDescriptor(fd);
  return fd >= 0;
}

module.exports = { attach, detach, discard };
