'use strict';

// Lists and addresses of the two modules taken for each other.

const assert = require('node:assert');
const { once } = require('node:events');
const nodeNet = require('node:net');
const { alone, both } = require('../helpers/both');

both('isBlockList', { since: '22.13' }, (net) => {
  const { BlockList } = net;
  assert.strictEqual(BlockList.isBlockList(new BlockList()), true);
  for (const other of [undefined, null, 1, 'x', {}, [], new Map()]) {
    assert.strictEqual(BlockList.isBlockList(other), false);
  }
});

alone("node's own list is a list", (net) => {
  const nodes = new nodeNet.BlockList();
  assert.strictEqual(net.BlockList.isBlockList(nodes), true);
  assert.ok(nodes instanceof net.BlockList);
  class Sub extends net.BlockList {}
  assert.ok(new Sub() instanceof net.BlockList);
  assert.ok(!(nodes instanceof Sub));
  assert.ok(!(new net.BlockList() instanceof Sub));
});

alone("node's own addresses are taken in rules and checks", (net) => {
  const at = (address, family = 'ipv4', port = 0) =>
    new nodeNet.SocketAddress({ address, family, port });
  const list = new net.BlockList();
  list.addAddress(at('1.1.1.1', 'ipv4', 80));
  list.addAddresses([at('::1', 'ipv6'), '1.1.1.2']);
  list.addRange(at('2.2.2.2'), '2.2.2.9');
  list.addSubnet(at('3::', 'ipv6'), 16);
  for (const address of ['1.1.1.1', '1.1.1.2', '2.2.2.5']) {
    assert.ok(list.check(at(address)) && list.check(address), address);
  }
  assert.ok(list.check(at('3::9', 'ipv6')) && list.check('::1', 'ipv6'));
  list.removeRange(at('2.2.2.2'), at('2.2.2.9'));
  list.removeAddress(at('::1', 'ipv6'));
  assert.ok(!list.check('2.2.2.5') && !list.check(at('::1', 'ipv6')));
});

alone("our addresses are taken by node's own list", (net) => {
  const list = new nodeNet.BlockList();
  list.addAddress(new net.SocketAddress({ address: '1.1.1.1' }));
  assert.ok(list.check(new net.SocketAddress({ address: '1.1.1.1', port: 9 })));
  assert.ok(!list.check(new net.SocketAddress({ address: '1.1.1.2' })));
});

alone("node's own server asks our list", async (net) => {
  // Older releases have no such option.
  if (!nodeNet.BlockList.isBlockList) return;
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.1');
  let accepted = 0;
  const server = nodeNet.createServer({ blockList }, () => accepted++);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = nodeNet.connect(server.address().port, '127.0.0.1');
  client.on('error', () => {}).resume();
  await once(client, 'close');
  server.close();
  assert.strictEqual(accepted, 0);
});
