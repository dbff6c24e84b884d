'use strict';

/*
 * Where a server in a cluster's worker gets its handle: from the primary.
 */

const { checkBindError } = require('../connect/attempt');
const { ExceptionWithHostPort } = require('../common/errors');
const { adoptNativeHandle } = require('../handle/tcp-pipe');
const { askPrimary, hasPrimary } = require('../node/cluster');
const { setNodeOwner } = require('../node/owner');

/**
 * Listens by a handle of ours on the socket that the primary shares. Node's
 * handle stays open beside it: its `close` is what tells the primary.
 *
 * @param {any} handle node's own; or the stand-in of the round robin, which
 *   has no socket
 * @returns {any}
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
 * Listens, or in a cluster's worker has the primary bind.
 *
 * @param {any} server
 * @param {object} query what cluster asks the primary for
 * @param {boolean} exclusive leaves the primary out
 */
function listenInCluster(server, query, exclusive) {
  const { address, port, addressType, backlog, fd, flags } = query;
  // Through the method, which packages wrap.
  const listen = () =>
    server._listen2(address, port, addressType, backlog, fd, flags);

  if (exclusive || !hasPrimary()) {
    listen();
    return;
  }
  const listeningId = server._listeningId;
  askPrimary(server, query, (status, handle) => {
    // Closed, or told to listen elsewhere, in the meantime.
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
