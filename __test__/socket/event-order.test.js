'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { alone, both, same } = require('../helpers/both');
const {
  closed,
  connected,
  destroyAfter,
  listening,
  nextIteration,
  pair,
  recorded,
  tcp,
  transports,
} = require('../helpers/wire');

const all = [
  'lookup',
  'connect',
  'ready',
  'data',
  'end',
  'finish',
  'error',
  'close',
  'timeout',
  'drain',
];

for (const [name, where] of transports) {
  both(`${name}: the life of a client in order`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => {
      c.end('hello');
      c.resume();
    });
    const address = server.address();
    const client = net.connect(address.port ?? address);
    destroyAfter(t, client);
    const events = recorded(client, all);
    await once(client, 'close');
    assert.deepStrictEqual(
      events.filter((event) => event !== 'lookup'),
      ['connect', 'ready', 'data', 'end', 'finish', 'close false'],
    );
  });

  same(`${name}: the life of a server in order`, async (net, t) => {
    const server = net.createServer();
    const events = recorded(server, [
      'listening',
      'connection',
      'close',
      'error',
    ]);
    server.on('close', () => events.push('closed'));
    server.listen(where(t), () => events.push('callback'));
    await once(server, 'listening');
    const accepted = once(server, 'connection');
    const client = await connected(net, t, server);
    const [peer] = await accepted;
    server.close((error) => events.push(`close callback ${error}`));
    await nextIteration();
    events.push('connection still open');
    client.end();
    peer.resume();
    await once(server, 'close');
    return events;
  });
}

both('ready follows connect in the same turn', async (net, t) => {
  const server = await listening(net, t);
  const client = net.connect(server.address().port);
  destroyAfter(t, client);
  const order = [];
  client.on('connect', () => {
    order.push('connect');
    process.nextTick(() => order.push('tick'));
    Promise.resolve().then(() => order.push('microtask'));
    setImmediate(() => {
      order.push('immediate');
      client.emit('seen');
    });
  });
  client.on('ready', () => order.push('ready'));
  await once(client, 'seen');
  assert.deepStrictEqual(order, [
    'connect',
    'ready',
    'tick',
    'microtask',
    'immediate',
  ]);
});

both('ticks and microtasks run between two events', async (net, t) => {
  const server = await listening(net, t);
  const order = [];
  const peers = [];
  const clients = [];
  for (let i = 0; i < 8; i++) {
    const accepted = once(server, 'connection');
    clients.push(await connected(net, t, server));
    const [peer] = await accepted;
    peers.push(peer);
    peer.on('data', () => {
      order.push('data');
      process.nextTick(() => order.push('tick'));
      Promise.resolve().then(() => order.push('microtask'));
    });
  }
  const arrived = Promise.all(peers.map((peer) => once(peer, 'data')));
  for (const client of clients) client.write('x');
  await arrived;
  await nextIteration();
  const one = ['data', 'tick', 'microtask'];
  assert.deepStrictEqual(
    order,
    peers.flatMap(() => one),
  );
});

both('write callbacks run in the order of the writes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.resume();
  const order = [];
  const big = Buffer.alloc(1 << 20);
  client.write(big, () => order.push('first'));
  client.write('x', () => order.push('second'));
  await new Promise((resolve) => {
    client.write('y', () => {
      order.push('third');
      resolve();
    });
  });
  assert.deepStrictEqual(order, ['first', 'second', 'third']);
});

both('a write callback is never synchronous', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.resume();
  let called = false;
  const written = new Promise((resolve) => {
    client.write('x', () => {
      called = true;
      resolve();
    });
  });
  assert.strictEqual(called, false);
  await written;
});

const closings = {
  'destroy()': (client) => client.destroy(),
  'destroy(error)': (client) => client.destroy(new Error('mine')),
  'end()': (client) => client.end(),
  'destroySoon()': (client) => client.destroySoon(),
  'resetAndDestroy()': (client) => client.resetAndDestroy(),
};
for (const [name, close] of Object.entries(closings)) {
  same(`${name}: events of both sides`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    const mine = recorded(client, all);
    const theirs = recorded(peer, all);
    const done = Promise.all([closed(client), closed(peer)]);
    peer.resume();
    client.resume();
    close(client);
    await done;
    return { mine, theirs };
  });

  same(`${name}: 'close' is given a boolean`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    peer.resume();
    client.resume();
    const both = Promise.all([closed(client), closed(peer)]);
    close(client);
    const given = await both;
    assert.deepStrictEqual(
      given.map((value) => typeof value),
      ['boolean', 'boolean'],
    );
    return given;
  });
}

both('destroy() twice closes once', async (net, t) => {
  const { client } = await pair(net, t);
  const events = recorded(client, all);
  client.destroy();
  client.destroy(new Error('second'));
  assert.strictEqual(client.destroyed, true);
  await once(client, 'close');
  await nextIteration();
  assert.deepStrictEqual(events, ['close false']);
});

both('destroy() in a data handler stops the data', async (net, t) => {
  const { client, peer } = await pair(net, t);
  let chunks = 0;
  peer.on('error', () => {});
  client.on('data', () => {
    chunks++;
    client.destroy();
  });
  peer.write(Buffer.alloc(1 << 20));
  await once(client, 'close');
  await nextIteration();
  assert.strictEqual(chunks, 1);
});

same('a connection in progress destroyed: no connect', async (net, t) => {
  const server = await listening(net, t, tcp());
  const { port } = server.address();
  // An address: a look-up would end at a time of its own.
  const client = net.connect(port, '127.0.0.1');
  const events = recorded(client, all);
  client.destroy();
  await once(client, 'close');
  await nextIteration();
  return events;
});

same('lookup comes first and says what it found', async (net, t) => {
  const server = await listening(net, t, tcp());
  const { port } = server.address();
  const client = net.connect({ host: 'localhost', port, family: 4 });
  destroyAfter(t, client);
  const events = recorded(client, all);
  const [error, address, family, host] = await once(client, 'lookup');
  await once(client, 'connect');
  return { error, address, family, host, events };
});

same(
  'of sockets closed in one turn the last tells it first',
  async (net, t) => {
    const server = await listening(net, t, tcp());
    const clients = [];
    for (let i = 0; i < 4; i++) clients.push(await connected(net, t, server));
    await nextIteration();
    const order = [];
    const ends = clients.map((client, i) =>
      once(client, 'close').then(() => order.push(i)),
    );
    for (const client of clients) client.destroy();
    await Promise.all(ends);
    return order;
  },
);

// Node 18 calls end() back first: a write without a callback ends in a tick of its own,
// which finds the socket destroyed.
both(
  'end() that fails is called back behind earlier writes',
  { since: '20' },
  async (net, t) => {
    const { client, peer } = await pair(net, t);
    peer.resume();
    const seen = [];
    const note = (name) => (error) => seen.push([name, error?.code]);
    client.write('a');
    client.write('b', note('write'));
    client.end(note('end'));
    client.write('c', note('late'));
    client.on('error', note('error'));
    await closed(client);
    const code = 'ERR_STREAM_WRITE_AFTER_END';
    assert.deepStrictEqual(seen, [
      ['write', undefined],
      ['end', code],
      ['late', code],
      ['error', code],
    ]);
  },
);

// Node 18's streams forget it, unless a write of the same tick ends behind destroy().
both(
  'end() that destroy() overtakes is called back',
  { since: '20' },
  async (net, t) => {
    const { client } = await pair(net, t);
    const seen = [];
    client.write('a');
    client.end((error) => seen.push(error?.code));
    client.destroy();
    await closed(client);
    assert.deepStrictEqual(seen, ['ERR_STREAM_DESTROYED']);
  },
);

both(
  'end() that an error overtakes is called back',
  { since: '20' },
  async (net, t) => {
    const { client } = await pair(net, t);
    const seen = [];
    client.on('error', () => seen.push('error'));
    client.end((error) => seen.push(error?.code));
    client.write('late');
    await closed(client);
    assert.deepStrictEqual(seen, ['ERR_STREAM_WRITE_AFTER_END', 'error']);
  },
);

// Node goes on to read, up to 32 times.
alone("'finish' may come before what has arrived", async (net, t) => {
  const { client, peer } = await pair(net, t);
  let received = 0;
  client.pause();
  // As much as the kernel holds.
  await new Promise((resolve) => {
    peer.write(Buffer.alloc(150_000), resolve);
  });
  const early = new Promise((resolve) => {
    client.on('finish', () => resolve(received));
  });
  const all = new Promise((resolve) => client.on('end', resolve));
  client.on('data', ({ length }) => {
    received += length;
    if (received === length) client.end();
  });
  client.resume();
  assert.ok((await early) >= 65_536);
  peer.end();
  await all;
  assert.strictEqual(received, 150_000);
});

both("a write from 'connect' comes behind an empty one", async (net, t) => {
  const server = await listening(net, t, tcp());
  const client = net.connect(server.address().port, '127.0.0.1');
  destroyAfter(t, client);
  const calls = [];
  client.once('connect', () => {
    client.write('x');
    calls.push(client._handle.bytesWritten);
  });
  await new Promise((resolve) => client.write(Buffer.alloc(0), resolve));
  assert.deepStrictEqual(calls, [0]);
});

/** A server in a thread of its own that greets, and raises a flag when it is done. */
const greeter = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.write('hello', () => {
      Atomics.store(workerData, 0, 1);
      Atomics.notify(workerData, 0);
    });
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));`;

/** Greets a client whose thread is blocked until then; returns the order of events. */
async function greetedLate(net, t) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(greeter, { eval: true, workerData: flag });
  t.after(() => worker.terminate());
  const [port] = await once(worker, 'message');
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  const seen = [];
  client.on('connect', () => {
    seen.push('connect');
    setImmediate(() => seen.push('immediate'));
  });
  client.on('data', () => seen.push('data'));
  // With an address, connect() calls the kernel in the next tick.
  await new Promise(process.nextTick);
  assert.notStrictEqual(Atomics.wait(flag, 0, 0, 10_000), 'timed-out');
  while (seen.length < 3) await nextIteration();
  return seen;
}

alone(
  'bytes that wait behind a connection are read in its iteration',
  async (net, t) => {
    const seen = await greetedLate(net, t);
    assert.deepStrictEqual(seen, ['connect', 'data', 'immediate']);
    const nodes = await greetedLate(require('node:net'), t);
    assert.deepStrictEqual(nodes, ['connect', 'immediate', 'data']);
  },
);
