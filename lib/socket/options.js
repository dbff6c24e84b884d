'use strict';

/*
 * The options of a connection. Set before there is a handle, they are
 * remembered, and applied when the connection stands.
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

// Windows restricts the type of service, so node makes it best effort there.
const isWindows = process.platform === 'win32';

/**
 * @param {number} msecs
 * @returns {number} whole seconds, which is what the handle counts in
 */
function toSeconds(msecs) {
  return ~~(msecs / 1000);
}

/**
 * Checks `keepAliveInitialDelay`, and lifts it to zero, in the user's options.
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
 * Checks the `blockList` option and keeps it.
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
 * Keeps the options that the constructor was given.
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

function isKeepAliveNews(socket, wanted) {
  if (wanted[kSetKeepAlive] !== socket[kSetKeepAlive]) return true;
  if (!wanted[kSetKeepAlive]) return false;
  return Object.getOwnPropertySymbols(wanted).some(
    (key) => wanted[key] !== socket[key],
  );
}

/**
 * @param {any} socket
 * @param {any} enable true when it is left out
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
 * @param {any} socket
 * @param {{ enable: any, initialDelay: any, interval: any, count: any }} args
 *   `enable` may hold all of them
 * @returns {any} the socket
 */
function setKeepAlive(socket, args) {
  const wanted = readKeepAlive(args);
  const handle = socket._handle;
  if (!handle) return Object.assign(socket, wanted);
  if (!handle.setKeepAlive || !isKeepAliveNews(socket, wanted)) return socket;
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
 * @param {any} socket
 * @param {any} tos the IP_TOS byte
 * @returns {any} the socket
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
 * @param {any} socket
 * @returns {number} what the system says, or what was asked for
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
