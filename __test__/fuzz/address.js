'use strict';

// A differential fuzz of everything about addresses, and of the argument forms
// of `connect` and `listen`. Random and mutated inputs go to node:net and to
// rust-net, and both must answer the same. Members that the running node:net
// lacks are left out.
//
//   node __test__/fuzz/address.js [inputs] [seed]

const nodeNet = require('node:net');
const { numbersFrom } = require('../helpers/numbers');

// Releases before 26 do not parse every form of an IPv6 address.
function readsJson() {
  const list = new nodeNet.BlockList();
  list.fromJSON?.(['Subnet: IPv6 ::ffff:1.2.3.4/100']);
  return list.rules.length === 1;
}

const has = {
  parse: typeof nodeNet.SocketAddress.parse === 'function',
  json: readsJson(),
  // Since this release `rules` holds an address once, and addresses come first.
  remove: typeof nodeNet.BlockList.prototype.removeAddress === 'function',
};

const seeds = [
  ...['0.0.0.0', '1.2.3.4', '10.0.0.255', '127.0.0.1', '255.255.255.255'],
  ...['::', '::1', '1::', '2001:db8::1', 'fe80::1', '::1.2.3.4', '::ffff:0:1'],
  ...['::ffff:1.2.3.4', '::ffff:10.0.0.9', '::fffe:ffff:ffff', '::1:0:0:0'],
  ...['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', 'ffff::ffff'],
  ...['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5::1.2.3.4', 'FE80::ABCD', 'fe80::1%no'],
  ...['0000:0000:0000:0000:0000:0000:0000:0001', '1:2:3:4:5:6:7:8%a.b-c:d'],
];
const alphabet = [
  ...'0123456789abcdefABCDEF::::::.....%//--[]@ gxZ\0\n',
  'é',
  '１',
];
const families = ['ipv4', 'ipv6', 'IPv4', 'IPV6', 'ipv5', '', undefined];
const oddities = [undefined, null, true, 0, -1, 1.5, NaN, 7n, Symbol('s')];
const ports = [1, 65535, 65536, ' '];
// These crash an older Node.
if (has.remove) {
  oddities.push(-0);
  ports.push('80', '0x50');
}
const oddObjects = [{}, [], ['1.2.3.4'], Object, { toString: () => '::1' }];

class Inputs {
  constructor(seed) {
    this.below = numbersFrom(seed);
  }

  chance(percent) {
    return this.below(100) < percent;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  odd() {
    return this.pick(this.chance(70) ? oddities : oddObjects);
  }

  mutated(text) {
    for (let left = this.below(4); left > 0; left--) {
      const at = this.below(text.length + 1);
      const keep = text.slice(at + this.below(2));
      const put = this.chance(60) ? this.pick(alphabet) : '';
      text = text.slice(0, at) + put + keep;
    }
    return text;
  }

  text() {
    if (this.chance(90)) return this.mutated(this.pick(seeds));
    const length = this.below(50);
    return Array.from({ length }, () => this.pick(alphabet)).join('');
  }

  // Few networks, so that rules overlap and checks hit them.
  ipv4() {
    const octet = () => this.pick([0, 1, 2, 3, 127, 128, 254, 255]);
    return `10.${this.pick([0, 1])}.${octet()}.${octet()}`;
  }

  ipv6() {
    const group = () => this.pick(['0', '1', '7fff', '8000', 'fffe', 'ffff']);
    return this.pick([
      () => `::ffff:${this.ipv4()}`,
      () => `2001:db8::${group()}:${group()}`,
      () => `2001:db8:${group()}::${group()}`,
      () => `::${group()}:${group()}:${group()}`,
      () => this.pick(['::', '::ffff:0:0', '::fffe:ffff:ffff', '::1:0:0:0']),
      () => 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    ])();
  }

  /**
   * Returns an address for a rule or a check, with its family: usually a valid
   * one.
   */
  address() {
    if (this.chance(3)) return [this.odd(), this.pick(families)];
    if (this.chance(5)) return [this.text(), this.pick(families)];
    // Use an interface that does not exist. On removal node distinguishes a
    // rule whose zone exists from the same rule without a zone; rust-net does
    // not.
    if (this.chance(4)) return [`${this.ipv6()}%none`, 'ipv6'];
    if (this.chance(50)) return [this.ipv4(), this.pick(['ipv4', undefined])];
    return [this.ipv6(), 'ipv6'];
  }

  /**
   * Returns the same, or a function that creates a SocketAddress of a module.
   */
  subject() {
    if (this.chance(75)) return this.address();
    const family = this.pick(['ipv4', 'ipv6']);
    const address = family === 'ipv4' ? this.ipv4() : this.ipv6();
    const port = this.pick([0, 0, 80]);
    return [(net) => new net.SocketAddress({ address, family, port }), family];
  }

  prefix() {
    if (this.chance(5)) return this.odd();
    return this.chance(60) ? this.below(34) : this.below(130);
  }

  cidr() {
    if (this.chance(20)) return this.mutated(`${this.ipv4()}/8`);
    const address = this.chance(50) ? this.ipv4() : this.ipv6();
    return this.chance(3) ? this.odd() : `${address}/${String(this.prefix())}`;
  }
}

/** Returns the outcome of a call in a comparable form. */
function outcome(call) {
  try {
    return { value: call() };
  } catch (error) {
    const { name, message, code } = error;
    return { error: { name, message, code, keys: Object.keys(error) } };
  }
}

function fieldsOf(address) {
  if (address === undefined) return undefined;
  const { port, family, flowlabel } = address;
  return { address: address.address, port, family, flowlabel };
}

// Node since 24.21 keeps addresses in a hash table and lists them in its order.
// Older releases list an address as often as it was added, in either form.
function comparable(rules) {
  if (!has.remove) {
    const mapped = 'Address: IPv6 ::ffff:';
    const named = rules.map((rule) => rule.replace(mapped, 'Address: IPv4 '));
    return [...new Set(named)].sort();
  }
  const isAddress = (rule) => rule.startsWith('Address');
  return [
    rules.filter(isAddress).sort(),
    rules.filter((rule) => !isAddress(rule)),
  ];
}

function ipCase(inputs) {
  const value = inputs.chance(95) ? inputs.text() : inputs.odd();
  return (net) =>
    ['isIP', 'isIPv4', 'isIPv6'].map((name) => outcome(() => net[name](value)));
}

function socketAddressCase(inputs) {
  const options = {};
  const maybe = (name, make) => {
    if (inputs.chance(70)) options[name] = make();
  };
  maybe('address', () => inputs.address()[0]);
  maybe('family', () => inputs.pick(families));
  maybe('port', () => inputs.pick([...ports, inputs.odd()]));
  // More than twenty bits crash node, and so does -0 on Node 20.
  const label = inputs.pick([1, 0xfffff, -1, '1', 0.5, null, inputs.below(9)]);
  maybe('flowlabel', () => label);
  return (net) => outcome(() => fieldsOf(new net.SocketAddress(options)));
}

function parseCase(inputs) {
  const host = inputs.chance(50) ? inputs.ipv4() : `[${inputs.ipv6()}]`;
  const port = inputs.pick(['', ':', ':0', ':80', ':443', ':65535', ':65536']);
  let input = inputs.chance(80) ? host + port : inputs.text();
  if (inputs.chance(50)) input = inputs.mutated(input);
  if (inputs.chance(3)) input = inputs.odd();
  return (net) => outcome(() => fieldsOf(net.SocketAddress.parse(input)));
}

function ruleSteps(inputs) {
  const [first, family] = inputs.subject();
  const [second] = inputs.chance(80) ? inputs.subject() : [first];
  const prefix = inputs.prefix();
  const cidrs = [inputs.cidr(), inputs.cidr()];
  const steps = [
    ['addAddress', first, family],
    ['addRange', first, second, family],
    ['addSubnet', first, prefix, family],
  ];
  if (has.remove) {
    steps.push(
      ['addAddresses', [first, second], family],
      ['addCIDR', cidrs[0]],
      ['addCIDRs', inputs.chance(90) ? cidrs : inputs.odd()],
      ['removeAddress', first, family],
      ['removeRange', first, second, family],
      ['removeSubnet', first, prefix, family],
      ['removeCIDR', cidrs[0]],
    );
    if (inputs.chance(5)) steps.push(['clear']);
  }
  return inputs.pick(steps);
}

function rulesCase(inputs) {
  const steps = [];
  for (let left = 1 + inputs.below(40); left > 0; left--) {
    const step = ruleSteps(inputs);
    steps.push(step);
    // Remove it again, perhaps after others; otherwise little would ever be
    // removed.
    const undo = step[0].replace('add', 'remove').replace(/s$/, '');
    if (
      has.remove &&
      inputs.chance(30) &&
      undo in nodeNet.BlockList.prototype
    ) {
      steps.splice(inputs.below(steps.length + 1), 0, [undo, ...step.slice(1)]);
    }
  }
  // Since the release that can remove rules, any other family means IPv6.
  const isAsked = ([, family]) =>
    has.remove || /^ipv[46]$/i.test(family ?? 'ipv4');
  const subjects = Array.from({ length: 30 }, () => inputs.subject());
  const checks = subjects.filter(isAsked);
  return (net) => {
    const real = (value) => {
      if (Array.isArray(value) && value.length === 2) return value.map(real);
      const isMaker = typeof value === 'function' && value !== Object;
      return isMaker ? value(net) : value;
    };
    const list = new net.BlockList();
    const done = steps.map(([name, ...args]) =>
      outcome(() => list[name](...args.map(real))),
    );
    const found = checks.map((args) =>
      outcome(() => list.check(...args.map(real))),
    );
    const size = has.remove ? list.size : undefined;
    return { done, found, size, rules: comparable(list.rules) };
  };
}

function jsonCase(inputs) {
  const source = new nodeNet.BlockList();
  for (let left = inputs.below(8); left > 0; left--) {
    source.addAddress(inputs.ipv4());
    source.addSubnet(inputs.ipv6(), inputs.below(129), 'ipv6');
    const ends = [inputs.ipv4(), inputs.ipv4()];
    outcome(() => source.addRange(...ends));
  }
  const rules = source.rules.map((rule) =>
    inputs.chance(20) ? inputs.mutated(rule) : rule,
  );
  if (inputs.chance(3)) rules.push(inputs.odd());
  // JSON cannot hold a BigInt or a symbol.
  const asText = inputs.chance(30) && outcome(() => JSON.stringify(rules));
  const data = inputs.chance(3) ? inputs.odd() : asText?.value || rules;
  return (net) => {
    const list = new net.BlockList();
    const done = outcome(() => list.fromJSON(data));
    return { done, rules: comparable(list.toJSON()) };
  };
}

function argument(inputs, depth = 0) {
  const nested = () => {
    const length = depth < 2 ? inputs.below(4) : 0;
    return Array.from({ length }, () => argument(inputs, depth + 1));
  };
  const number = () =>
    inputs.pick([0, -0, 80, -1, 1.5, NaN, Infinity, 2 ** 31, 65536, 1e21]);
  const text = () =>
    inputs.pick(['', ' ', '0', '80', '-1', '0x50', '1e3', '1.5', 'Infinity']);
  return inputs.pick([
    number,
    text,
    () => inputs.mutated(inputs.pick(['80', '8080', '/tmp/s', 'localhost'])),
    () => ({ port: number(), host: text(), extra: nested() }),
    () => ({ path: text() }),
    () => Object.create(null),
    nested,
    () => inputs.odd(),
    () => inputs.pick([() => {}, function named() {}, class {}]),
    () => inputs.pick([undefined, null, new Date(0), /x/, Buffer.from('8')]),
  ])();
}

function normalizeArgsCase(inputs) {
  const length = inputs.below(6);
  const args = Array.from({ length }, () => argument(inputs));
  return (net) =>
    outcome(() => {
      const made = net._normalizeArgs(args);
      const isGiven = made[0] === args[0];
      const isCallback = made[1] === args[args.length - 1];
      // Each module marks the list with its own symbol, but under the same
      // name.
      const marks = Object.getOwnPropertySymbols(made).map((symbol) => [
        String(symbol),
        made[symbol],
      ]);
      const keys = Object.keys(made[0]).join();
      return { ...made, length: made.length, isGiven, isCallback, marks, keys };
    });
}

/** Returns where two outcomes first differ, and the values there. */
function parting(expected, actual, path = '') {
  const isTree = (value) => typeof value === 'object' && value !== null;
  if (isTree(expected) && isTree(actual)) {
    for (const key of Object.keys({ ...expected, ...actual })) {
      const at = `${path}.${key}`;
      const found = parting(expected[key], actual[key], at);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return Object.is(expected, actual) ? undefined : { path, expected, actual };
}

const kinds = [ipCase, ipCase, socketAddressCase, rulesCase];
const formKinds = [normalizeArgsCase];
if (has.parse) kinds.push(parseCase);
if (has.json) kinds.push(jsonCase);

/**
 * @param {object} run
 * @param {typeof import('node:net')} run.net
 * @param {number} run.count
 * @param {number} run.seed
 * @param {Function[]} [run.among] the kinds of input, those of addresses unless
 *   given
 * @returns {object[]} the first inputs that the two answer differently
 */
function fuzz({ net, count, seed, among = kinds }) {
  const differences = [];
  for (let n = 0; n < count && differences.length < 5; n++) {
    // Each input has its own seed, so it can be run alone.
    const make = among[n % among.length];
    const ask = make(new Inputs(seed + n));
    const [expected, actual] = [ask(nodeNet), ask(net)];
    const found = parting(expected, actual);
    if (found !== undefined) {
      differences.push({ kind: make.name, seed: seed + n, ...found });
    }
  }
  return differences;
}

module.exports = { formKinds, fuzz };

if (require.main === module) {
  const [count = 100_000, seed = 1] = process.argv.slice(2).map(Number);
  const run = { net: require('../..'), count, seed };
  const differences = [...fuzz(run), ...fuzz({ ...run, among: formKinds })];
  for (const difference of differences) {
    console.dir(difference, { depth: null });
  }
  console.log(`2 x ${count} inputs from ${seed}: ${differences.length} differ`);
  process.exitCode = differences.length === 0 ? 0 : 1;
}
