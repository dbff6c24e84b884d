'use strict';

/*
 * Turns the options of `connect` into an attempt: validates them, looks up the
 * host's addresses, and chooses between a single attempt and a race.
 */

const dns = require('dns');
const debug = require('util').debuglog('net');

const family = require('./auto-select-family');
const { connectOnce } = require('./attempt');
const { startParallelRace } = require('./parallel-race');
const { startRace } = require('./race');
const { codes } = require('../common/errors');
const { isIP } = require('../address/ip');
const { kBoundSource } = require('../common/symbols');
const { kAsyncId } = require('../node/symbols');
const { runTriggeredBy } = require('../node/trigger');
const {
  validateBoolean,
  validateFunction,
  validateInt32,
  validateNumber,
  validatePort,
  validateStringWithoutNullBytes,
} = require('../common/validators');

const {
  ERR_INVALID_ADDRESS_FAMILY,
  ERR_INVALID_ARG_TYPE,
  ERR_INVALID_ARG_VALUE,
  ERR_INVALID_IP_ADDRESS,
} = codes;

const kDnsFamilies = { __proto__: null, IPv4: 4, IPv6: 6 };

/**
 * Connects to a Unix socket or a named pipe.
 *
 * @param {any} socket
 * @param {string} path
 */
function connectPath(socket, path) {
  connectOnce(socket, { address: path });
}

function checkLocalEnd(socket, options) {
  const { localAddress, localPort } = options;
  // A bound handle already has its local end.
  if (
    socket[kBoundSource] &&
    (localAddress !== undefined || localPort !== undefined)
  ) {
    throw new ERR_INVALID_ARG_VALUE(
      'options',
      options,
      'localAddress and localPort cannot be used with an adopted bound socket',
    );
  }
  if (localAddress && !isIP(localAddress)) {
    throw new ERR_INVALID_IP_ADDRESS(localAddress);
  }
  if (localPort) validateNumber(localPort, 'options.localPort');
}

function readPort({ port }) {
  if (port === undefined) return 0;
  if (typeof port !== 'number' && typeof port !== 'string') {
    throw new ERR_INVALID_ARG_TYPE('options.port', ['number', 'string'], port);
  }
  return validatePort(port);
}

function readAutoSelectFamily(socket, { autoSelectFamily }) {
  // One handle cannot be bound to more than one address.
  if (socket[kBoundSource]) return false;
  if (autoSelectFamily == null) return family.defaultRace();
  if (autoSelectFamily === family.PARALLEL) return autoSelectFamily;
  validateBoolean(autoSelectFamily, 'options.autoSelectFamily');
  return autoSelectFamily;
}

function readAttemptTimeout({ autoSelectFamilyAttemptTimeout: timeout }) {
  if (timeout == null) return family.getDefaultAutoSelectFamilyAttemptTimeout();
  validateInt32(timeout, 'options.autoSelectFamilyAttemptTimeout', 1);
  return family.clampAttemptTimeout(timeout);
}

/**
 * @typedef {object} Target
 * @property {string} host
 * @property {number} port
 * @property {string} [localAddress]
 * @property {number} [localPort]
 * @property {boolean | 'parallel'} autoSelectFamily
 * @property {number} timeout of one attempt, or in parallel before the next, in
 *   milliseconds
 * @property {object} options the user's own
 */

/**
 * Validates the options of `connect`.
 *
 * @returns {Target}
 */
function readTarget(socket, options) {
  const host = options.host || 'localhost';
  validateStringWithoutNullBytes(host, 'options.host');
  checkLocalEnd(socket, options);
  const port = readPort(options);
  const autoSelectFamily = readAutoSelectFamily(socket, options);
  const timeout = readAttemptTimeout(options);
  const { localAddress, localPort } = options;
  return {
    host,
    port,
    localAddress,
    localPort,
    autoSelectFamily,
    timeout,
    options,
  };
}

function connectTo(socket, target, address, addressFamily) {
  const { port, localAddress, localPort } = target;
  connectOnce(socket, {
    address,
    port,
    family: addressFamily,
    localAddress,
    localPort,
  });
}

function connectNT(socket, target, addressFamily) {
  if (socket.connecting) connectTo(socket, target, target.host, addressFamily);
}

/**
 * Connects to a host and a port. Failures of the lookup and of the attempts
 * destroy the socket.
 *
 * @param {any} socket
 * @param {any} options those of `connect`
 * @throws {Error} ERR_INVALID_ARG_TYPE and its siblings for invalid options
 */
function connectSocket(socket, options) {
  const target = readTarget(socket, options);
  const addressFamily = isIP(target.host);
  if (addressFamily === 0) {
    lookupAndConnect(socket, target);
  } else if (socket[kBoundSource]) {
    // In this tick, so that the local address is known on return.
    connectTo(socket, target, target.host, addressFamily);
  } else {
    // In the next tick, so that the caller can add its listeners first.
    process.nextTick(connectNT, socket, target, addressFamily);
  }
}

function readLookupOptions({ family: wanted, hints }) {
  const result = {
    family: kDnsFamilies[wanted] ?? wanted,
    hints: hints || 0,
  };
  const isFixed = result.family === 4 || result.family === 6;
  // Without a network, Windows would return no addresses at all.
  if (process.platform !== 'win32' && !isFixed && result.hints === 0) {
    result.hints = dns.ADDRCONFIG;
  }
  return { lookupOptions: result, isFixed };
}

function lookupAndConnect(socket, target) {
  const { host, options } = target;
  if (options.lookup != null) {
    validateFunction(options.lookup, 'options.lookup');
  }
  const { lookupOptions, isFixed } = readLookupOptions(options);
  debug('connect: find host', host);
  debug('connect: dns options', lookupOptions);
  socket._host = host;
  // Read from the module on each call, because users replace it.
  const lookup = options.lookup || dns.lookup;

  if (target.autoSelectFamily && !isFixed && !target.localAddress) {
    debug('connect: autodetecting');
    lookupOptions.all = true;
    runTriggeredBy(
      socket[kAsyncId],
      lookup,
      host,
      lookupOptions,
      (error, addresses) => onLookupAll(socket, target, error, addresses),
    );
  } else {
    runTriggeredBy(
      socket[kAsyncId],
      lookup,
      host,
      lookupOptions,
      (error, address, addressFamily) =>
        onLookup(socket, target, error, address, addressFamily),
    );
  }
}

function destroyNT(socket, error) {
  socket.destroy(error);
}

/**
 * Destroys the socket in the next tick: a custom lookup may call back before the
 * caller has added its listeners.
 */
function failLookup(socket, error) {
  process.nextTick(destroyNT, socket, error);
}

function isFamily(value) {
  return value === 4 || value === 6;
}

function createAddressError({ options }, address, addressFamily) {
  if (typeof address !== 'string' || !isIP(address)) {
    return new ERR_INVALID_IP_ADDRESS(address);
  }
  if (isFamily(addressFamily)) return null;
  return new ERR_INVALID_ADDRESS_FAMILY(
    addressFamily,
    options.host,
    options.port,
  );
}

function onLookup(socket, target, lookupError, address, addressFamily) {
  socket.emit('lookup', lookupError, address, addressFamily, target.host);
  // A lookup cannot be cancelled, so the socket may be destroyed by now.
  if (!socket.connecting) return;
  const error =
    lookupError || createAddressError(target, address, addressFamily);
  if (error) {
    failLookup(socket, error);
    return;
  }
  socket._unrefTimer();
  connectTo(socket, target, address, addressFamily);
}

/**
 * Emits 'lookup' for each address, and returns the usable ones without duplicates.
 *
 * @returns {Array<{ address: string, family: number }> | null} null when a
 *   listener has destroyed the socket
 */
function reportAddresses(socket, host, noError, addresses) {
  const seen = new Set();
  const usable = [];
  for (const entry of addresses) {
    const { address, family: addressFamily } = entry;
    socket.emit('lookup', noError, address, addressFamily, host);
    if (!socket.connecting) return null;
    if (!isIP(address) || !isFamily(addressFamily)) continue;
    const key = `${addressFamily} ${address}`;
    if (!seen.has(key)) usable.push(entry);
    seen.add(key);
  }
  return usable;
}

/** Alternates the families, starting with that of the first address. */
function interleave(addresses) {
  const first = addresses.filter((a) => a.family === addresses[0].family);
  const second = addresses.filter((a) => a.family !== addresses[0].family);
  const result = [];
  const length = Math.max(first.length, second.length);
  for (let i = 0; i < length; i++) {
    if (i < first.length) result.push(first[i]);
    if (i < second.length) result.push(second[i]);
  }
  return result;
}

function onLookupAll(socket, target, error, addresses) {
  if (!socket.connecting) return;
  if (error) {
    socket.emit('lookup', error, undefined, undefined, target.host);
    failLookup(socket, error);
    return;
  }
  const usable = reportAddresses(socket, target.host, error, addresses);
  if (usable === null) return;
  if (usable.length === 0) {
    const { address, family: addressFamily } = addresses[0];
    failLookup(socket, createAddressError(target, address, addressFamily));
    return;
  }
  socket._unrefTimer();
  if (usable.length === 1) {
    debug(
      'connect/multiple: only one address found, switching back to single connection',
    );
    connectTo(socket, target, usable[0].address, usable[0].family);
    return;
  }
  const { port, localPort, timeout } = target;
  const isParallel = target.autoSelectFamily === family.PARALLEL;
  const start = isParallel ? startParallelRace : startRace;
  start(socket, {
    addresses: interleave(usable),
    port,
    localPort,
    timeout,
  });
}

module.exports = { connectPath, connectSocket };
