'use strict';

const assert = require('node:assert');
const util = require('node:util');
const { alone, both, nodeIs, same } = require('../helpers/both');

// The release whose node:net can remove rules.
const since = '24.21';

const isAddress = (rule) => rule.startsWith('Address');

same('rules in words, in the order of the running Node', (net) => {
  const list = new net.BlockList();
  list.addAddress('1.1.1.1');
  list.addRange('10.0.0.1', '10.0.0.10');
  list.addSubnet('8592:757c:efae:4e45::', 64, 'IpV6');
  list.addRange('::102:304', '::FFFF:1.2.3.4', 'ipv6');
  list.addSubnet('1.2.3.4', 9);
  return [list.rules, util.inspect(list), util.inspect({ list }, { depth: 0 })];
});

same('what inspect shows of an empty list', (net) => {
  const list = new net.BlockList();
  const depths = [-1, 0, 1, null];
  return depths.map((depth) => util.inspect(list, { depth }));
});

both('an address is one rule however often it is given', { since }, (net) => {
  const list = new net.BlockList();
  list.addAddresses(['1.1.1.1', '1.1.1.2', '1.1.1.1']);
  list.addAddress('::ffff:1.1.1.1', 'ipv6');
  const rules = ['Address: IPv4 1.1.1.2', 'Address: IPv6 ::ffff:1.1.1.1'];
  assert.deepStrictEqual(list.rules.sort(), rules);
  assert.strictEqual(list.size, 2);
  list.removeAddress('1.1.1.1');
  assert.strictEqual(list.size, 1);
  assert.ok(!list.check('1.1.1.1') && list.check('1.1.1.2'));
});

both('subnets and ranges go one by one, the newest first', { since }, (net) => {
  const list = new net.BlockList();
  for (const network of ['1.1.1.1', '1.2.1.1', '1.1.1.1']) {
    list.addSubnet(network, 8);
    list.addRange(network, '9.9.9.9');
  }
  assert.strictEqual(list.size, 6);
  list.removeCIDR('1.1.1.1/8');
  list.removeRange('1.1.1.1', '9.9.9.9');
  const subnets = ['Subnet: IPv4 1.2.1.1/8', 'Subnet: IPv4 1.1.1.1/8'];
  const left = list.rules.filter((rule) => rule.startsWith('Subnet'));
  assert.deepStrictEqual(left, subnets);
  list.removeSubnet('1.1.1.1', 8);
  list.removeSubnet('1.3.1.1', 8);
  list.removeRange('1.1.1.1', '9.9.9.9');
  assert.ok(list.check('1.0.0.1') && list.check('9.0.0.1'));
  list.removeSubnet('1.2.1.1', 8);
  list.removeRange('1.2.1.1', '9.9.9.9');
  assert.ok(!list.check('1.0.0.1') && !list.check('9.0.0.1'));
  assert.strictEqual(list.size, 0);
});

both('removing what is not there does nothing', { since }, (net) => {
  const list = new net.BlockList();
  list.addSubnet('1.1.1.1', 8);
  list.removeAddress('1.1.1.1');
  list.removeSubnet('1.1.1.1', 9);
  list.removeRange('1.1.1.2', '1.1.1.1');
  list.removeCIDR('::ffff:1.1.1.1/104');
  assert.strictEqual(list.size, 1);
});

both('a port is part of a range and of a subnet', { since }, (net) => {
  const at = new net.SocketAddress({ address: '1.1.1.1', port: 80 });
  const list = new net.BlockList();
  list.addRange(at, '1.1.1.2');
  list.addSubnet(at, 8);
  list.addAddress(at);
  list.removeRange('1.1.1.1', '1.1.1.2');
  list.removeSubnet('1.1.1.1', 8);
  list.removeAddress('1.1.1.1');
  assert.strictEqual(list.size, 2);
  list.removeRange(at, '1.1.1.2');
  list.removeSubnet(at, 8);
  assert.strictEqual(list.size, 0);
});

both('clear empties the list', { since }, (net) => {
  const list = new net.BlockList();
  list.addCIDRs(net.BlockList.PRIVATE_RANGES);
  list.addAddress('1.1.1.1');
  assert.ok(list.check('10.1.2.3') && list.check('fd00::1', 'ipv6'));
  assert.strictEqual(list.clear(), undefined);
  assert.deepStrictEqual(list.rules, []);
  assert.ok(!list.check('10.1.2.3') && !list.check('1.1.1.1'));
  list.addAddress('1.1.1.1');
  assert.ok(list.check('1.1.1.1'));
});

both('addAddresses and addCIDRs in part bad', { since }, (net) => {
  const list = new net.BlockList();
  assert.throws(() => list.addAddresses(['1.1.1.1', 'x']));
  assert.throws(() => list.addCIDRs(['1.1.1.1/8', '1.1.1.1']));
  assert.strictEqual(list.size, 0);
  // A prefix is looked at only when its turn has come.
  assert.throws(() => list.addCIDRs(['1.1.1.1/8', '1.1.1.1/33']));
  assert.strictEqual(list.size, 1);
});

both('PRIVATE_RANGES', { since }, (net) => {
  const ranges = net.BlockList.PRIVATE_RANGES;
  assert.ok(Object.isFrozen(ranges));
  const own = Object.getOwnPropertyDescriptor(net.BlockList, 'PRIVATE_RANGES');
  assert.ok(own.writable && own.enumerable && own.configurable);
  const all = '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 127.0.0.0/8 ::1/128';
  const expected = [...all.split(' '), '169.254.0.0/16', 'fe80::/10'];
  assert.deepStrictEqual(ranges, [...expected, 'fc00::/7']);
});

both('toJSON and fromJSON', { since: '24.21' }, (net) => {
  const source = new net.BlockList();
  source.addAddress('1.1.1.1');
  source.addAddress('2001:db8::1', 'ipv6');
  source.addSubnet('10.0.0.0', 8);
  source.addSubnet('2001:db8::', 32, 'ipv6');
  source.addRange('1.1.1.1', '2.2.2.2');
  source.addRange('::1', '::ff', 'ipv6');
  const text = JSON.stringify(source);
  assert.deepStrictEqual(JSON.parse(text), source.rules);
  for (const data of [text, source.toJSON()]) {
    const list = new net.BlockList();
    assert.strictEqual(list.fromJSON(data), undefined);
    assert.deepStrictEqual(list.rules.sort(), source.rules.sort());
  }
});

const bad = [
  undefined,
  null,
  1,
  {},
  [1],
  ['', 1],
  '1',
  '{}',
  '[1]',
  'null',
  'x',
];

both('fromJSON refuses what is not a list of strings', { since }, (net) => {
  for (const data of bad) {
    const name = data === 'x' ? 'SyntaxError' : 'TypeError';
    const list = new net.BlockList();
    assert.throws(() => list.fromJSON(data), { name }, String(data));
    assert.deepStrictEqual(list.rules, []);
  }
});

both('fromJSON passes over what is not a rule', { since: '26' }, (net) => {
  const list = new net.BlockList();
  list.fromJSON([
    ...['', 'IPv4', 'Address IPv4 1.1.1.1', 'address: IPv4 1.1.1.1'],
    ...['ADDRESS: IPv6 ::1', 'a rule: Subnet: IPv4 1.2.3.4/8 and so on'],
    'Range: IPv6 ::ffff:1.2.3.4-::ffff:1.2.3.5',
  ]);
  assert.deepStrictEqual(list.rules.sort(), [
    'Address: IPv6 ::1',
    'Range: IPv6 ::ffff:1.2.3.4-::ffff:1.2.3.5',
    'Subnet: IPv4 1.2.3.4/8',
  ]);
});

alone('many rules are listed as they were added, the newest first', (net) => {
  const list = new net.BlockList();
  const expected = [];
  for (let n = 0; n < 300; n++) {
    list.addAddress(`10.0.${n >> 8}.${n & 255}`);
    expected.unshift(`Address: IPv4 10.0.${n >> 8}.${n & 255}`);
    list.addSubnet(`11.0.${n >> 8}.${n & 255}`, 30);
  }
  assert.deepStrictEqual(list.rules.filter(isAddress), expected);
  assert.strictEqual(isAddress(list.rules[0]), nodeIs(since));
});
