'use strict';

// net.getStats: ours alone. What is counted is compared with what the test
// itself has done.

const assert = require('node:assert');
const { once } = require('node:events');
const node = require('node:net');
const { inspect } = require('node:util');
const { Worker } = require('node:worker_threads');
const { alone, idOf } = require('../helpers/both');
const {
  connected,
  listening,
  pair,
  take,
  transports,
} = require('../helpers/wire');

/** What has come on top since `before`. */
function since(net, before) {
  const now = net.getStats();
  const difference = (a, b) =>
    Object.fromEntries(
      Object.entries(a)
        .filter(([, value]) => typeof value !== 'string')
        .map(([key, value]) => [
          key,
          typeof value === 'object'
            ? difference(value, b[key])
            : value - b[key],
        ]),
    );
  return difference(now, before);
}

const closed = (...emitters) =>
  Promise.all(emitters.map((emitter) => once(emitter, 'close')));

for (const [name, where] of transports) {
  alone(`${name}: connections and bytes are counted`, async (net, t) => {
    const before = net.getStats();
    const server = await listening(net, t, where(t), {}, (c) => c.pipe(c));
    const clients = [];
    for (let i = 0; i < 3; i++) {
      const client = await connected(net, t, server);
      client.write('x'.repeat(1000));
      await take(client, 1000);
      clients.push(client);
    }
    const open = since(net, before);
    assert.strictEqual(open.sockets, 6);
    assert.strictEqual(open.servers, 1);
    assert.strictEqual(open.accepted, 3);
    assert.strictEqual(open.connected, 3);
    assert.strictEqual(open.bytesRead, 6000);
    assert.strictEqual(open.bytesWritten, 6000);
    assert.ok(open.wakes > 0 && open.batches > 0);
    assert.ok(open.events >= open.batches);
    const { systemCalls: calls } = open;
    assert.ok(calls.accept >= 3 && calls.read >= 6 && calls.write >= 6);

    const ofServer = {
      connections: 3,
      accepted: 3,
      dropped: 0,
      rejectedByAddress: 0,
      rejectedByRate: 0,
      proxyHeaders: 0,
      proxyRefused: 0,
    };
    const bytes = { bytesRead: 3000, bytesWritten: 3000 };
    assert.deepStrictEqual(net.getStats(server), { ...ofServer, ...bytes });

    const ends = closed(...clients, server);
    for (const client of clients) client.end();
    server.close();
    await ends;
    const over = since(net, before);
    assert.deepStrictEqual([over.sockets, over.servers], [0, 0]);
    assert.strictEqual(over.bytesRead, 6000);
    // The bytes of what is closed are kept.
    assert.deepStrictEqual(net.getStats(server), {
      ...ofServer,
      ...bytes,
      connections: 0,
    });
  });
}

alone('a socket says what it has done, and how often', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.pipe(c));
  const client = await connected(net, t, server);
  for (let i = 0; i < 5; i++) {
    client.write('hello');
    await take(client, 5);
  }
  const { reads, writes, ...rest } = net.getStats(client);
  assert.deepStrictEqual(rest, {
    bytesRead: 25,
    bytesWritten: 25,
    queued: 0,
  });
  // A wake-up for nothing costs a read.
  assert.ok(reads >= 5 && reads <= 10, `${reads} reads`);
  assert.strictEqual(writes, 5);
  client.destroy();
  await once(client, 'close');
  assert.deepStrictEqual(net.getStats(client), {
    bytesRead: 25,
    bytesWritten: 25,
    queued: 0,
    reads: 0,
    writes: 0,
  });
});

alone('a write that left before its callback ended counts', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = take(client, 2);
  peer.once('data', () => {
    peer.write('go');
    // While JavaScript blocks, another thread sends.
    const end = performance.now() + 20;
    while (performance.now() < end);
  });
  client.write('?');
  await got;
  assert.strictEqual(net.getStats(peer).writes, 1);
});

alone('writes of one callback are one system call', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => {
    c.on('data', () => {
      for (let i = 0; i < 8; i++) c.write('12345678');
    });
  });
  const client = await connected(net, t, server);
  const before = net.getStats();
  client.write('go');
  await take(client, 64);
  // The request, and the eight writes of the answer.
  const { bytesWritten, systemCalls } = since(net, before);
  assert.strictEqual(bytesWritten, 66);
  const gathers = process.env.RUST_NET_COALESCE !== '0';
  if (gathers) assert.ok(systemCalls.write < 9, `${systemCalls.write}`);
  else assert.strictEqual(systemCalls.write, 9);
});

/** Returns how many system calls a socket's writes take within a callback. */
async function callsWithin(net, client, peer, writes) {
  const got = take(client, writes);
  const { writes: before } = net.getStats(peer);
  const within = new Promise((resolve) => {
    peer.once('data', () => {
      for (let i = 0; i < writes; i++) peer.write('x');
      resolve(net.getStats(peer).writes - before);
    });
  });
  client.write('?');
  await got;
  return within;
}

alone('a write that comes alone leaves at once', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const coalesces = process.env.RUST_NET_COALESCE !== '0';
  // Two in a callback end what sixteen callbacks with one have begun.
  const plan = [...Array(16).fill(1), 1, 1, 2, 2, 1];
  const within = [...Array(16).fill(0), 1, 1, 1, 0, 0];
  const calls = [];
  for (const writes of plan) {
    calls.push(await callsWithin(net, client, peer, writes));
  }
  assert.deepStrictEqual(calls, coalesces ? within : plan);
});

alone('what waits for a slow peer is in `queued`', async (net, t) => {
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server);
  const [peer] = await accepted;
  const length = 32 * 1024 * 1024;
  client.write(Buffer.alloc(length));
  const { queued } = net.getStats(client);
  assert.ok(queued > 0 && queued < length, `${queued}`);
  let received = 0;
  peer.on('data', (data) => (received += data.length));
  peer.resume();
  await once(client, 'drain');
  assert.strictEqual(net.getStats(client).queued, 0);
  client.end();
  await once(peer, 'end');
  assert.strictEqual(received, length);
});

alone('what a server turns away is in `dropped`', async (net, t) => {
  const server = await listening(net, t, undefined, {}, () => {});
  server.maxConnections = 1;
  const first = await connected(net, t, server);
  const drop = once(server, 'drop');
  const second = net.connect(server.address().port);
  second.on('error', () => {});
  await drop;
  const { connections, accepted, dropped } = net.getStats(server);
  assert.deepStrictEqual([connections, accepted, dropped], [1, 1, 1]);
  second.destroy();
  first.destroy();
});

alone(
  'whom the blockList covers is in `dropped`, also later',
  async (net, t) => {
    const blockList = new net.BlockList();
    blockList.addAddress('127.0.0.1');
    const server = await listening(net, t, undefined, { blockList });
    for (let i = 1; i <= 3; i++) {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('error', () => {}).resume();
      await new Promise((resolve) => client.on('close', resolve));
      assert.strictEqual(net.getStats(server).dropped, i);
    }
    server.close();
    await once(server, 'close');
    const { accepted, dropped } = net.getStats(server);
    assert.deepStrictEqual([accepted, dropped], [0, 3]);
  },
);

alone('what never had a handle has zeros', (net) => {
  const zeros = { bytesRead: 0, bytesWritten: 0 };
  assert.deepStrictEqual(net.getStats(new net.Socket()), {
    ...zeros,
    queued: 0,
    reads: 0,
    writes: 0,
  });
  assert.deepStrictEqual(net.getStats(new net.Server()), {
    connections: 0,
    accepted: 0,
    dropped: 0,
    rejectedByAddress: 0,
    rejectedByRate: 0,
    proxyHeaders: 0,
    proxyRefused: 0,
    ...zeros,
  });
});

alone('nothing but a socket or server of ours is taken', (net) => {
  for (const other of [null, 1, {}, new node.Socket(), new node.Server()]) {
    assert.throws(() => net.getStats(other), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

alone('counting is not seen from outside', (net) => {
  assert.doesNotMatch(inspect(new net.Server()), /tats/);
});

alone('a worker counts for itself', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.end('bye'));
  const before = net.getStats();
  const source = `
    const { parentPort } = require('node:worker_threads');
    const net = require(${JSON.stringify(idOf(net))});
    net.connect(${server.address().port}).resume().on('close', () => {
      parentPort.postMessage(net.getStats());
    });
  `;
  const worker = new Worker(source, { eval: true });
  // A message that comes with the exit is told in the same turn.
  const exit = once(worker, 'exit');
  const [theirs] = await once(worker, 'message');
  await exit;
  assert.strictEqual(theirs.connected, 1);
  assert.strictEqual(theirs.accepted, 0);
  assert.strictEqual(theirs.bytesRead, 3);
  const { accepted, connected: ours } = since(net, before);
  assert.deepStrictEqual([accepted, ours], [1, 0]);
});

for (const [name, where] of transports) {
  alone(
    `${name}: a connect asks only the listener it reaches`,
    async (net, t) => {
      const CONNECTS = 50;
      for (let i = 0; i < 200; i++) await listening(net, t, where(t));
      const server = await listening(net, t, where(t));
      const before = net.getStats().systemCalls.accept;
      for (let i = 0; i < CONNECTS; i++) {
        const accepted = once(server, 'connection');
        const client = await connected(net, t, server);
        const [peer] = await accepted;
        client.destroy();
        peer.destroy();
      }
      const accepts = net.getStats().systemCalls.accept - before;
      // One that succeeds, and one that finds no more; twice, as the poll tells it too.
      assert.ok(accepts >= CONNECTS, `${accepts} accepts`);
      assert.ok(accepts <= 4 * CONNECTS, `${accepts} accepts`);
    },
  );
}
