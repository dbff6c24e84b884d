'use strict';

const { inspect } = require('util');

const { codes } = require('../common/errors');
const {
  NativeBlockList,
  blockListHas,
  blockListHasV4,
  blockListHasV6,
} = require('../handle/native');
const { claimInstances } = require('../node/instance-of');
const { groups, readIPv4, readIPv6 } = require('./ip');
const nodeNet = require('../node/net');
const {
  SocketAddress,
  adoptSymbols,
  isFamilyV6,
  toCanonical,
} = require('./socket-address');
const {
  validateArray,
  validateInt32,
  validateString,
} = require('../common/validators');

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } = codes;

// Its members differ by release, which no single type can express.
const NodeBlockList = /** @type {any} */ (nodeNet.BlockList);
const nodePrototype = NodeBlockList.prototype;

// Node releases that cannot remove rules list the newest rule first. Later ones
// list addresses, then subnets, then ranges. rust-net does the same.
const kNodeCanRemove = typeof nodePrototype.removeAddress === 'function';
const kNewestFirst = !kNodeCanRemove;

// The method that node's structured clone calls on node's own objects.
const kClone =
  Object.getOwnPropertySymbols(nodePrototype).find(
    (symbol) => symbol.description === 'messaging_clone_symbol',
  ) ?? Symbol('clone');

// The key of a list whose rules node keeps. No list in Rust has this key.
const kSharedKey = -1;

const kPrivateRanges = Object.freeze([
  // RFC 1918: private networks
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  // Loopback
  '127.0.0.0/8',
  '::1/128',
  // Link-local
  '169.254.0.0/16',
  'fe80::/10',
  // Unique local addresses
  'fc00::/7',
]);

/**
 * One address of a rule, in the form that the native side takes.
 *
 * @typedef {object} Endpoint
 * @property {string} address
 * @property {boolean} isV6
 * @property {number} port
 * @property {number} flowLabel
 */

/**
 * Converts an argument to an Endpoint.
 *
 * @param {any} value an address in text, or a SocketAddress
 * @param {any} family of an address in text: 'ipv4' or 'ipv6'
 * @param {string} name of the argument
 * @returns {Endpoint}
 */
function toEndpoint(value, family, name) {
  if (SocketAddress.isSocketAddress(value)) {
    const { address, port, flowlabel } = value;
    const isV6 = value.family === 'ipv6';
    return { address, isV6, port, flowLabel: flowlabel };
  }
  validateString(value, name);
  validateString(family, 'family');
  const isV6 = isFamilyV6(family);
  return {
    address: toCanonical(value, isV6),
    isV6,
    port: 0,
    flowLabel: 0,
  };
}

function toSocketAddress({ address, isV6, port, flowLabel }) {
  const family = isV6 ? 'ipv6' : 'ipv4';
  return new SocketAddress({ address, port, family, flowlabel: flowLabel });
}

function validatePrefix(prefix, { isV6 }) {
  validateInt32(prefix, 'prefix', 0, isV6 ? 128 : 32);
}

function parseCIDR(cidr) {
  validateString(cidr, 'cidr');
  const slash = cidr.lastIndexOf('/');
  if (slash === -1) {
    const reason = 'must contain a prefix length (e.g. "10.0.0.0/8")';
    throw new ERR_INVALID_ARG_VALUE('cidr', cidr, reason);
  }
  const digits = cidr.slice(slash + 1);
  const prefix = Number.parseInt(digits, 10);
  if (Number.isNaN(prefix) || String(prefix) !== digits) {
    const reason = 'prefix length must be a valid integer';
    throw new ERR_INVALID_ARG_VALUE('cidr', cidr, reason);
  }
  const network = cidr.slice(0, slash);
  return { network, prefix, family: network.includes(':') ? 'ipv6' : 'ipv4' };
}

// Patterns for the items of `rules`, one for each kind of rule and family. Like
// node's, they match anywhere in an item.
const kRulePatterns = [
  ['ipv4', 'IPv4', '(\\d{1,3}(?:\\.\\d{1,3}){3})', '\\d{1,2}', ''],
  ['ipv6', 'IPv6', '([\\da-f:.]{1,45})', '\\d{1,3}', 'i'],
].map(([family, label, address, prefix, flags]) => ({
  family,
  label,
  subnet: new RegExp(`Subnet: ${label} ${address}/(${prefix})`, flags),
  address: new RegExp(`Address: ${label} ${address}`, flags),
  range: new RegExp(`Range: ${label} ${address}-${address}`, flags),
}));

function addRuleOf(list, item, { family, subnet, address, range }) {
  let match;
  if ((match = subnet.exec(item)) !== null) {
    list.addSubnet(match[1], Number(match[2]), family);
  } else if ((match = address.exec(item)) !== null) {
    list.addAddress(match[1], family);
  } else if ((match = range.exec(item)) !== null) {
    list.addRange(match[1], match[2], family);
  } else {
    return false;
  }
  return true;
}

function addRule(list, item) {
  for (const pattern of kRulePatterns) {
    if (item.includes(pattern.label) && addRuleOf(list, item, pattern)) return;
  }
}

/**
 * Parses an item of `rules`, which may be a range from one family to the other.
 *
 * @param {string} text
 */
function splitRule(text) {
  const [kind, , first, second] = text.split(/: | |[/-]/);
  const toEnd = (address) => ({
    address,
    isV6: address.includes(':'),
    port: 0,
    flowLabel: 0,
  });
  return {
    kind,
    first: toEnd(first),
    last: kind === 'Range' ? toEnd(second) : undefined,
    prefix: Number(second),
  };
}

/**
 * Returns the key of a list on the native side.
 *
 * @type {(list: object) => number} negative when only JavaScript can check it
 */
let nativeKeyOf;

/**
 * A list of addresses, subnets and ranges.
 *
 * The rules are kept in Rust. The class extends node's own, because node's
 * structured clone, and node's code that takes a BlockList, accept nothing else. A
 * clone of node's list shares its rules. So a list that is cloned first moves its
 * rules to node's list, and uses that from then on.
 */
class BlockList extends NodeBlockList {
  /** @type {any} undefined once the rules are shared */
  #rules = new NativeBlockList();
  #key = this.#rules.key;

  static {
    nativeKeyOf = (list) => {
      const isPlain = #key in list && list.check === BlockList.prototype.check;
      return isPlain ? list.#key : kSharedKey;
    };
  }

  /**
   * Returns true for a BlockList, of rust-net or of node.
   *
   * @param {unknown} value
   * @returns {boolean}
   */
  static isBlockList(value) {
    return NodeBlockList.isBlockList?.(value) ?? value instanceof NodeBlockList;
  }

  static PRIVATE_RANGES = kPrivateRanges;

  [inspect.custom](depth, options) {
    if (depth < 0) return this;
    const inner = options.depth == null ? null : options.depth - 1;
    const { rules } = this;
    return `BlockList ${inspect({ rules }, { ...options, depth: inner })}`;
  }

  /**
   * Adds an address.
   *
   * @param {any} address an address in text, or a SocketAddress
   * @param {string} [family] 'ipv4' or 'ipv6', of an address in text
   */
  addAddress(address, family = 'ipv4') {
    this.#addAddress(toEndpoint(address, family, 'address'));
  }

  /**
   * Adds several addresses, or none if one of them is invalid.
   *
   * @param {any[]} addresses
   * @param {string} [family] of those in text
   */
  addAddresses(addresses, family = 'ipv4') {
    validateArray(addresses, 'addresses');
    validateString(family, 'family');
    const endpoints = [];
    for (let i = 0; i < addresses.length; i++) {
      endpoints.push(toEndpoint(addresses[i], family, `addresses[${i}]`));
    }
    for (const endpoint of endpoints) this.#addAddress(endpoint);
  }

  /**
   * Adds a range of addresses.
   *
   * @param {any} start the first address
   * @param {any} end the last address
   * @param {string} [family]
   * @throws {Error} ERR_INVALID_ARG_VALUE when `start` is behind `end`
   */
  addRange(start, end, family = 'ipv4') {
    const first = toEndpoint(start, family, 'start');
    const last = toEndpoint(end, family, 'end');
    if (this.#rules === undefined) {
      super.addRange(toSocketAddress(first), toSocketAddress(last));
    } else if (!this.#rules.addRange(first, last)) {
      const given = toSocketAddress(first);
      throw new ERR_INVALID_ARG_VALUE('start', given, 'must come before end');
    }
  }

  /**
   * Adds a subnet.
   *
   * @param {any} network an address
   * @param {number} prefix in bits: 0 to 32, or to 128 for IPv6
   * @param {string} [family]
   */
  addSubnet(network, prefix, family = 'ipv4') {
    const endpoint = toEndpoint(network, family, 'network');
    validatePrefix(prefix, endpoint);
    if (this.#rules !== undefined) this.#rules.addSubnet(endpoint, prefix);
    else super.addSubnet(toSocketAddress(endpoint), prefix);
  }

  /**
   * Adds a subnet in CIDR notation.
   *
   * @param {string} cidr such as "10.0.0.0/8"
   */
  addCIDR(cidr) {
    const { network, prefix, family } = parseCIDR(cidr);
    this.addSubnet(network, prefix, family);
  }

  /**
   * Adds several subnets in CIDR notation.
   *
   * @param {string[]} cidrs
   */
  addCIDRs(cidrs) {
    validateArray(cidrs, 'cidrs');
    const subnets = [];
    for (let i = 0; i < cidrs.length; i++) {
      validateString(cidrs[i], `cidrs[${i}]`);
      subnets.push(parseCIDR(cidrs[i]));
    }
    for (const { network, prefix, family } of subnets) {
      this.addSubnet(network, prefix, family);
    }
  }

  /**
   * Removes an address that was added as such.
   *
   * @param {any} address
   * @param {string} [family]
   */
  removeAddress(address, family = 'ipv4') {
    const endpoint = toEndpoint(address, family, 'address');
    const rules = this.#rulesToRemoveFrom();
    if (rules !== undefined) rules.removeAddress(endpoint);
    else nodePrototype.removeAddress.call(this, toSocketAddress(endpoint));
  }

  /**
   * Removes a range that was added with these ends.
   *
   * @param {any} start
   * @param {any} end
   * @param {string} [family]
   */
  removeRange(start, end, family = 'ipv4') {
    const first = toEndpoint(start, family, 'start');
    const last = toEndpoint(end, family, 'end');
    const rules = this.#rulesToRemoveFrom();
    if (rules !== undefined) {
      rules.removeRange(first, last);
      return;
    }
    const ends = [toSocketAddress(first), toSocketAddress(last)];
    nodePrototype.removeRange.call(this, ...ends);
  }

  /**
   * Removes a subnet that was added with this address and prefix.
   *
   * @param {any} network
   * @param {number} prefix
   * @param {string} [family]
   */
  removeSubnet(network, prefix, family = 'ipv4') {
    const endpoint = toEndpoint(network, family, 'network');
    validatePrefix(prefix, endpoint);
    const rules = this.#rulesToRemoveFrom();
    if (rules !== undefined) rules.removeSubnet(endpoint, prefix);
    else {
      nodePrototype.removeSubnet.call(this, toSocketAddress(endpoint), prefix);
    }
  }

  /**
   * Removes a subnet that was added with this address and prefix.
   *
   * @param {string} cidr
   */
  removeCIDR(cidr) {
    const { network, prefix, family } = parseCIDR(cidr);
    this.removeSubnet(network, prefix, family);
  }

  /**
   * Returns true when a rule covers the address.
   *
   * @param {any} address an address in text, or a SocketAddress
   * @param {string} [family] 'ipv4' or 'ipv6', of an address in text
   * @returns {boolean}
   */
  check(address, family = 'ipv4') {
    if (typeof address !== 'string') {
      if (!SocketAddress.isSocketAddress(address)) {
        validateString(address, 'address');
      }
      return this.#check(address.address, address.family === 'ipv6');
    }
    if (family === 'ipv4') return this.#check(address, false);
    validateString(family, 'family');
    return this.#check(address, family.toLowerCase() !== 'ipv4');
  }

  /** Removes every rule. */
  clear() {
    const rules = this.#rulesToRemoveFrom();
    if (rules !== undefined) rules.clear();
    else nodePrototype.clear.call(this);
  }

  /**
   * Returns `rules`, for `JSON.stringify`.
   *
   * @returns {readonly string[]}
   */
  toJSON() {
    return this.rules;
  }

  /**
   * Adds rules in the format of `rules`. Skips items that are not rules.
   *
   * @param {string | readonly string[]} data an array, or one as JSON
   */
  fromJSON(data) {
    const items = typeof data === 'string' ? JSON.parse(data) : data;
    const isItem = (item) => typeof item === 'string';
    if (!Array.isArray(items) || ![...items].every(isItem)) {
      throw new ERR_INVALID_ARG_TYPE('data', ['string', 'string[]'], items);
    }
    for (const item of items) addRule(this, item);
  }

  /** @type {string[]} every rule as text */
  get rules() {
    return this.#rules === undefined
      ? super.rules
      : this.#rules.list(kNewestFirst);
  }

  /** @type {number} how many rules there are */
  get size() {
    return this.#rules === undefined ? super.rules.length : this.#rules.size;
  }

  #addAddress(endpoint) {
    if (this.#rules !== undefined) this.#rules.addAddress(endpoint);
    else super.addAddress(toSocketAddress(endpoint));
  }

  #check(address, isV6) {
    const key = this.#key;
    if (key === kSharedKey) return super.check(address, isV6 ? 'ipv6' : 'ipv4');
    if (isV6) {
      if (readIPv6(address)) {
        return blockListHasV6(
          key,
          (groups[0] << 16) | groups[1],
          (groups[2] << 16) | groups[3],
          (groups[4] << 16) | groups[5],
          (groups[6] << 16) | groups[7],
        );
      }
    } else if (readIPv4(address)) {
      return blockListHasV4(key, (groups[6] << 16) | groups[7]);
    }
    // The address has a zone, or is invalid.
    return blockListHas(key, address, isV6);
  }

  // Returns undefined if the rules are shared and this node can remove rules. If
  // it cannot, the list takes its rules back, and a clone keeps the old ones.
  #rulesToRemoveFrom() {
    if (this.#rules === undefined && !kNodeCanRemove) this.#takeBack();
    return this.#rules;
  }

  #handOver() {
    if (this.#rules === undefined) return;
    for (const text of this.#rules.list(kNewestFirst).reverse()) {
      const { kind, first, last, prefix } = splitRule(text);
      const address = toSocketAddress(first);
      if (kind === 'Address') super.addAddress(address);
      else if (kind === 'Subnet') super.addSubnet(address, prefix);
      else super.addRange(address, toSocketAddress(last));
    }
    // A listener that uses these rules natively rejects no connection from now on;
    // its server checks the shared rules instead.
    this.#rules.clear();
    this.#rules = undefined;
    this.#key = kSharedKey;
  }

  #takeBack() {
    const rules = new NativeBlockList();
    for (const text of [...super.rules].reverse()) {
      const { kind, first, last, prefix } = splitRule(text);
      if (kind === 'Address') rules.addAddress(first);
      else if (kind === 'Subnet') rules.addSubnet(first, prefix);
      else rules.addRange(first, last);
    }
    this.#rules = rules;
    this.#key = rules.key;
    // Gives this object new rules in node; a clone keeps the shared ones.
    Object.assign(this, new NodeBlockList());
  }

  [kClone]() {
    this.#handOver();
    return nodePrototype[kClone].call(this);
  }
}

adoptSymbols(BlockList, NodeBlockList);
claimInstances(BlockList, NodeBlockList);

module.exports = { BlockList, nativeKeyOf };
