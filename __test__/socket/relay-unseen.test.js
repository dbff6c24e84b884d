'use strict';

// That the bytes of a.pipe(b) really do not visit JavaScript: whatever does is
// copied into a buffer, and the buffers can be counted.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { once } = require('node:events');
const { alone, both, same } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');
const { chain, flowing, pass, routes } = require('../helpers/relay');
const { bytesOf } = require('../helpers/wire');

/** Counts the buffers that rust-net makes for what it has read. */
function countBuffers(t) {
  const { allocUnsafeSlow } = Buffer;
  const counter = { buffers: 0, bytes: 0 };
  Buffer.allocUnsafeSlow = (size) => {
    counter.buffers++;
    counter.bytes += size;
    return allocUnsafeSlow(size);
  };
  t.after(() => (Buffer.allocUnsafeSlow = allocUnsafeSlow));
  return counter;
}

async function passMany(ends, count) {
  for (let i = 0; i < count; i++) await pass(ends, `message ${i}`);
}

for (const [name, where] of routes) {
  alone(`${name}: nobody looks, nothing is copied`, async (net, t) => {
    const ends = await flowing(net, t, { where: where(t) });
    const counter = countBuffers(t);
    await passMany(ends, 100);
    assert.deepStrictEqual(counter, { buffers: 0, bytes: 0 });
    const handle = ends.a._handle;
    assert.ok(handle.relayIdle >= 0);
    const { bytesRead } = handle;
    ends.a.destroy();
    assert.strictEqual(handle.bytesRead, bytesRead);
    assert.strictEqual(ends.a.bytesRead, bytesRead);
  });

  alone(`${name}: who looks sees every chunk`, async (net, t) => {
    const ends = await flowing(net, t, { where: where(t) });
    const counter = countBuffers(t);
    ends.a.on('data', () => {});
    await passMany(ends, 100);
    assert.strictEqual(counter.buffers, 100);
  });
}

alone('a large flow, of which little is copied', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  const counter = countBuffers(t);
  const size = 64 << 20;
  receiver.resume();
  sender.end(Buffer.alloc(size));
  await once(receiver, 'end');
  assert.ok(counter.bytes < size / 4, `${counter.bytes} bytes of ${size}`);
  assert.strictEqual(a.bytesRead, b.bytesWritten);
});

for (const end of ['a', 'b']) {
  alone(`relay: false of ${end}`, async (net, t) => {
    const ends = await flowing(net, t, { [end]: { relay: false } });
    const counter = countBuffers(t);
    await passMany(ends, 20);
    assert.strictEqual(counter.buffers, 20);
    assert.strictEqual(ends.a._handle.relayIdle, -1);
  });
}

/** A relay in a process of its own; says whether bytes passed by unseen. */
async function relayInChild(net) {
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address());
    let left = 20;
    let peer;
    server.on('connection', (socket) => (peer = socket));
    client.write('x');
    client.on('data', () => {
      if (--left > 0) return void client.write('x');
      console.log(peer._handle.relayIdle >= 0);
      client.destroy();
      server.close();
    });
  });
}

alone('RUST_NET_RELAY=0', async (net) => {
  const env = (value) => ({ env: { RUST_NET_RELAY: value } });
  const off = await runs(net, relayInChild, env('0'));
  assert.deepStrictEqual(off, fine('false\n'));
  const on = await runs(net, relayInChild, env('1'));
  assert.deepStrictEqual(on, fine('true\n'));
});

/** Ends by itself, though a relay is open. */
async function unrefInChild(net) {
  const server = net.createServer();
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address(), () => client.write('1'));
    server.on('connection', (socket) => {
      socket.pipe(socket);
      let count = 0;
      client.on('data', () => {
        if (++count < 5) return void client.write('1');
        for (const each of [socket, client, server]) each.unref();
        console.log('done');
      });
    });
  });
}

both('a relay that is unreferenced lets the process go', async (net) => {
  assert.deepStrictEqual(await runs(net, unrefInChild), fine('done\n'));
});

same('the async context of what follows', async (net, t) => {
  const storage = new AsyncLocalStorage();
  const ends = await chain(net, t);
  const { sender, a, b, receiver } = ends;
  const seen = [];
  const note = (name) => () => seen.push([name, storage.getStore()]);
  storage.run('pipe', () => a.pipe(b));
  for (const message of ['one', 'two', 'three']) await pass(ends, message);
  a.on('end', note('end'));
  b.on('finish', note('finish'));
  storage.run('timeout', () => a.setTimeout(30, note('timeout')));
  await once(a, 'timeout');
  a.setTimeout(0);
  const rest = bytesOf(receiver);
  storage.run('end', () => sender.end('four'));
  await rest;
  return seen;
});
