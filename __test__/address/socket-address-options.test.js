'use strict';

const assert = require('node:assert');
const util = require('node:util');
const { alone, both, nodeIs, same } = require('../helpers/both');

const fieldsOf = ({ address, port, family, flowlabel }) => ({
  address,
  port,
  family,
  flowlabel,
});

function thrown(call) {
  try {
    call();
  } catch (error) {
    const { name, message, code } = error;
    return { name, message, code, keys: Object.keys(error) };
  }
  return assert.fail('did not throw');
}

both('options that are left out', (net) => {
  const none = { address: '127.0.0.1', port: 0, family: 'ipv4', flowlabel: 0 };
  assert.deepStrictEqual(fieldsOf(new net.SocketAddress()), none);
  assert.deepStrictEqual(fieldsOf(new net.SocketAddress({})), none);
  const { address } = new net.SocketAddress({ family: 'ipv6' });
  assert.strictEqual(address, '::');
});

same('options that are taken', (net) =>
  [
    { address: '1.2.3.4', port: 80 },
    { address: '1.2.3.4', port: '0x50', family: 'IPv4' },
    { address: '1.2.3.4', flowlabel: 5 },
    { address: '::FFFF:0', family: 'ipv6', flowlabel: 0xfffff },
    { address: '::ffff:102:304', family: 'IPV6' },
    { address: '::102:304', family: 'ipv6' },
    { address: 'fe80::1%nowhere', family: 'ipv6' },
    { address: '1.2.3.4\0and more' },
    { family: { toLowerCase: () => 'ipv4' }, address: '1.1.1.1' },
  ]
    // A port in text ends the process of Node 20 and before.
    .filter(({ port }) => typeof port !== 'string' || nodeIs('22'))
    .map((options) => fieldsOf(new net.SocketAddress(options))),
);

same('options that are refused', (net) => {
  const refused = [
    ...[1, false, 'text', null, []],
    ...[1, false, {}, [], 'test', null].map((family) => ({ family })),
    ...[1, false, {}, [], null].map((address) => ({ address })),
    ...['', 'x', '1.2.3', '01.2.3.4', '::1'].map((address) => ({ address })),
    { address: '1.2.3.4', family: 'ipv6' },
    { family: 'IPV4' },
    ...[-1, 65536, 1.5, false, {}, [], ' ', null].map((port) => ({ port })),
    ...[-1, 2 ** 32, 1.5, '1', null].map((flowlabel) => ({ flowlabel })),
  ];
  return refused.map((options) => thrown(() => new net.SocketAddress(options)));
});

alone('a flow label of more than twenty bits is an error', (net) => {
  // node:net ends the process.
  for (const flowlabel of [0x100000, 2 ** 31, 2 ** 32 - 1]) {
    const options = { family: 'ipv6', flowlabel };
    const expected = { name: 'RangeError', code: 'ERR_OUT_OF_RANGE' };
    assert.throws(() => new net.SocketAddress(options), expected);
  }
});

same('what inspect and JSON show', (net) => {
  const address = new net.SocketAddress({ address: '::1', family: 'ipv6' });
  return [
    util.inspect(address),
    util.inspect({ a: { b: { address } } }, { depth: 3 }),
    util.inspect(address, { depth: -1 }),
    JSON.stringify(address),
    Object.keys(address),
  ];
});

both('isSocketAddress', (net) => {
  const { SocketAddress } = net;
  assert.strictEqual(SocketAddress.isSocketAddress(new SocketAddress()), true);
  for (const other of [undefined, null, 1, {}, new SocketAddress().toJSON()]) {
    assert.strictEqual(SocketAddress.isSocketAddress(other), false);
  }
});

both('without new it throws', (net) => {
  assert.throws(() => net.SocketAddress(), TypeError);
});

alone("one of node's own is one of ours", (net) => {
  const nodes = new (require('node:net').SocketAddress)();
  assert.ok(net.SocketAddress.isSocketAddress(nodes));
  assert.ok(nodes instanceof net.SocketAddress);
  class Sub extends net.SocketAddress {}
  assert.ok(new Sub() instanceof net.SocketAddress);
  assert.ok(!(nodes instanceof Sub));
});
