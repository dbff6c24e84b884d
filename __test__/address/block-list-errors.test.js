'use strict';

const assert = require('node:assert');
const { both, nodeIs, same } = require('../helpers/both');

function thrown(call) {
  try {
    call();
  } catch (error) {
    const { name, message, code } = error;
    return { name, message, code, keys: Object.keys(error) };
  }
  return 'nothing thrown';
}

const others = [undefined, null, 1, 1n, {}, [], Symbol('address')];
const families = [null, 1, 1n, {}, [], '', 'foo', 'ipv5'];

function refusals(net, names) {
  const list = new net.BlockList();
  const tries = [];
  const attempt = (name, ...args) =>
    tries.push([name, thrown(() => list[name](...args))]);
  for (const name of names) {
    for (const other of others) {
      attempt(name, other);
      attempt(name, '1.1.1.1', other);
      attempt(name, other, other, other);
    }
    for (const family of families) {
      attempt(name, '1.1.1.1', family);
      attempt(name, '1.1.1.1', '1.1.1.2', family);
      attempt(name, '1.1.1.1', 8, family);
    }
    for (const address of ['', 'x', '1.1.1', '01.1.1.1', '::1']) {
      attempt(name, address, 'ipv4');
      attempt(name, '1.1.1.1', address);
      attempt(name, address, 8);
    }
    for (const prefix of [-1, 33, 129, 1.5, NaN, Infinity, '8', 2 ** 32]) {
      attempt(name, '1.1.1.1', prefix);
      attempt(name, '::', prefix, 'ipv6');
    }
  }
  return tries;
}

same('addAddress, addRange, addSubnet: what is refused, and how', (net) =>
  refusals(net, ['addAddress', 'addRange', 'addSubnet']),
);

same('check: what is refused, and how', (net) => {
  const list = new net.BlockList();
  const pairs = others.map((other) => ['1.1.1.1', other]);
  return [...others.map((other) => [other]), ...pairs].map((args) =>
    thrown(() => list.check(...args)),
  );
});

same('a range in reverse', (net) => {
  const at = (address, family, port) =>
    new net.SocketAddress({ address, family, port });
  const list = new net.BlockList();
  return [
    thrown(() => list.addRange('1.1.1.2', '1.1.1.1')),
    thrown(() => list.addRange('::2', '::1', 'ipv6')),
    thrown(() => list.addRange(at('1.1.1.2', 'ipv4', 80), '1.1.1.1')),
    thrown(() => list.addRange('1.1.1.1', at('::ffff:1.1.1.0', 'ipv6'))),
    thrown(() => list.addRange('1.1.1.1', at('::1', 'ipv6'))),
    list.rules,
  ];
});

if (nodeIs('24.21')) {
  same('the methods of Node 24.21: what is refused, and how', (net) => {
    const list = new net.BlockList();
    const cidrs = ['', '1.1.1.1', '1.1.1.1/', '1.1.1.1/x', '1.1.1.1/08', '/8'];
    cidrs.push('1.1.1.1/33', '::/129', '::/-1', '1.1.1.1/1e1', '1.1.1/8');
    const lists = [...others, ['1.1.1.1', 1], [undefined], ['x', 1]];
    return [
      ...refusals(net, ['removeAddress', 'removeRange', 'removeSubnet']),
      ...[...cidrs, ...others].flatMap((cidr) => [
        thrown(() => list.addCIDR(cidr)),
        thrown(() => list.removeCIDR(cidr)),
        thrown(() => list.addCIDRs(['1.1.1.1/8', cidr])),
      ]),
      ...lists.flatMap((value) => [
        thrown(() => list.addAddresses(value)),
        thrown(() => list.addCIDRs(value)),
        thrown(() => list.fromJSON(value)),
      ]),
      ...families.map((family) =>
        thrown(() => list.addAddresses(['1.1.1.1'], family)),
      ),
    ];
  });
}

both('the members are methods of a class', (net) => {
  const list = new net.BlockList();
  assert.throws(() => net.BlockList(), TypeError);
  const { check } = list;
  assert.throws(() => check.call({}, '1.1.1.1'), TypeError);
  assert.throws(() => Object.create(net.BlockList.prototype).rules, TypeError);
  assert.deepStrictEqual(Object.keys(list), []);
});
