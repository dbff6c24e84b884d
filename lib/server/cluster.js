'use strict';

/*
 * Gets the handle of a server in a cluster worker from the primary.
 */

const { checkBindError } = require('../connect/attempt');
const { ExceptionWithHostPort } = require('../common/errors');
const { adoptNativeHandle } = require('../handle/tcp-pipe');
const { askPrimary, hasPrimary } = require('../node/cluster');
const { setNodeOwner } = require('../node/owner');

/**
 * Duplicates the socket that the primary shares into a handle of rust-net. Node's
 * handle stays open with it, because closing it is how the primary is notified.
 *
 * @param {any} handle node's own; under round robin a stand-in without a socket
 * @returns {any} the handle to listen with
 */
function shareHandle(handle) {
  const own = adoptNativeHandle(handle);
  if (own === null || typeof own === 'number') return handle;
  const { close } = own;
  own.close = function (callback) {
    handle.close();
    return close.call(this, callback);
  };
  return own;
}

/**
 * Listens directly or, in a cluster worker, on a handle that the primary binds.
 *
 * @param {any} server
 * @param {object} query what cluster asks the primary for
 * @param {boolean} exclusive true to listen without the primary
 */
function listenInCluster(server, query, exclusive) {
  const { address, port, addressType, backlog, fd, flags } = query;
  // Calls the method, because packages wrap it.
  const listen = () =>
    server._listen2(address, port, addressType, backlog, fd, flags);

  if (exclusive || !hasPrimary()) {
    listen();
    return;
  }
  const listeningId = server._listeningId;
  askPrimary(server, query, (status, handle) => {
    // The server was closed, or listens elsewhere, in the meantime.
    if (listeningId !== server._listeningId) {
      handle.close();
      return;
    }
    const failure = checkBindError(status, port, handle);
    if (failure) {
      const error = new ExceptionWithHostPort(failure, 'bind', address, port);
      server.emit('error', error);
      return;
    }
    server._handle?.close();
    server._handle = shareHandle(handle);
    setNodeOwner(handle, server);
    listen();
  });
}

module.exports = { listenInCluster };
