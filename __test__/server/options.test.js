'use strict';

const assert = require('node:assert');
const { EventEmitter, once } = require('node:events');
const { both, same } = require('../helpers/both');
const {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  listening,
  transports,
  whereIs,
} = require('../helpers/wire');

same('a Server without new, with and without options', (net) => {
  const make = [
    () => net.Server(),
    () => new net.Server(),
    () => new net.Server(() => {}),
    () => net.createServer({}),
    () => net.createServer({ allowHalfOpen: true }, () => {}),
    () => net.createServer(undefined, () => {}),
    () => net.createServer(null, () => {}),
    () => net.createServer('x'),
    () => net.createServer(1),
  ];
  return make.map((one) => {
    try {
      const server = one();
      assert.ok(server instanceof net.Server);
      assert.ok(server instanceof EventEmitter);
      return [
        server.listenerCount('connection'),
        server.allowHalfOpen,
        server.pauseOnConnect,
        server.listening,
        server.maxConnections,
        server.address(),
      ];
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  });
});

same("highWaterMark of the server is its sockets'", async (net, t) => {
  const server = await listening(net, t, undefined, { highWaterMark: 4321 });
  const accepted = once(server, 'connection');
  await connected(net, t, server);
  const [peer] = await accepted;
  return [peer.readableHighWaterMark, peer.writableHighWaterMark];
});

same('bad options', (net) =>
  [
    { highWaterMark: -1 },
    { highWaterMark: 'x' },
    { keepAlive: 'x' },
    { keepAliveInitialDelay: 'x' },
    { noDelay: 'x' },
    { pauseOnConnect: 'x' },
    { allowHalfOpen: 'x' },
  ].map((options) => {
    try {
      const { noDelay, keepAlive, allowHalfOpen } = net.createServer(options);
      return [noDelay, keepAlive, allowHalfOpen];
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  }),
);

for (const [name, where] of transports) {
  both(`${name}: above maxConnections, 'drop'`, async (net, t) => {
    const server = await listening(net, t, where(t));
    server.maxConnections = 2;
    const kept = [];
    server.on('connection', (c) => kept.push(c.resume()));
    const first = await connected(net, t, server);
    await connected(net, t, server);
    while (kept.length < 2) await once(server, 'connection');
    const dropped = once(server, 'drop');
    const third = destroyAfter(t, net.connect(whereIs(server)));
    const gone = closed(third.resume());
    const [info] = await dropped;
    assert.deepStrictEqual(
      Object.keys(info ?? {}),
      name === 'TCP'
        ? [
            'localAddress',
            'localPort',
            'localFamily',
            'remoteAddress',
            'remotePort',
            'remoteFamily',
          ]
        : Object.keys(info ?? {}),
    );
    await gone;
    assert.strictEqual(kept.length, 2);
    // One leaves, and the next is let in.
    first.end();
    await closed(kept[0]);
    const accepted = once(server, 'connection');
    await connected(net, t, server);
    await accepted;
  });
}

both('_connections and the server of a socket', async (net, t) => {
  const server = await listening(net, t);
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server);
  const [peer] = await accepted;
  assert.strictEqual(server._connections, 1);
  assert.strictEqual(peer.server, server);
  assert.strictEqual(peer._server, server);
  assert.strictEqual(client.server, null);
  peer.destroy();
  await closed(peer);
  assert.strictEqual(server._connections, 0);
});

/** Emitters made until the test ends route rejections to 'error'. */
function capturing(t) {
  EventEmitter.captureRejections = true;
  t.after(() => (EventEmitter.captureRejections = false));
}

both('captureRejections routes to the socket', async (net, t) => {
  capturing(t);
  const server = await listening(net, t);
  const reached = new Promise((resolve) => {
    server.on('connection', async (socket) => {
      socket.on('error', resolve);
      throw new Error('rejected');
    });
  });
  const client = destroyAfter(t, net.connect(whereIs(server)));
  const gone = closed(client.resume());
  assert.strictEqual((await reached).message, 'rejected');
  await gone;
});

both('captureRejections of the server itself', async (net, t) => {
  capturing(t);
  const server = net.createServer();
  server.on('listening', async () => {
    throw new Error('rejected');
  });
  server.listen(0);
  const [error] = await once(server, 'error');
  assert.strictEqual(error.message, 'rejected');
  server.close();
});

const blockList = { since: '23.4' };
both('blockList keeps an address out', blockList, async (net, t) => {
  const blocked = new net.BlockList();
  blocked.addAddress('127.0.0.2');
  const server = await listening(
    net,
    t,
    { port: 0, host: '127.0.0.1' },
    { blockList: blocked },
  );
  let count = 0;
  server.on('connection', () => count++);
  const out = destroyAfter(
    t,
    net.connect({ ...whereIs(server), localAddress: '127.0.0.2' }),
  );
  await closed(out.resume());
  assert.strictEqual(count, 0);
  const accepted = once(server, 'connection');
  await connected(net, t, server);
  await accepted;
});

both('blockList of a client', blockList, async (net, t) => {
  const server = await listening(net, t);
  const blocked = new net.BlockList();
  blocked.addSubnet('127.0.0.0', 8);
  const client = net.connect({ ...whereIs(server), blockList: blocked });
  const [error] = await once(destroyAfter(t, client), 'error');
  assert.strictEqual(error.code, 'ERR_IP_BLOCKED');
});

both('allowHalfOpen belongs to each accepted socket', async (net, t) => {
  const server = await listening(net, t, undefined, { allowHalfOpen: true });
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server);
  const [peer] = await accepted;
  assert.strictEqual(peer.allowHalfOpen, true);
  peer.allowHalfOpen = false;
  client.end();
  peer.resume();
  await closed(peer);
});

both('200 connections at once are all accepted', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.end('hi'));
  const texts = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const client = destroyAfter(t, net.connect(whereIs(server)));
      return String(await bytesOf(client));
    }),
  );
  assert.ok(texts.every((text) => text === 'hi'));
});
