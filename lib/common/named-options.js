'use strict';

/*
 * The socket options that node does not have: their names, values and platforms, and
 * how they are set on a handle.
 */

const { ErrnoException, codes } = require('./errors');
const {
  validateBoolean,
  validateInt32,
  validateString,
  validateUint32,
} = require('./validators');

const {
  ERR_FEATURE_UNAVAILABLE_ON_PLATFORM,
  ERR_INVALID_ARG_VALUE,
  ERR_OUT_OF_RANGE,
} = codes;

/**
 * @typedef {number | string | boolean} Value
 * @typedef {Map<string, Value>} Values the options that are set, in the order in
 *   which the system gets them
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 */

// The system would cut a longer name of an interface or an algorithm.
const kLongestName = 15;
// Connects that wait for their third packet with data already there.
const kFastOpenQueue = 256;

/** @type {(value: unknown, name: string) => void} */
function validateSize(value, name) {
  validateInt32(value, name, 1);
}

/** @type {(value: unknown, name: string) => void} */
function validateCount(value, name) {
  validateInt32(value, name, 0);
}

/** @type {(value: unknown, name: string) => void} */
function validateName(value, name) {
  validateString(value, name);
  const text = String(value);
  if (text === '' || text.includes('\0')) {
    throw new ERR_INVALID_ARG_VALUE(
      name,
      value,
      'must be a non-empty string without null bytes',
    );
  }
  const { length } = Buffer.from(text);
  if (length > kLongestName) {
    throw new ERR_OUT_OF_RANGE(`${name}.length`, `<= ${kLongestName}`, length);
  }
}

/**
 * @typedef {object} Definition
 * @property {(value: unknown, name: string) => void} validate
 * @property {boolean} [isGeneral] true on every platform, and on Unix-domain sockets
 *   too; all others are for TCP on Linux
 * @property {boolean} [isEarly] true when it has no meaning for an accepted connection
 */

/**
 * By name, in the order in which they are set.
 *
 * @type {Record<string, Definition>}
 */
const definitions = {
  multipath: { validate: validateBoolean, isEarly: true },
  sendBufferSize: { validate: validateSize, isGeneral: true },
  recvBufferSize: { validate: validateSize, isGeneral: true },
  interface: { validate: validateName, isEarly: true },
  mark: { validate: validateUint32 },
  transparent: { validate: validateBoolean, isEarly: true },
  congestion: { validate: validateName },
  notSentLowat: { validate: validateCount },
  userTimeout: { validate: validateCount },
  fastOpen: { validate: validateBoolean, isEarly: true },
};
const names = Object.keys(definitions);

function isLinux() {
  return process.platform === 'linux' || process.platform === 'android';
}

/**
 * Validates one option.
 *
 * @param {string} name of the option
 * @param {unknown} value
 * @param {string} [argument] its name in an error
 * @throws {Error} ERR_INVALID_ARG_TYPE and its siblings for a wrong value,
 *   ERR_FEATURE_UNAVAILABLE_ON_PLATFORM where the platform has no such option
 */
function validateOption(name, value, argument = `options.${name}`) {
  const { validate, isGeneral } = definitions[name];
  validate(value, argument);
  if (isGeneral || value === false || isLinux()) return;
  throw new ERR_FEATURE_UNAVAILABLE_ON_PLATFORM(name);
}

// Written out, because this is how an engine finds quickly that there are none.
/** @param {Members} options */
function hasNone(options) {
  return (
    options.userTimeout === undefined &&
    options.sendBufferSize === undefined &&
    options.recvBufferSize === undefined &&
    options.notSentLowat === undefined &&
    options.mark === undefined &&
    options.interface === undefined &&
    options.transparent === undefined &&
    options.fastOpen === undefined &&
    options.multipath === undefined &&
    options.congestion === undefined
  );
}

/**
 * Reads the options by name from the options of a Socket or Server.
 *
 * @param {Members} options
 * @returns {Values | undefined} undefined when none is set
 * @throws {Error} as `validateOption`
 */
function readNamedOptions(options) {
  if (hasNone(options)) return undefined;
  /** @type {Values} */
  const values = new Map();
  for (const name of names) {
    if (options[name] === undefined) continue;
    validateOption(name, options[name]);
    if (options[name] !== false) values.set(name, options[name]);
  }
  return values;
}

/**
 * Returns true for a TCP handle of rust-net.
 *
 * @param {Members | null | undefined} handle
 */
function isTcp(handle) {
  return typeof handle?.openSocket === 'function';
}

/**
 * Returns the number or text by which handles know a value.
 *
 * @param {Value} value
 */
function toHandle(value) {
  return typeof value === 'boolean' ? Number(value) : value;
}

/**
 * Sets one option on a handle.
 *
 * @param {Members} handle
 * @param {string} name
 * @param {Value} value
 * @param {boolean} isServer
 * @returns {number} 0 or a negative errno
 */
function setOption(handle, name, value, isServer) {
  // Was set when the socket was made.
  if (name === 'multipath') return 0;
  if (name === 'fastOpen' && isServer) {
    return handle.setOption('fastOpenQueue', kFastOpenQueue);
  }
  return handle.setOption(name, toHandle(value));
}

/**
 * Sets the options on a handle that is open.
 *
 * @param {Members} handle
 * @param {Values} values
 * @param {boolean} isServer
 * @param {boolean} [isAccepted] true for a connection whose listener had no options
 * @returns {Error | null} an error that names the option
 */
function applyOptions(handle, values, isServer, isAccepted = false) {
  if (typeof handle.setOption !== 'function') return null;
  for (const [name, value] of values) {
    const { isGeneral, isEarly } = definitions[name];
    if (!isTcp(handle) && !isGeneral) continue;
    if (isAccepted && isEarly) continue;
    const status = setOption(handle, name, value, isServer);
    if (status) return new ErrnoException(status, 'setsockopt', name);
  }
  return null;
}

/**
 * Makes the socket of a TCP handle, and sets the options before it is bound or
 * connected. For other handles it does nothing: a Unix-domain socket has its options
 * set once it is connected.
 *
 * @param {Members} handle
 * @param {Values} values
 * @param {boolean} isIPv6
 * @param {boolean} isServer
 * @returns {Error | null} an error that names the option
 */
function openWithOptions(handle, values, isIPv6, isServer) {
  if (!isTcp(handle)) return null;
  const isMultipath = values.has('multipath');
  const status = handle.openSocket(isIPv6, isMultipath);
  if (status) {
    return isMultipath
      ? new ErrnoException(status, 'socket', 'multipath')
      : new ErrnoException(status, 'socket');
  }
  return applyOptions(handle, values, isServer);
}

/**
 * Returns an option as the system has it.
 *
 * @param {Members | null} handle
 * @param {string} name one of the options
 * @param {boolean} isServer
 * @returns {Value | undefined | { errno: number }} undefined where the handle has no
 *   socket yet
 */
function queryOption(handle, name, isServer) {
  if (typeof handle?.getOption !== 'function') return undefined;
  const inSystem = name === 'fastOpen' && isServer ? 'fastOpenQueue' : name;
  const value = handle.getOption(inSystem);
  if (value < 0) return { errno: value };
  const isSwitch = definitions[name].validate === validateBoolean;
  return isSwitch ? value !== 0 : value;
}

/**
 * Throws ERR_INVALID_ARG_VALUE unless there is an option of this name.
 *
 * @param {string} name
 */
function validateOptionName(name) {
  validateString(name, 'name');
  if (!names.includes(name)) {
    throw new ERR_INVALID_ARG_VALUE(
      'name',
      name,
      `must be one of: ${names.map((each) => `'${each}'`).join(', ')}`,
    );
  }
}

module.exports = {
  applyOptions,
  isTcp,
  openWithOptions,
  queryOption,
  readNamedOptions,
  validateOption,
  validateOptionName,
};
