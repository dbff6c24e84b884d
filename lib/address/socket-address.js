'use strict';

const { inspect } = require('util');

const { codes } = require('../common/errors');
const { canonicalAddress } = require('../handle/native');
const { claimInstances } = require('../node/instance-of');
const { readIPv4 } = require('./ip');
const nodeNet = require('../node/net');
const {
  validateObject,
  validatePort,
  validateString,
  validateUint32,
} = require('../common/validators');

const { ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE } = codes;

// The types declare its getters as plain properties, which a class cannot override.
const NodeSocketAddress = /** @type {any} */ (nodeNet.SocketAddress);

// A flow label has 20 bits. Node aborts the process for a larger one.
const kFlowLabelMax = 0xfffff;

/**
 * Makes the error for a text that is not an address. Node makes it in C++, so it
 * is a plain Error with a code.
 *
 * @returns {Error & { code: string }}
 */
function invalidAddress() {
  return Object.assign(new Error('Invalid socket address'), {
    code: 'ERR_INVALID_ADDRESS',
  });
}

/**
 * Returns true for 'ipv6', and false for 'ipv4', in any case.
 *
 * @param {any} family
 * @param {any} [given] the value for the error message
 * @returns {boolean}
 * @throws {TypeError} ERR_INVALID_ARG_VALUE for anything else
 */
function isFamilyV6(family, given = family) {
  if (family === 'ipv4') return false;
  if (typeof family?.toLowerCase === 'function') family = family.toLowerCase();
  if (family === 'ipv4') return false;
  if (family === 'ipv6') return true;
  throw new ERR_INVALID_ARG_VALUE('options.family', given);
}

/**
 * Returns an address in the form in which node prints it.
 *
 * @param {string} text
 * @param {boolean} isV6
 * @returns {string}
 * @throws {Error} ERR_INVALID_ADDRESS if it is not an address of the family
 */
function toCanonical(text, isV6) {
  // A dotted quad has only one form.
  if (!isV6 && readIPv4(text)) return text;
  const address = canonicalAddress(text, isV6);
  if (address === null) throw invalidAddress();
  return address;
}

function readOptions(options) {
  validateObject(options, 'options');
  const { family = 'ipv4' } = options;
  const {
    address = family === 'ipv4' ? '127.0.0.1' : '::',
    port = 0,
    flowlabel = 0,
  } = options;
  const isV6 = isFamilyV6(family, options.family);
  validateString(address, 'options.address');
  validatePort(port, 'options.port');
  validateUint32(flowlabel, 'options.flowlabel');
  const canonical = toCanonical(address, isV6);
  if (isV6 && flowlabel > kFlowLabelMax) {
    const range = `>= 0 && <= ${kFlowLabelMax}`;
    throw new ERR_OUT_OF_RANGE('options.flowlabel', range, flowlabel);
  }
  return {
    address: canonical,
    port: port | 0,
    family: isV6 ? 'ipv6' : 'ipv4',
    flowlabel: isV6 ? flowlabel | 0 : 0,
  };
}

/**
 * Copies the members that node's class has under its own symbols. Node's clone
 * uses them, and expects them as own members of the prototype.
 *
 * @param {Function} Class
 * @param {Function} NodeClass
 */
function adoptSymbols(Class, NodeClass) {
  for (const symbol of Object.getOwnPropertySymbols(NodeClass.prototype)) {
    if (Object.hasOwn(Class.prototype, symbol)) continue;
    const own = Object.getOwnPropertyDescriptor(NodeClass.prototype, symbol);
    Object.defineProperty(Class.prototype, symbol, own);
  }
}

/**
 * An address with a port.
 *
 * It extends node's class of the same name, so that node accepts it wherever it
 * accepts its own, and can clone it. In a worker the clone arrives as node's own
 * class, which rust-net accepts like this one.
 */
class SocketAddress extends NodeSocketAddress {
  #fields;

  /**
   * Returns true for a SocketAddress, of rust-net or of node.
   *
   * @param {unknown} value
   * @returns {boolean}
   */
  static isSocketAddress(value) {
    return NodeSocketAddress.isSocketAddress(value);
  }

  /**
   * Validates the options and makes the address.
   *
   * @param {import('net').SocketAddressInitOptions} [options]
   * @throws {Error} ERR_INVALID_ADDRESS, or ERR_INVALID_ARG_TYPE and its siblings
   */
  constructor(options = {}) {
    const fields = readOptions(options);
    super(fields);
    this.#fields = fields;
  }

  get address() {
    return this.#fields.address;
  }

  get port() {
    return this.#fields.port;
  }

  get family() {
    return this.#fields.family;
  }

  get flowlabel() {
    return this.#fields.flowlabel;
  }

  [inspect.custom](depth, options) {
    if (depth < 0) return this;
    const inner = options.depth == null ? null : options.depth - 1;
    return `SocketAddress ${inspect(this.toJSON(), { ...options, depth: inner })}`;
  }

  toJSON() {
    const { address, port, family, flowlabel } = this;
    return { address, port, family, flowlabel };
  }

  /**
   * Parses "address:port" like the host of a URL, with an IPv6 address in
   * brackets. Without a port, the port is 0.
   *
   * @param {string} input
   * @returns {SocketAddress | undefined} undefined if the input is invalid
   */
  static parse(input) {
    validateString(input, 'input');
    try {
      const { hostname, port } = new URL(`http://${input}`);
      const isV6 = hostname.startsWith('[') && hostname.endsWith(']');
      return new SocketAddress({
        address: isV6 ? hostname.slice(1, -1) : hostname,
        port: Number(port),
        family: isV6 ? 'ipv6' : 'ipv4',
      });
    } catch {
      return undefined;
    }
  }
}

adoptSymbols(SocketAddress, NodeSocketAddress);
claimInstances(SocketAddress, NodeSocketAddress);

module.exports = { SocketAddress, adoptSymbols, isFamilyV6, toCanonical };
