'use strict';

const assert = require('node:assert');
const {
  AsyncLocalStorage,
  executionAsyncId,
  triggerAsyncId,
} = require('node:async_hooks');
const { once } = require('node:events');
const { both, same } = require('../helpers/both');
const {
  closed,
  destroyAfter,
  listening,
  nextIteration,
  transports,
} = require('../helpers/wire');

for (const [name, where] of transports) {
  same(`${name}: AsyncLocalStorage in every callback`, async (net, t) => {
    const storage = new AsyncLocalStorage();
    const seen = {};
    const note = (what) => (seen[what] = storage.getStore());
    const server = storage.run('server', () =>
      net.createServer((c) => {
        note('connection');
        c.on('data', (data) => {
          note('server data');
          c.write(data, () => note('server write'));
        });
        c.on('end', () => note('server end'));
        c.on('close', () => note('server socket close'));
      }),
    );
    storage.run('listen', () =>
      server.listen(where(t), () => note('listening')),
    );
    await once(server, 'listening');
    const address = server.address();
    const client = storage.run('client', () => {
      const socket = net.connect(address.port ?? address, () =>
        note('connect callback'),
      );
      for (const event of ['lookup', 'connect', 'ready', 'data', 'end']) {
        socket.on(event, () => note(event));
      }
      for (const event of ['finish', 'close', 'timeout']) {
        socket.on(event, () => note(event));
      }
      return socket;
    });
    destroyAfter(t, client);
    await once(client, 'connect');
    const back = once(client, 'data');
    storage.run('write', () => client.write('x', () => note('write')));
    await back;
    const gone = once(client, 'close');
    storage.run('end', () => client.end(() => note('end callback')));
    await gone;
    const closing = once(server, 'close');
    storage.run('closing', () => server.close(() => note('close callback')));
    await closing;
    await nextIteration();
    assert.ok(Object.keys(seen).length >= 14, Object.keys(seen).join());
    return seen;
  });
}

both('each connection keeps its own store', async (net, t) => {
  const storage = new AsyncLocalStorage();
  const server = await listening(net, t, undefined, {}, (c) => {
    c.once('data', (id) => {
      storage.run(String(id), () => c.on('close', () => {}));
      storage.enterWith(String(id));
      c.write('x');
      process.nextTick(() =>
        assert.strictEqual(storage.getStore(), String(id)),
      );
    });
  });
  const { port } = server.address();
  await Promise.all(
    Array.from({ length: 20 }, (_, id) =>
      storage.run(`client ${id}`, async () => {
        const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
        client.on('data', () => {
          assert.strictEqual(storage.getStore(), `client ${id}`);
        });
        client.write(`${id}`);
        await once(client, 'data');
        assert.strictEqual(storage.getStore(), `client ${id}`);
        client.destroy();
        await closed(client);
      }),
    ),
  );
  assert.strictEqual(storage.getStore(), undefined);
});

both('a store set in one event is not seen by another', async (net, t) => {
  const storage = new AsyncLocalStorage();
  const server = await listening(net, t);
  const peers = [];
  const stores = [];
  server.on('connection', (c) => {
    peers.push(c);
    c.on('data', () => {
      stores.push(storage.getStore());
      storage.enterWith('left behind');
    });
  });
  const clients = [];
  for (let i = 0; i < 5; i++) {
    const client = destroyAfter(t, net.connect(server.address().port));
    await once(client, 'connect');
    clients.push(client);
  }
  while (peers.length < 5) await nextIteration();
  const all = Promise.all(peers.map((peer) => once(peer, 'data')));
  clients.forEach((client) => client.write('x'));
  await all;
  assert.deepStrictEqual(stores, new Array(5).fill(undefined));
});

both('events run in an async scope of the handle', async (net, t) => {
  const ids = new Set();
  const server = await listening(net, t, undefined, {}, (c) => c.end('x'));
  const client = destroyAfter(t, net.connect(server.address().port));
  client.on('data', () => {
    ids.add(executionAsyncId());
    assert.ok(triggerAsyncId() > 0);
  });
  await once(client, 'data');
  assert.strictEqual(ids.size, 1);
  assert.ok([...ids][0] > 1);
});

same('the types of the resources made', async (net, t) => {
  const { createHook } = require('node:async_hooks');
  const types = new Set();
  const hook = createHook({
    init: (id, type) => /^(TCP|PIPE|SHUTDOWN)/.test(type) && types.add(type),
  });
  hook.enable();
  t.after(() => hook.disable());
  for (const [, where] of transports) {
    const server = await listening(net, t, where(t), {}, (c) => c.end('x'));
    const address = server.address();
    const client = destroyAfter(t, net.connect(address.port ?? address));
    client.resume();
    await once(client, 'close');
  }
  hook.disable();
  return [...types].sort();
});
