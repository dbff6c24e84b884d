'use strict';

// The options of a connection, as the kernel has them.

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { getsockopt } = require('../helpers/sockopt');
const {
  connected,
  destroyAfter,
  listening,
  pair,
  whereIs,
} = require('../helpers/wire');

const noDelay = (socket) => getsockopt(socket, 'noDelay');
const keepAlive = (socket) => [
  getsockopt(socket, 'keepAlive'),
  getsockopt(socket, 'keepIdle'),
];

both('setNoDelay after connect', async (net, t) => {
  const { client, peer } = await pair(net, t);
  assert.deepStrictEqual([client, peer].map(noDelay), [0, 0]);
  assert.strictEqual(client.setNoDelay(), client);
  assert.strictEqual(noDelay(client), 1);
  client.setNoDelay(false);
  assert.strictEqual(noDelay(client), 0);
});

both('setKeepAlive after connect, in seconds', async (net, t) => {
  const { client } = await pair(net, t);
  assert.strictEqual(keepAlive(client)[0], 0);
  assert.strictEqual(client.setKeepAlive(true, 45_000), client);
  assert.deepStrictEqual(keepAlive(client), [1, 45]);
  client.setKeepAlive(false);
  assert.strictEqual(keepAlive(client)[0], 0);
});

both('setNoDelay and setKeepAlive before connect', async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, new net.Socket());
  client.setNoDelay(true).setKeepAlive(true, 12_345);
  client.connect(whereIs(server));
  await once(client, 'connect');
  assert.strictEqual(noDelay(client), 1);
  assert.deepStrictEqual(keepAlive(client), [1, 12]);
});

both('options of connect', async (net, t) => {
  const server = await listening(net, t);
  const client = await connected(net, t, server, {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 7000,
  });
  assert.strictEqual(noDelay(client), 1);
  assert.deepStrictEqual(keepAlive(client), [1, 7]);
});

both('options of the server hold for what it accepts', async (net, t) => {
  const { client, peer } = await pair(net, t, {
    server: { noDelay: true, keepAlive: true, keepAliveInitialDelay: 9000 },
  });
  assert.strictEqual(noDelay(peer), 1);
  assert.deepStrictEqual(keepAlive(peer), [1, 9]);
  assert.strictEqual(noDelay(client), 0);
});

both('options after destroy are ignored', async (net, t) => {
  const { client } = await pair(net, t);
  client.destroy();
  await once(client, 'close');
  assert.strictEqual(client.setNoDelay(), client);
  assert.strictEqual(client.setKeepAlive(true, 1000), client);
  assert.strictEqual(client.ref(), client);
  assert.strictEqual(client.unref(), client);
});

both('options do not exist on a Unix socket', async (net, t) => {
  const { transports } = require('../helpers/wire');
  const { client } = await pair(net, t, { where: transports[1][1](t) });
  assert.strictEqual(client.setNoDelay(), client);
  assert.strictEqual(client.setKeepAlive(true, 1000), client);
});

const interval = { since: '24.19' };
both('keepAlive with interval and count', interval, async (net, t) => {
  const { client } = await pair(net, t);
  client.setKeepAlive(true, 30_000, 5000, 4);
  assert.deepStrictEqual(keepAlive(client), [1, 30]);
  assert.strictEqual(getsockopt(client, 'keepInterval'), 5);
  assert.strictEqual(getsockopt(client, 'keepCount'), 4);
});

const service = { since: '24.15' };
both('setTypeOfService before and after connect', service, async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, new net.Socket());
  client.setTypeOfService(0x10);
  client.connect(whereIs(server));
  await once(client, 'connect');
  assert.strictEqual(getsockopt(client, 'typeOfService'), 0x10);
  client.setTypeOfService(0x08);
  assert.strictEqual(client.getTypeOfService(), 0x08);
  assert.strictEqual(getsockopt(client, 'typeOfService'), 0x08);
});
