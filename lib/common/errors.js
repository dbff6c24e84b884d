'use strict';

/*
 * The errors of node:net. Node's own classes are internal, so these rebuild what
 * a program can observe. That is the class, the message, the own keys in order,
 * `toString()` and the first line of the stack.
 */

const path = require('path');
const util = require('util');

const kTypeNames = new Set([
  'string',
  'function',
  'number',
  'object',
  'Function',
  'Object',
  'boolean',
  'bigint',
  'symbol',
]);
const kClassName = /^([A-Z][a-z0-9]*)+$/;

// Larger numbers are printed with separators (5_000_000_000).
const kSeparatorLimit = 2 ** 32;
const kMaxInspectedLength = 128;
const kReceived = '. Received ';

function hideProperty(object, name, value) {
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

/**
 * Puts the code into the first line of the stack, as node does for its coded
 * errors. V8 makes that line from `name` and `message` on the first read of
 * `stack`, so `name` is set for that one read.
 *
 * @param {any} error
 * @param {string} header the text before ": message"
 * @param {Function} [above] its frame, and those above it, are left out
 * @returns {any} the same error
 */
function stampStack(error, header, above) {
  if (above !== undefined) Error.captureStackTrace(error, above);
  hideProperty(error, 'name', header);
  void error.stack;
  delete error.name;
  return error;
}

/**
 * Starts the stack of a coded error at the caller of `above`. Node hides its
 * validators from stacks in this way.
 *
 * @param {Error & { code: string }} error
 * @param {Function} above
 * @returns {any} the same error
 */
function hideFrames(error, above) {
  return stampStack(error, `${error.name} [${error.code}]`, above);
}

function hideConstructor(Class, Base) {
  // The `constructor` of node's error classes is their public base class.
  Object.defineProperty(Class.prototype, 'constructor', {
    get: () => Base,
    configurable: true,
    enumerable: false,
  });
}

/**
 * Makes the class of a coded error.
 *
 * @param {string} code such as ERR_INVALID_STATE
 * @param {any} Base the public base class
 * @param {any} format the message for `util.format`, or a function that makes it
 * @returns {any} the class
 */
function defineCode(code, Base, format) {
  const isText = typeof format === 'string';
  class NodeError extends Base {
    constructor(...args) {
      super(isText ? util.format(format, ...args) : undefined);
      this.code = code;
      // Node sets computed messages after `code`, so the own keys of the two
      // kinds have different orders.
      if (!isText) hideProperty(this, 'message', format.apply(this, args));
      stampStack(this, `${this.name} [${code}]`);
    }

    toString() {
      return `${this.name} [${code}]: ${this.message}`;
    }
  }
  hideConstructor(NodeError, Base);
  return NodeError;
}

function formatList(words, conjunction) {
  if (words.length < 3) return words.join(` ${conjunction} `);
  const last = words[words.length - 1];
  return `${words.slice(0, -1).join(', ')}, ${conjunction} ${last}`;
}

/**
 * Returns the "Received ..." half of the message about a wrong type. The wording
 * differs by release, so it is taken from an error that the running Node throws
 * for the same value.
 */
function describeReceived(value) {
  try {
    // The first rejects everything but strings, the second all but numbers.
    if (typeof value === 'number') path.basename(/** @type {any} */ (value));
    else Buffer.alloc(value);
  } catch ({ message }) {
    return message.slice(message.indexOf(kReceived) + kReceived.length);
  }
  // Not reached: each call throws.
  return String(value);
}

/** Returns the "must be ..." half of the message about a wrong type. */
function describeExpected(expected) {
  const types = [];
  const instances = [];
  const others = [];
  for (const name of expected) {
    if (kTypeNames.has(name)) types.push(name.toLowerCase());
    else if (kClassName.test(name)) instances.push(name);
    else others.push(name);
  }
  const parts = [];
  if (types.length > 0) {
    parts.push(
      `${types.length > 1 ? 'one of type' : 'of type'} ${formatList(types, 'or')}`,
    );
  }
  if (instances.length > 0) {
    parts.push(`an instance of ${formatList(instances, 'or')}`);
  }
  if (others.length > 1) {
    parts.push(`one of ${formatList(others, 'or')}`);
  } else if (others.length === 1) {
    const article = others[0].toLowerCase() === others[0] ? '' : 'an ';
    parts.push(`${article}${others[0]}`);
  }
  return parts.join(' or ');
}

function propertyOrArgument(name) {
  return name.includes('.') ? 'property' : 'argument';
}

function formatArgType(name, expected, actual) {
  const subject = name.endsWith(' argument')
    ? name
    : `"${name}" ${propertyOrArgument(name)}`;
  const wanted = describeExpected([].concat(expected));
  return `The ${subject} must be ${wanted}. Received ${describeReceived(actual)}`;
}

function formatArgValue(name, value, reason = 'is invalid') {
  let inspected = util.inspect(value);
  if (inspected.length > kMaxInspectedLength) {
    inspected = `${inspected.slice(0, kMaxInspectedLength)}...`;
  }
  return `The ${propertyOrArgument(name)} '${name}' ${reason}. Received ${inspected}`;
}

// Groups digits as node does, which includes an exponent: 1e21 becomes 1e_+21.
function separated(value) {
  return String(value).replace(/(?<=[^-])(?=(?:.{3})+$)/g, '_');
}

function formatOutOfRange(name, range, value) {
  const received =
    Number.isInteger(value) && Math.abs(value) > kSeparatorLimit
      ? separated(value)
      : util.inspect(value);
  return `The value of "${name}" is out of range. It must be ${range}. Received ${received}`;
}

function formatMissingArgs(...names) {
  const quoted = names.map((name) =>
    []
      .concat(name)
      .map((each) => `"${each}"`)
      .join(' or '),
  );
  const plural = names.length > 1 ? 's' : '';
  return `The ${formatList(quoted, 'and')} argument${plural} must be specified`;
}

function formatBadPort(name, port, allowZero = true) {
  const operator = allowZero ? '>=' : '>';
  return `${name} should be ${operator} 0 and < 65536. Received ${describeReceived(port)}.`;
}

function formatAddressFamily(family, host, port) {
  this.host = host;
  this.port = port;
  return `Invalid address family: ${family} ${host}:${port}`;
}

/** @type {Record<string, any>} */
const codes = {
  ERR_FEATURE_UNAVAILABLE_ON_PLATFORM: [
    TypeError,
    'The feature %s is unavailable on the current platform, which is being ' +
      'used to run Node.js',
  ],
  ERR_INVALID_ADDRESS_FAMILY: [RangeError, formatAddressFamily],
  ERR_INVALID_ARG_TYPE: [TypeError, formatArgType],
  ERR_INVALID_ARG_VALUE: [TypeError, formatArgValue],
  ERR_INVALID_FD_TYPE: [TypeError, 'Unsupported fd type: %s'],
  ERR_INVALID_HANDLE_TYPE: [TypeError, 'This handle type cannot be sent'],
  ERR_INVALID_IP_ADDRESS: [TypeError, 'Invalid IP address: %s'],
  ERR_INVALID_STATE: [Error, 'Invalid state: %s'],
  ERR_IP_BLOCKED: [Error, (ip) => `IP(${ip}) is blocked by net.BlockList`],
  ERR_MISSING_ARGS: [TypeError, formatMissingArgs],
  ERR_OUT_OF_RANGE: [RangeError, formatOutOfRange],
  ERR_SERVER_ALREADY_LISTEN: [
    Error,
    'Listen method has been called more than once without closing.',
  ],
  ERR_SERVER_NOT_RUNNING: [Error, 'Server is not running.'],
  ERR_SOCKET_BAD_PORT: [RangeError, formatBadPort],
  ERR_SOCKET_CLOSED: [Error, 'Socket is closed'],
  ERR_SOCKET_CLOSED_BEFORE_CONNECTION: [
    Error,
    'Socket closed before the connection was established',
  ],
  ERR_SOCKET_CONNECTION_TIMEOUT: [Error, 'Socket connection timeout'],
  ERR_SOCKET_HANDLE_ADOPTED: [
    Error,
    'The bound socket has already been adopted by a server or socket',
  ],
  ERR_STREAM_DESTROYED: [Error, 'Cannot call %s after a stream was destroyed'],
  ERR_WORKER_HANDLE_NOT_TRANSFERABLE: [
    Error,
    '%s cannot be transferred in its current state; it must be a freshly ' +
      'created or accepted handle that has not started reading and has no ' +
      'pending writes',
  ],
};

for (const [code, [Base, format]] of Object.entries(codes)) {
  codes[code] = defineCode(code, Base, format);
}

// For an errno that libuv does not know, as in node's own map.
const kUnmapped = ['UNKNOWN', 'unknown error'];

function formatEndpoint(address, port) {
  if (port && port > 0) return ` ${address}:${port}`;
  return address ? ` ${address}` : '';
}

function describeEnds(errno, address, port, local) {
  const localEnd = local ? ` - Local (${local})` : '';
  const detail = `${formatEndpoint(address, port)}${localEnd}`;
  return { code: util.getSystemErrorName(errno), detail };
}

/** The error of a failed system call, such as `read ECONNRESET`. */
class ErrnoException extends Error {
  /**
   * @param {number} errno of libuv, so it is negative
   * @param {string} syscall such as `read`
   * @param {string} [original] a further description, if there is one
   */
  constructor(errno, syscall, original) {
    const code = util.getSystemErrorName(errno);
    super(`${syscall} ${code}${original ? ` ${original}` : ''}`);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
  }
}

/**
 * The error of a failed bind or connect, such as
 * `connect ECONNREFUSED 127.0.0.1:1`. With an error of the permission model in
 * place of an errno, its message replaces the addresses.
 */
class ExceptionWithHostPort extends Error {
  /**
   * @param {number | (Error & { code: string })} errno of libuv, so it is negative
   * @param {string} syscall
   * @param {string} address
   * @param {number} [port]
   * @param {string} [local] the local address and port
   */
  constructor(errno, syscall, address, port, local) {
    const { code, detail } =
      typeof errno === 'number'
        ? describeEnds(errno, address, port, local)
        : { code: errno.code, detail: ` ${errno.message}` };
    super(`${syscall} ${code}${detail}`);
    this.errno = errno;
    this.code = code;
    this.syscall = syscall;
    this.address = address;
    if (port) this.port = port;
  }
}

/**
 * The error of a failed listen. Its message has libuv's description, and its key
 * `code` comes before `errno`.
 */
class UVExceptionWithHostPort extends Error {
  /**
   * @param {number} errno of libuv, so it is negative
   * @param {string} syscall
   * @param {string} address
   * @param {number} [port]
   */
  constructor(errno, syscall, address, port) {
    const [code, text] = util.getSystemErrorMap().get(errno) ?? kUnmapped;
    super(`${syscall} ${code}: ${text}${formatEndpoint(address, port)}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
    this.address = address;
    if (port) this.port = port;
  }
}

for (const Class of [
  ErrnoException,
  ExceptionWithHostPort,
  UVExceptionWithHostPort,
]) {
  hideConstructor(Class, Error);
}

/** The error when every address of a host failed, with the first one's code. */
class NodeAggregateError extends AggregateError {
  /** @param {any[]} errors */
  constructor(errors) {
    super(errors);
    this.code = errors[0]?.code;
    // The message is empty, but node prints the colon anyway.
    stampStack(this, `${this.name} [${this.code}]: `);
  }
}
hideConstructor(NodeAggregateError, AggregateError);

/**
 * Makes the error of a write after both sides have ended.
 *
 * @returns {Error & { code: string }}
 */
function writeAfterEndError() {
  const error = new Error('This socket has been ended by the other party');
  return Object.assign(error, { code: 'EPIPE' });
}

module.exports = {
  ErrnoException,
  ExceptionWithHostPort,
  NodeAggregateError,
  UVExceptionWithHostPort,
  codes,
  hideFrames,
  writeAfterEndError,
};
