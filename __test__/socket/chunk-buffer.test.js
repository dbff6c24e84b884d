'use strict';

// A chunk's ArrayBuffer is the program's own: it may be looked at, kept, or
// given away, and nothing of another connection is to be seen in it.

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { connected, listening, pair, take } = require('../helpers/wire');

for (const size of [1, 64, 1024, 4096, 16384, 65536]) {
  both(`the buffer of ${size} bytes holds only these`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    for (let i = 0; i < 5; i++) {
      const arrived = once(client, 'data');
      peer.write(Buffer.alloc(size, i + 1));
      const [chunk] = await arrived;
      assert.strictEqual(chunk.byteOffset, 0);
      assert.strictEqual(chunk.buffer.byteLength, chunk.length);
      assert.ok(new Uint8Array(chunk.buffer).every((byte) => byte === i + 1));
      let rest = size - chunk.length;
      while (rest > 0) rest -= (await once(client, 'data'))[0].length;
    }
  });

  both(`${size} bytes transferred leave the next intact`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    const kept = [];
    let bytes = 0;
    client.on('data', ({ buffer }) => {
      bytes += buffer.byteLength;
      kept.push(structuredClone(buffer, { transfer: [buffer] }));
      assert.strictEqual(buffer.byteLength, 0);
    });
    for (let i = 1; i <= 4; i++) {
      peer.write(Buffer.alloc(size, i));
      while (bytes < i * size) await once(client, 'data');
    }
    const all = Buffer.concat(kept.map((buffer) => Buffer.from(buffer)));
    const sent = [1, 2, 3, 4].map((i) => Buffer.alloc(size, i));
    assert.ok(all.equals(Buffer.concat(sent)));
  });
}

both('a chunk kept does not change', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const kept = [];
  client.on('data', (chunk) => kept.push(chunk));
  for (let i = 0; i < 200; i++) {
    const arrived = once(client, 'data');
    peer.write(Buffer.alloc(100, i));
    await arrived;
  }
  const all = Buffer.concat(kept);
  for (let i = 0; i < 200; i++) assert.strictEqual(all[i * 100 + 50], i);
});

both('a chunk may be written to, and echoed', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => {
    c.on('data', (chunk) => c.write(chunk.fill('z')));
  });
  const client = await connected(net, t, server);
  for (let i = 0; i < 20; i++) {
    client.write('abcd');
    assert.strictEqual(String(await take(client, 4)), 'zzzz');
  }
});
