'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { bytesOf, pair, take, transports, until } = require('../helpers/wire');

/** Writes until the kernel and the stream take no more. */
async function fill(socket, chunk = Buffer.alloc(64 * 1024, 'f')) {
  let written = 0;
  // The stream says false before the kernel is full: go on until its queue
  // stays where it is for some turns.
  for (let still = 0; still < 20;) {
    const before = socket.writableLength;
    if (before < 1 << 20) {
      socket.write(chunk);
      written += chunk.length;
    }
    await new Promise((resolve) => setImmediate(resolve));
    still = socket.writableLength >= 1 << 20 ? still + 1 : 0;
  }
  return written;
}

for (const [name, where] of transports) {
  both(`${name}: write says false, then drain`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    peer.pause();
    const size = client.writableHighWaterMark;
    const filled = await fill(client);
    assert.strictEqual(client.write(Buffer.alloc(size)), false);
    assert.strictEqual(client.writableNeedDrain, true);
    const written = size + filled;
    assert.ok(client.writableLength > 0);
    assert.strictEqual(client.bufferSize, client.writableLength);
    const drained = once(client, 'drain').then(() => client.writableLength);
    const got = take(peer, written);
    assert.strictEqual(await drained, 0);
    assert.strictEqual((await got).length, written);
    assert.strictEqual(client.bytesWritten, written);
    assert.strictEqual(peer.bytesRead, written);
  });

  both(`${name}: a paused reader holds the writer back`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    peer.pause();
    await fill(client);
    const { readableLength } = peer;
    // Whatever the mark, a stream that nobody reads does not grow past it.
    assert.ok(readableLength <= 2 * (peer.readableHighWaterMark + 65536));
    peer.resume();
    await once(client, 'drain');
  });

  both(`${name}: 20 MB through a slow reader`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const size = 20 * 1024 * 1024;
    let top = 0;
    let read = 0;
    peer.on('data', (chunk) => {
      read += chunk.length;
      top = Math.max(top, peer.readableLength);
      peer.pause();
      setImmediate(() => peer.resume());
    });
    const chunk = Buffer.alloc(256 * 1024);
    for (let sent = 0; sent < size; sent += chunk.length) {
      if (!client.write(chunk)) await once(client, 'drain');
    }
    client.end();
    await once(peer, 'end');
    assert.strictEqual(read, size);
    assert.ok(top <= 1 << 20, `${top} bytes waited in the stream`);
  });
}

both('bytesWritten counts what still waits', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.pause();
  const written = await fill(client);
  assert.strictEqual(client.bytesWritten, written);
  client.write('äö');
  assert.strictEqual(client.bytesWritten, written + 4);
});

both('bytesWritten counts before connect, in bytes', async (net, t) => {
  const { server } = await pair(net, t);
  const client = net.connect(server.address().port);
  t.after(() => client.destroy());
  client.write('ä');
  client.write(Buffer.alloc(3));
  client.write('6162', 'hex');
  assert.strictEqual(client.bytesWritten, 7);
  assert.strictEqual(client.bytesRead, 0);
  await once(client, 'connect');
  await until(() => client.writableLength === 0);
  assert.strictEqual(client.bytesWritten, 7);
  client.end();
});

both('the counts outlive the socket', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.end('1234567');
  const closing = Promise.all([once(client, 'close'), once(peer, 'close')]);
  client.end('12345');
  client.resume();
  peer.resume();
  await closing;
  assert.deepStrictEqual(
    [client.bytesRead, client.bytesWritten, peer.bytesRead, peer.bytesWritten],
    [7, 5, 5, 7],
  );
});

both('highWaterMark of the constructor holds', async (net, t) => {
  const socket = new net.Socket({ highWaterMark: 1234 });
  t.after(() => socket.destroy());
  assert.strictEqual(socket.readableHighWaterMark, 1234);
  assert.strictEqual(socket.writableHighWaterMark, 1234);
});

both("the default mark is the streams' own", async (net) => {
  const { Duplex } = require('node:stream');
  const plain = new Duplex();
  const socket = new net.Socket();
  assert.strictEqual(socket.writableHighWaterMark, plain.writableHighWaterMark);
  assert.strictEqual(socket.readableHighWaterMark, plain.readableHighWaterMark);
});

both('destroy drops what waits; its callbacks get an error', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.pause();
  await fill(client);
  const failed = new Promise((resolve) => client.write('last', resolve));
  client.destroy();
  const error = await failed;
  // The one until Node 22, the other from 24 on.
  assert.match(error.code, /^(ERR_STREAM_DESTROYED|ECANCELED)$/);
  if (error.code === 'ECANCELED') {
    assert.strictEqual(error.message, 'write ECANCELED');
    assert.strictEqual(error.syscall, 'write');
  }
  assert.strictEqual(client.destroyed, true);
});

both('10 MB in one write', async (net, t) => {
  const { createHash, randomBytes } = require('node:crypto');
  const sum = (data) => createHash('sha256').update(data).digest('hex');
  const { client, peer } = await pair(net, t);
  const data = randomBytes(10 * 1024 * 1024);
  const got = bytesOf(peer);
  client.end(data);
  assert.strictEqual(sum(await got), sum(data));
});

both('10 MB as one string, and as cork()ed pieces', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const text = 'grün-12345'.repeat(500_000);
  const got = bytesOf(peer);
  client.write(text);
  client.cork();
  for (let i = 0; i < 5000; i++) client.write(text.slice(0, 1000));
  client.uncork();
  client.end();
  const expected = Buffer.from(text + text.slice(0, 1000).repeat(5000));
  const actual = await got;
  assert.strictEqual(actual.length, expected.length);
  assert.ok(actual.equals(expected));
});
