'use strict';

/*
 * From the options of `connect` to an attempt: checks them, asks for the
 * host's addresses and chooses between one attempt and a race.
 */

const dns = require('dns');
const debug = require('util').debuglog('net');

const family = require('./auto-select-family');
const { connectOnce } = require('./attempt');
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
  // A bound handle has its local end already.
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
  if (autoSelectFamily == null) return family.getDefaultAutoSelectFamily();
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
 * @property {boolean} autoSelectFamily
 * @property {number} timeout of one attempt
 * @property {object} options the user's own
 */

/** @returns {Target} */
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
 * Connects to a host and a port.
 *
 * @param {any} socket
 * @param {any} options those of `connect`
 */
function connectSocket(socket, options) {
  const target = readTarget(socket, options);
  const addressFamily = isIP(target.host);
  if (addressFamily === 0) {
    lookupAndConnect(socket, target);
  } else if (socket[kBoundSource]) {
    // In this tick, so that the local address is there on return.
    connectTo(socket, target, target.host, addressFamily);
  } else {
    // Not in this tick: the caller has its listeners to add.
    process.nextTick(connectNT, socket, target, addressFamily);
  }
}

function readLookupOptions({ family: wanted, hints }) {
  const result = {
    family: kDnsFamilies[wanted] ?? wanted,
    hints: hints || 0,
  };
  const isFixed = result.family === 4 || result.family === 6;
  // Windows would give no addresses at all without a network.
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
  // Taken from the module now, since users replace it.
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

/** Not in this tick: a custom lookup may answer before listeners are added. */
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
  // A lookup cannot be cancelled; the socket may be gone.
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
 * Reports each address, and leaves out what cannot be used.
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

/** Alternates the families, beginning with that of the first address. */
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
  startRace(socket, {
    addresses: interleave(usable),
    port,
    localPort,
    timeout,
  });
}

module.exports = { connectPath, connectSocket };
