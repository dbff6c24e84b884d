'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both, same } = require('../helpers/both');
const { bytesOf, pair, transports } = require('../helpers/wire');

const text = 'Grüße, 世界 🌍 \u0000 end';
const encodings = [
  'utf8',
  'utf-8',
  'UTF8',
  'latin1',
  'binary',
  'ascii',
  'ucs2',
  'utf16le',
];

for (const [name, where] of transports) {
  both(`${name}: a string in every encoding`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const got = bytesOf(peer);
    const expected = [];
    for (const encoding of encodings) {
      client.write(text, encoding);
      expected.push(Buffer.from(text, encoding));
    }
    for (const [data, encoding] of [
      ['00ff10', 'hex'],
      ['aGVsbG8=', 'base64'],
      ['aGVsbG8', 'base64url'],
    ]) {
      client.write(data, encoding);
      expected.push(Buffer.from(data, encoding));
    }
    client.end();
    assert.deepStrictEqual(await got, Buffer.concat(expected));
  });

  both(`${name}: cork with mixed encodings`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const got = bytesOf(peer);
    const expected = [];
    const called = [];
    client.cork();
    encodings.forEach((encoding, i) => {
      client.write(text, encoding, () => called.push(i));
      client.write(Buffer.from([i]));
      expected.push(Buffer.from(text, encoding), Buffer.from([i]));
    });
    assert.ok(client.writableLength > 0);
    assert.strictEqual(client.writableCorked, 1);
    client.uncork();
    client.end();
    assert.deepStrictEqual(await got, Buffer.concat(expected));
    assert.deepStrictEqual(called, [...encodings.keys()]);
  });

  both(`${name}: cork with buffers only`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const got = bytesOf(peer);
    client.cork();
    for (let i = 0; i < 3000; i++) client.write(Buffer.from(`${i},`));
    process.nextTick(() => client.uncork());
    client.end();
    const expected = Array.from({ length: 3000 }, (_, i) => `${i},`).join('');
    assert.strictEqual(String(await got), expected);
  });
}

both('cork with chunks of all sizes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = bytesOf(peer);
  const chunks = [];
  for (const sizes of [
    [1, 4096, 0, 4095],
    [1, 4097],
    [4096, 65_536, 1],
    Array(16).fill(4096),
    [...Array(16).fill(4096), 1],
  ]) {
    client.cork();
    for (const size of sizes) {
      const chunk = Buffer.alloc(size, chunks.length + 1);
      client.write(chunk);
      // Twice the same bytes, and what is not ASCII takes two of them.
      client.write(chunk.toString('latin1'), 'latin1');
      client.write('\u00e9'.repeat(size), 'utf8');
      chunks.push(chunk, chunk, Buffer.from('\u00e9'.repeat(size)));
    }
    client.uncork();
  }
  // Just what is joined at the most, and nothing behind it.
  client.cork();
  for (let i = 0; i < 16; i++) {
    chunks.push(Buffer.alloc(4096, i));
    client.write(chunks.at(-1));
  }
  client.write('', 'latin1');
  client.uncork();
  client.end();
  assert.deepStrictEqual(await got, Buffer.concat(chunks));
});

both('nothing leaves while corked', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const chunks = [];
  peer.on('data', (chunk) => chunks.push(String(chunk)));
  client.cork();
  client.cork();
  client.write('a');
  client.uncork();
  client.write('b');
  assert.strictEqual(client.writableLength, 2);
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.deepStrictEqual(chunks, []);
  client.uncork();
  await once(peer, 'data');
  assert.deepStrictEqual(chunks, ['ab']);
});

both('an empty write is called back and sends nothing', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = bytesOf(peer);
  for (const empty of ['', Buffer.alloc(0), new Uint8Array(0)]) {
    await new Promise((resolve) => client.write(empty, resolve));
  }
  assert.strictEqual(client.bytesWritten, 0);
  client.end('');
  assert.strictEqual((await got).length, 0);
});

both('views and typed arrays send their own bytes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = bytesOf(peer);
  const backing = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
  client.write(backing.subarray(2, 4));
  client.write(Buffer.from(backing.buffer, 5, 2));
  client.end(new Uint8Array(new Uint16Array([0x0a0a]).buffer));
  assert.deepStrictEqual(await got, Buffer.from([2, 3, 5, 6, 10, 10]));
});

both('setDefaultEncoding is the one of write and end', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = bytesOf(peer);
  client.setDefaultEncoding('hex');
  client.write('ff');
  client.end('00');
  assert.deepStrictEqual(await got, Buffer.from([255, 0]));
});

both('a string after a full queue keeps its place', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.pause();
  const block = Buffer.alloc(1 << 20, '.');
  for (let i = 0; i < 8; i++) client.write(block);
  const tail = [];
  for (const encoding of ['latin1', 'utf8', 'ucs2']) {
    client.write(text, encoding);
    tail.push(Buffer.from(text, encoding));
  }
  client.end();
  const got = await bytesOf(peer);
  const end = Buffer.concat(tail);
  assert.strictEqual(got.length, 8 * block.length + end.length);
  assert.deepStrictEqual(got.subarray(-end.length), end);
});

both('long strings of every width', async (net, t) => {
  for (const letter of ['a', 'é', '世', '🌍']) {
    for (const size of [1, 4095, 4096, 16384, 70_000]) {
      const { client, peer } = await pair(net, t);
      const string = letter.repeat(size);
      const got = bytesOf(peer);
      client.end(string);
      assert.ok((await got).equals(Buffer.from(string)), `${letter} ${size}`);
    }
  }
});

same('what is no chunk is refused', async (net, t) => {
  const { client } = await pair(net, t);
  return [null, undefined, 1, {}, [], true, Symbol.iterator].map((chunk) => {
    try {
      return client.write(chunk);
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  });
});

same('an unknown encoding is refused', async (net, t) => {
  const { client } = await pair(net, t);
  assert.throws(() => client.write('x', 'utf7'));
  try {
    client.write('x', 'utf7');
  } catch (error) {
    return [error.constructor.name, error.code, error.message];
  }
});

both('the caller may change its buffer once called back', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const got = bytesOf(peer);
  const buffer = Buffer.alloc(8);
  for (let i = 0; i < 100; i++) {
    buffer.fill(i);
    await new Promise((resolve) => client.write(buffer, resolve));
  }
  client.end();
  const expected = Array.from({ length: 100 }, (_, i) => Buffer.alloc(8, i));
  assert.deepStrictEqual(await got, Buffer.concat(expected));
});
