'use strict';

/*
 * The options of a connection. Options that are set before there is a handle are
 * stored, and applied once the socket is connected.
 */

const { ErrnoException, codes } = require('../common/errors');
const { BlockList } = require('../address/block-list');
const {
  kSetKeepAlive,
  kSetKeepAliveCount,
  kSetKeepAliveInitialDelay,
  kSetKeepAliveInterval,
  kSetNoDelay,
  kSetTOS,
} = require('../common/symbols');
const { validateInt32, validateNumber } = require('../common/validators');

const { ERR_INVALID_ARG_TYPE } = codes;

// Windows restricts the type of service, so node ignores its errors there.
const isWindows = process.platform === 'win32';

/**
 * Converts a delay to the unit of handles.
 *
 * @param {number} msecs
 * @returns {number} whole seconds, rounded towards zero; 0 unless it is a number
 */
function toSeconds(msecs) {
  return ~~(msecs / 1000);
}

/**
 * Validates `keepAliveInitialDelay` in the user's options, and sets a negative
 * one to zero. Throws ERR_INVALID_ARG_TYPE unless it is a number.
 *
 * @param {any} [options]
 */
function validateKeepAliveDelay(options) {
  if (options?.keepAliveInitialDelay === undefined) return;
  validateNumber(
    options.keepAliveInitialDelay,
    'options.keepAliveInitialDelay',
  );
  if (options.keepAliveInitialDelay < 0) options.keepAliveInitialDelay = 0;
}

/**
 * Validates the option `blockList` and stores it. Throws ERR_INVALID_ARG_TYPE
 * unless it is a BlockList.
 *
 * @param {any} target the socket or server
 * @param {any} options
 */
function assignBlockList(target, options) {
  if (!options.blockList) return;
  if (!BlockList.isBlockList(options.blockList)) {
    throw new ERR_INVALID_ARG_TYPE(
      'options.blockList',
      'net.BlockList',
      options.blockList,
    );
  }
  target.blockList = options.blockList;
}

/**
 * Stores the options of the constructor until the socket is connected. Throws
 * unless `typeOfService` is an integer from 0 to 255.
 *
 * @param {any} socket
 * @param {any} options
 */
function rememberOptions(socket, options) {
  socket[kSetNoDelay] = Boolean(options.noDelay);
  socket[kSetKeepAlive] = Boolean(options.keepAlive);
  socket[kSetKeepAliveInitialDelay] = toSeconds(options.keepAliveInitialDelay);
  if (options.typeOfService !== undefined) {
    validateInt32(options.typeOfService, 'options.typeOfService', 0, 255);
  }
  socket[kSetTOS] = options.typeOfService;
}

/** Reads `(enable, initialDelay, interval, count)` or `(options)`. */
function readKeepAlive(args) {
  const { enable } = args;
  const isObject = enable !== null && typeof enable === 'object';
  const given = isObject ? enable : args;
  return {
    [kSetKeepAlive]: Boolean(given.enable),
    [kSetKeepAliveInitialDelay]: toSeconds(given.initialDelay),
    [kSetKeepAliveInterval]:
      given.interval === undefined ? undefined : toSeconds(given.interval),
    [kSetKeepAliveCount]: given.count,
  };
}

function changesKeepAlive(socket, wanted) {
  if (wanted[kSetKeepAlive] !== socket[kSetKeepAlive]) return true;
  if (!wanted[kSetKeepAlive]) return false;
  return Object.getOwnPropertySymbols(wanted).some(
    (key) => wanted[key] !== socket[key],
  );
}

/**
 * Switches Nagle's algorithm off or on.
 *
 * @param {any} socket
 * @param {any} enable undefined counts as true
 * @returns {any} the socket
 */
function setNoDelay(socket, enable) {
  const wanted = enable === undefined ? true : Boolean(enable);
  const handle = socket._handle;
  if (!handle) {
    socket[kSetNoDelay] = wanted;
  } else if (handle.setNoDelay && wanted !== socket[kSetNoDelay]) {
    socket[kSetNoDelay] = wanted;
    handle.setNoDelay(wanted);
  }
  return socket;
}

/**
 * Switches TCP keep-alive on or off.
 *
 * @param {any} socket
 * @param {{ enable: any, initialDelay: any, interval: any, count: any }} args
 *   `enable` may be an object that holds all four; delay and interval are in
 *   milliseconds
 * @returns {any} the socket
 */
function setKeepAlive(socket, args) {
  const wanted = readKeepAlive(args);
  const handle = socket._handle;
  if (!handle) return Object.assign(socket, wanted);
  if (!handle.setKeepAlive || !changesKeepAlive(socket, wanted)) return socket;
  Object.assign(socket, wanted);
  handle.setKeepAlive(
    wanted[kSetKeepAlive],
    wanted[kSetKeepAliveInitialDelay],
    wanted[kSetKeepAliveInterval],
    wanted[kSetKeepAliveCount],
  );
  return socket;
}

/**
 * Sets the type of service.
 *
 * @param {any} socket
 * @param {any} tos the IP_TOS byte, 0 to 255
 * @returns {any} the socket
 * @throws {Error} ERR_INVALID_ARG_TYPE or ERR_OUT_OF_RANGE, or the system's error
 */
function setTypeOfService(socket, tos) {
  if (Number.isNaN(tos)) throw new ERR_INVALID_ARG_TYPE('tos', 'number', tos);
  validateInt32(tos, 'tos', 0, 255);

  const handle = socket._handle;
  if (!handle?.setTypeOfService) {
    socket[kSetTOS] = tos;
  } else if (tos !== socket[kSetTOS]) {
    socket[kSetTOS] = tos;
    const status = handle.setTypeOfService(tos);
    if (status && !isWindows) {
      throw new ErrnoException(status, 'setTypeOfService');
    }
  }
  return socket;
}

/**
 * Returns the type of service.
 *
 * @param {any} socket
 * @returns {number} the system's value, or the stored one before connecting
 * @throws {Error} the system's error
 */
function getTypeOfService(socket) {
  const remembered = socket[kSetTOS] ?? 0;
  if (!socket._handle?.getTypeOfService) return remembered;
  const tos = socket._handle.getTypeOfService();
  if (!(tos < 0)) return tos;
  if (isWindows) return remembered;
  throw new ErrnoException(tos, 'getTypeOfService');
}

module.exports = {
  assignBlockList,
  getTypeOfService,
  rememberOptions,
  setKeepAlive,
  setNoDelay,
  setTypeOfService,
  toSeconds,
  validateKeepAliveDelay,
};
