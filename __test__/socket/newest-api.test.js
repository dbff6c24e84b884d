'use strict';

// What net.Socket has in Node 26 and not in 18: there rust-net has it too.

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { getsockopt } = require('../helpers/sockopt');
const {
  connected,
  destroyAfter,
  listening,
  pair,
  transports,
  whereIs,
} = require('../helpers/wire');

const keepAliveForms = { since: '24.19' };
const service = { since: '24.15' };

const keepAlive = (socket) =>
  ['keepAlive', 'keepIdle', 'keepInterval', 'keepCount'].map((name) =>
    getsockopt(socket, name),
  );

const forms = {
  'four arguments': (socket) => socket.setKeepAlive(true, 30_000, 5000, 4),
  'an object': (socket) =>
    socket.setKeepAlive({
      enable: true,
      initialDelay: 30_000,
      interval: 5000,
      count: 4,
    }),
};

for (const [form, set] of Object.entries(forms)) {
  both(`setKeepAlive, ${form}`, keepAliveForms, async (net, t) => {
    const { client } = await pair(net, t);
    assert.strictEqual(set(client), client);
    assert.deepStrictEqual(keepAlive(client), [1, 30, 5, 4]);
  });

  both(
    `setKeepAlive before connect, ${form}`,
    keepAliveForms,
    async (net, t) => {
      const server = await listening(net, t);
      const client = destroyAfter(t, new net.Socket());
      assert.strictEqual(set(client), client);
      client.connect(whereIs(server));
      await once(client, 'connect');
      assert.deepStrictEqual(keepAlive(client), [1, 30, 5, 4]);
    },
  );
}

both(
  'setKeepAlive changes one thing of many',
  keepAliveForms,
  async (net, t) => {
    const { client } = await pair(net, t);
    client.setKeepAlive(true, 30_000, 5000, 4);
    client.setKeepAlive(true, 30_000, 7000, 4);
    assert.deepStrictEqual(keepAlive(client), [1, 30, 7, 4]);
    client.setKeepAlive({ enable: true, initialDelay: 40_000, interval: 7000 });
    assert.strictEqual(getsockopt(client, 'keepIdle'), 40);
    client.setKeepAlive({ enable: false });
    assert.strictEqual(getsockopt(client, 'keepAlive'), 0);
  },
);

both('setKeepAlive with as much as Node 18 knows', async (net, t) => {
  const { client } = await pair(net, t);
  client.setKeepAlive(true, 20_000);
  // An interval and a count as libuv, or the system, sets them by itself.
  const [on, idle] = keepAlive(client);
  assert.deepStrictEqual([on, idle], [1, 20]);
});

both('typeOfService as an option', service, async (net, t) => {
  const server = await listening(net, t);
  const client = await connected(net, t, server, { typeOfService: 0x10 });
  assert.strictEqual(getsockopt(client, 'typeOfService'), 0x10);
  assert.strictEqual(client.getTypeOfService(), 0x10);
});

both('typeOfService before there is a connection', service, (net) => {
  const socket = new net.Socket({ typeOfService: 8 });
  assert.strictEqual(socket.getTypeOfService(), 8);
  assert.strictEqual(socket.setTypeOfService(16), socket);
  assert.strictEqual(socket.getTypeOfService(), 16);
  assert.strictEqual(new net.Socket().getTypeOfService(), 0);
  for (const bad of [-1, 256, 1.5, NaN, '8', null]) {
    assert.throws(() => socket.setTypeOfService(bad), /^(Type|Range)Error/);
    const options = { typeOfService: bad };
    assert.throws(() => new net.Socket(options), /^(Type|Range)Error/);
  }
});

both('typeOfService of IPv6', service, async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '::1' });
  const client = await connected(net, t, server, { typeOfService: 0x20 });
  assert.strictEqual(getsockopt(client, 'trafficClass'), 0x20);
  client.setTypeOfService(0x40);
  assert.strictEqual(getsockopt(client, 'trafficClass'), 0x40);
  assert.strictEqual(client.getTypeOfService(), 0x40);
});

both('a Unix socket remembers it', service, async (net, t) => {
  const { client } = await pair(net, t, { where: transports[1][1](t) });
  assert.strictEqual(client.setTypeOfService(8), client);
  assert.strictEqual(client.getTypeOfService(), 8);
  assert.strictEqual(client.setKeepAlive({ enable: true }), client);
});

/** Two addresses, the first of which refuses. */
const lookup = (host, options, callback) =>
  process.nextTick(callback, null, [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ]);

both("the 'connectionAttempt' events", { since: '20.12' }, async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const client = destroyAfter(t, new net.Socket());
  const events = [];
  for (const name of ['connectionAttempt', 'connectionAttemptFailed']) {
    client.on(name, (address, at, family, error) => {
      assert.strictEqual(at, port);
      events.push([name, address, family, error && error.code]);
    });
  }
  client.connect({ port, host: 'both.test', lookup, autoSelectFamily: true });
  await once(client, 'connect');
  assert.deepStrictEqual(events, [
    ['connectionAttempt', '::1', 6, undefined],
    ['connectionAttemptFailed', '::1', 6, 'ECONNREFUSED'],
    ['connectionAttempt', '127.0.0.1', 4, undefined],
  ]);
  assert.deepStrictEqual(client.autoSelectFamilyAttemptedAddresses, [
    `::1:${port}`,
    `127.0.0.1:${port}`,
  ]);
});
