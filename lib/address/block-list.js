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

// Its members differ by release, more than one set of types can say.
const NodeBlockList = /** @type {any} */ (nodeNet.BlockList);
const nodePrototype = NodeBlockList.prototype;

// Node releases that cannot remove a rule list the newest one first; later ones
// list addresses, subnets and ranges in this order. Ours follows.
const kNodeCanRemove = typeof nodePrototype.removeAddress === 'function';
const kNewestFirst = !kNodeCanRemove;

// The method that node's structured clone asks an object of node's for.
const kClone =
  Object.getOwnPropertySymbols(nodePrototype).find(
    (symbol) => symbol.description === 'messaging_clone_symbol',
  ) ?? Symbol('clone');

// The key of a list whose rules are kept by node: no list in Rust has it.
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
 * One address of a rule, as Rust takes it.
 *
 * @typedef {object} Endpoint
 * @property {string} address
 * @property {boolean} isV6
 * @property {number} port
 * @property {number} flowLabel
 */

/**
 * @param {any} value an address in text, or a SocketAddress
 * @param {any} family of an address in text
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

// What `rules` prints, one pattern a kind of rule and family. They match
// anywhere in an item, as node's do.
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
 * Takes a rule in the words of `rules` apart, which may be a range between two
 * families.
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
 * What the native side knows a list by.
 *
 * @type {(list: object) => number} negative where JavaScript must be asked
 */
let nativeKeyOf;

/**
 * A list of addresses, subnets and ranges.
 *
 * The rules are kept in Rust. The class stands on node's own for the sake of
 * node's structured clone, and of node's code that asks for a BlockList: both
 * know nothing else. A clone of node's list goes on sharing its rules, so a list
 * that is cloned hands them over to node's own and asks that one from then on.
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
   * @param {unknown} value
   * @returns {boolean} whether it is a BlockList, ours or node's own
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
   * @param {any} address an address in text, or a SocketAddress
   * @param {string} [family]
   */
  addAddress(address, family = 'ipv4') {
    this.#addAddress(toEndpoint(address, family, 'address'));
  }

  /**
   * Adds all of them, or none if one is not an address.
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
   * @param {any} start
   * @param {any} end itself in the range
   * @param {string} [family]
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
   * @param {any} network
   * @param {number} prefix
   * @param {string} [family]
   */
  addSubnet(network, prefix, family = 'ipv4') {
    const endpoint = toEndpoint(network, family, 'network');
    validatePrefix(prefix, endpoint);
    if (this.#rules !== undefined) this.#rules.addSubnet(endpoint, prefix);
    else super.addSubnet(toSocketAddress(endpoint), prefix);
  }

  /**
   * @param {string} cidr a subnet as "address/prefix"
   */
  addCIDR(cidr) {
    const { network, prefix, family } = parseCIDR(cidr);
    this.addSubnet(network, prefix, family);
  }

  /**
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
   * @param {string} cidr
   */
  removeCIDR(cidr) {
    const { network, prefix, family } = parseCIDR(cidr);
    this.removeSubnet(network, prefix, family);
  }

  /**
   * @param {any} address an address in text, or a SocketAddress
   * @param {string} [family]
   * @returns {boolean} whether a rule covers it
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

  /** @returns {readonly string[]} */
  toJSON() {
    return this.rules;
  }

  /**
   * Adds rules in the words of `rules`. What is not a rule is passed over.
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

  /** @type {string[]} every rule in words */
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
    // With a zone, or not an address at all.
    return blockListHas(key, address, isV6);
  }

  // Undefined if the rules are shared and node can remove them by itself. If it
  // cannot, the list takes its rules back: a clone then keeps what it has.
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
    // A listener that asks these rules natively lets everybody pass from here
    // on, and its server asks the shared ones.
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
    // Node's own rules, which a clone shares, are left to the clone.
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
