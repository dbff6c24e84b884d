'use strict';

const assert = require('node:assert');
const { alone, both, same } = require('../helpers/both');

function assertCovers(list, family, inside, outside) {
  for (const address of inside) {
    assert.strictEqual(list.check(address, family), true, address);
  }
  for (const address of outside) {
    assert.strictEqual(list.check(address, family), false, address);
  }
}

both('an address is found in either of its forms', (net) => {
  const list = new net.BlockList();
  list.addAddress('1.1.1.1');
  list.addAddress('::ffff:1.1.1.2', 'ipv6');
  list.addAddress('2001:db8::1', 'ipv6');
  assertCovers(list, 'ipv4', ['1.1.1.1', '1.1.1.2'], ['1.1.1.3']);
  const mapped = ['::ffff:1.1.1.1', '::ffff:101:102', '2001:DB8:0::1'];
  assertCovers(list, 'ipv6', mapped, ['::1.1.1.1', '2001:db8::2', '::1']);
});

both('a subnet ends at any bit', (net) => {
  const list = new net.BlockList();
  list.addSubnet('10.0.0.9', 27);
  list.addSubnet('8592:757c:efaf::', 51, 'ipv6');
  const inside = ['10.0.0.0', '10.0.0.31'];
  assertCovers(list, 'ipv4', inside, ['9.255.255.255', '10.0.0.32']);
  const inside6 = ['8592:757c:efaf:1fff:ffff:ffff:ffff:ffff', '::ffff:a00:1f'];
  assertCovers(list, 'ipv6', inside6, [
    '8592:757c:efaf:2000::',
    '::ffff:a00:20',
  ]);
});

both('a range has both of its ends', (net) => {
  const list = new net.BlockList();
  list.addRange('10.0.0.2', '10.0.0.10');
  list.addRange('2001:db8::fffe', '2001:db8::1:1', 'ipv6');
  const outside = ['10.0.0.1', '10.0.0.11', '2.2.2.2', '255.255.255.255'];
  assertCovers(list, 'ipv4', ['10.0.0.2', '10.0.0.10'], outside);
  const inside = ['2001:db8::fffe', '2001:db8::1:0', '::ffff:10.0.0.2'];
  assertCovers(list, 'ipv6', inside, ['2001:db8::fffd', '2001:db8::1:2']);
});

both('the widest and the narrowest of subnets', (net) => {
  const all = new net.BlockList();
  all.addSubnet('1.2.3.4', 0);
  assertCovers(all, 'ipv4', ['0.0.0.0', '255.255.255.255'], []);
  assertCovers(all, 'ipv6', ['::ffff:9.9.9.9'], ['::', '::1', 'ffff::']);
  const one = new net.BlockList();
  one.addSubnet('1.2.3.4', 32);
  one.addSubnet('::1', 128, 'ipv6');
  assertCovers(one, 'ipv4', ['1.2.3.4'], ['1.2.3.3', '1.2.3.5']);
  assertCovers(one, 'ipv6', ['::1'], ['::', '::2']);
});

both('a wide subnet of IPv6 covers IPv4, a wide range does not', (net) => {
  const subnet = new net.BlockList();
  subnet.addSubnet('::', 0, 'ipv6');
  assertCovers(subnet, 'ipv4', ['1.1.1.1'], []);
  const range = new net.BlockList();
  range.addRange('::', 'ffff::', 'ipv6');
  assertCovers(range, 'ipv4', [], ['1.1.1.1']);
  assertCovers(range, 'ipv6', ['::ffff:1.1.1.1'], []);
});

both('a range between the families', (net) => {
  const end = new net.SocketAddress({ address: '9::', family: 'ipv6' });
  const list = new net.BlockList();
  list.addRange('1.1.1.1', end);
  assertCovers(list, 'ipv4', [], ['1.1.1.1', '2.2.2.2']);
  const outside = ['::ffff:1.1.1.0', '1::', '::'];
  assertCovers(list, 'ipv6', ['::ffff:1.1.1.1'], outside);
});

both('a SocketAddress is checked whatever its port', (net) => {
  const { BlockList, SocketAddress } = net;
  const list = new BlockList();
  list.addAddress(new SocketAddress({ address: '1.1.1.1', port: 80 }));
  list.addSubnet(new SocketAddress({ family: 'ipv6', address: '1::' }), 16);
  const at = (address, port) => new SocketAddress({ address, port });
  assert.ok(list.check(at('1.1.1.1', 443)));
  assert.ok(list.check('1.1.1.1'));
  assert.ok(!list.check(at('1.1.1.2', 80)));
  assert.ok(list.check(new SocketAddress({ family: 'ipv6', address: '1::9' })));
});

same('what is not an address of the family is not covered', (net) => {
  const list = new net.BlockList();
  list.addSubnet('0.0.0.0', 0);
  list.addSubnet('::', 0, 'ipv6');
  const texts = ['', 'x', '1.2.3', '01.2.3.4', '::g', '1.2.3.4\0', '1.2.3.4 '];
  const zoned = ['fe80::1%nowhere', 'fe80::1%', '::1%a%b', '::1\0'];
  return [...texts, ...zoned, '1.2.3.4', '::1'].map((text) =>
    ['ipv4', 'ipv6', 'IPv4', 'IPV6'].map((family) => list.check(text, family)),
  );
});

both('rules are found among many, while more are added', (net) => {
  const list = new net.BlockList();
  const at = (n) => `10.${n >> 8}.${n & 255}.0`;
  for (let n = 0; n < 3000; n++) {
    list.addSubnet(at(n), 25);
    assert.ok(list.check(at(n).replace(/0$/, '127')));
    assert.ok(!list.check(at(n).replace(/0$/, '128')));
    assert.ok(!list.check(at(n + 1)));
  }
  for (let n = 0; n < 3000; n++) assert.ok(list.check(at(n)));
});

alone('a million rules', (net) => {
  const list = new net.BlockList();
  for (let n = 0; n < 1_000_000; n++) {
    const host = `${n >> 14}.${(n >> 6) & 255}.${(n & 63) << 2}`;
    if (n & 1) list.addAddress(`10.${host}`);
    else list.addSubnet(`11.${host}`, 31);
  }
  assert.strictEqual(list.size, 1_000_000);
  assert.ok(list.check('11.61.8.1') && !list.check('11.61.8.2'));
  assert.ok(list.check('10.61.8.4') && !list.check('10.61.8.5'));
});
