'use strict';

/*
 * Happy eyeballs (RFC 8305) as node does it: tries the addresses of a host one
 * after the other, each for a limited time. The first that connects wins.
 */

const { clearTimeout, setTimeout } = require('timers');
const debug = require('util').debuglog('net');

const attempt = require('./attempt');
const { NodeAggregateError, codes } = require('../common/errors');
const { TCP, tcpConstants } = require('../handle/tcp-pipe');
const { uv } = require('../handle/native');
const { kTimeout } = require('../node/symbols');
const { startEntry } = require('../node/perf-entries');
const { kReinitializeHandle } = require('../common/symbols');

const { ERR_SOCKET_CONNECTION_TIMEOUT } = codes;

/**
 * Tries the addresses in order until one connects. Destroys the socket if none
 * does.
 *
 * @param {any} socket
 * @param {object} race
 * @param {Array<{ address: string, family: number }>} race.addresses
 * @param {number} race.port
 * @param {number} [race.localPort]
 * @param {number} race.timeout of each attempt but the last, in ms
 */
function startRace(socket, { addresses, port, localPort, timeout }) {
  socket.autoSelectFamilyAttemptedAddresses = [];
  debug('connect/multiple: will try the following addresses', addresses);
  tryNext({
    socket,
    addresses,
    current: 0,
    port,
    localPort,
    timeout,
    [kTimeout]: null,
    errors: [],
  });
}

function giveUp({ socket, errors }) {
  socket.destroy(
    errors.length === 0
      ? new ERR_SOCKET_CONNECTION_TIMEOUT()
      : new NodeAggregateError(errors),
  );
}

function tryNext(race, isCanceled) {
  clearTimeout(race[kTimeout]);
  const { socket, addresses } = race;
  // A listener, or the user's signal, has destroyed the socket.
  if (!socket.connecting) return;
  if (isCanceled || race.current === addresses.length) {
    giveUp(race);
    return;
  }
  const index = race.current++;
  // Each attempt needs its own handle; the socket already has the first one.
  if (index > 0) socket[kReinitializeHandle](new TCP(tcpConstants.SOCKET));
  tryAddress(race, index);
}

function tryAddress(race, index) {
  const { socket, port, localPort } = race;
  const { address, family } = race.addresses[index];
  const endpoint = { address, family, port, localPort };

  const { req, error } = attempt.startRaced(
    socket,
    endpoint,
    afterConnectMultiple.bind(undefined, race, index),
  );
  if (error) {
    race.errors.push(error);
    tryNext(race);
  } else if (req && index < race.addresses.length - 1) {
    debug(
      'connect/multiple: setting the attempt timeout to %d ms',
      race.timeout,
    );
    race[kTimeout] = setTimeout(
      onAttemptTimeout,
      race.timeout,
      race,
      req,
      socket._handle,
    );
  }
}

/** Handles the outcome of one attempt of a race: its `oncomplete`. */
function afterConnectMultiple(race, index, status, handle, req, ...open) {
  const { address, port } = req;
  debug(
    'connect/multiple: connection attempt to %s:%s completed with status %s',
    address,
    port,
    status,
  );
  clearTimeout(race[kTimeout]);
  const { socket } = race;

  if (status !== 0) {
    race.errors.push(attempt.failStarted(socket, req, status));
    // A listener may have destroyed the socket.
    if (socket.connecting) tryNext(race, status === uv.UV_ECANCELED);
  } else if (index !== race.current - 1) {
    debug(
      'connect/multiple: ignoring successful but timedout connection to %s:%s',
      address,
      port,
    );
    handle.close();
  } else if (!socket.destroyed) {
    const [readable, writable] = open;
    startEntry(socket, address, port);
    attempt.finishConnect(socket, readable, writable);
  }
}

function onAttemptTimeout(race, req, handle) {
  const { address, port, addressType: family } = req;
  debug('connect/multiple: connection to %s:%s timed out', address, port);
  const { socket } = race;
  socket.emit('connectionAttemptTimeout', address, port, family);
  req.oncomplete = undefined;
  race.errors.push(attempt.createConnectError(req, uv.UV_ETIMEDOUT));
  handle.close();
  if (socket.connecting) tryNext(race);
}

module.exports = { startRace };
