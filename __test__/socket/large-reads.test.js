'use strict';

// Much data at once. The bytes of a socket whose last read was large are read only
// when its listener is due, straight into the memory of the chunk.

const assert = require('node:assert');
const { once } = require('node:events');
const { pipeline } = require('node:stream/promises');
const { Writable } = require('node:stream');
const { alone, both } = require('../helpers/both');
const { numbersFrom } = require('../helpers/numbers');
const { nextIteration, pair, transports } = require('../helpers/wire');

const MUCH = 6 << 20;

/** Bytes of which no two places look alike. */
function pattern(length) {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i + 4 <= length; i += 4) bytes.writeUInt32LE(i, i);
  return bytes;
}

const sent = pattern(MUCH);

/** Writes all bytes in pieces of random sizes, and ends. */
function sendInPieces(peer, seed) {
  const below = numbersFrom(seed);
  for (let at = 0; at < MUCH;) {
    const size = 1 + below(100_000);
    peer.write(sent.subarray(at, at + size));
    at += size;
  }
  peer.end();
}

/** Two connections with much to read on each. */
async function twoFloods(net, t) {
  const one = await pair(net, t);
  const two = await pair(net, t);
  for (const { peer } of [one, two]) {
    peer.on('error', () => {});
    peer.end(sent);
  }
  return [one.client, two.client];
}

for (const [name, where] of transports) {
  both(`${name}: each chunk has its own memory`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    sendInPieces(peer, 1);
    const kept = [];
    client.on('data', (chunk) => {
      assert.strictEqual(chunk.byteOffset, 0);
      assert.strictEqual(chunk.buffer.byteLength, chunk.length);
      if (kept.length % 3 === 0) {
        const { buffer } = chunk;
        const moved = structuredClone(buffer, { transfer: [buffer] });
        assert.strictEqual(chunk.length, 0);
        kept.push(Buffer.from(moved));
      } else {
        kept.push(chunk);
      }
    });
    await once(client, 'end');
    assert.strictEqual(new Set(kept.map((it) => it.buffer)).size, kept.length);
    assert.ok(Buffer.concat(kept).equals(sent));
    assert.strictEqual(client.bytesRead, MUCH);
  });

  both(`${name}: stops and goes on anywhere`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    sendInPieces(peer, 2);
    const below = numbersFrom(3);
    const chunks = [];
    client.on('data', (chunk) => {
      assert.strictEqual(client.isPaused(), false);
      chunks.push(chunk);
      const choice = below(6);
      if (choice === 0) {
        client.pause();
        client.resume();
      } else if (choice === 1) {
        client.pause();
        setImmediate(() => client.resume());
      } else if (choice === 2) {
        client.pause();
        process.nextTick(() => client.resume());
      }
    });
    await once(client, 'end');
    assert.ok(Buffer.concat(chunks).equals(sent));
  });

  both(`${name}: read by 'readable'`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    sendInPieces(peer, 4);
    const below = numbersFrom(5);
    const chunks = [];
    client.on('readable', () => {
      let chunk;
      while ((chunk = client.read(below(3) ? undefined : 1000)) !== null) {
        chunks.push(chunk);
      }
    });
    await once(client, 'end');
    assert.ok(Buffer.concat(chunks).equals(sent));
  });

  both(`${name}: read by a slow stream`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    sendInPieces(peer, 6);
    const chunks = [];
    const target = new Writable({
      write(chunk, _encoding, done) {
        chunks.push(chunk);
        if (chunks.length % 5 === 0) setImmediate(done);
        else done();
      },
    });
    await pipeline(client, target);
    assert.ok(Buffer.concat(chunks).equals(sent));
  });

  both(`${name}: read as text`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const text = 'grüße, 世界 🌍\n'.repeat(150_000);
    peer.end(text);
    client.setEncoding('utf8');
    let got = '';
    for await (const chunk of client) got += chunk;
    assert.ok(got === text);
  });
}

both('a listener pauses the other flood', async (net, t) => {
  const clients = await twoFloods(net, t);
  const chunks = [[], []];
  clients.forEach((client, which) => {
    const other = clients[1 - which];
    client.on('data', (chunk) => {
      assert.strictEqual(client.isPaused(), false);
      chunks[which].push(chunk);
      if (chunks[which].length % 4 !== 0 || other.isPaused()) return;
      other.pause();
      setImmediate(() => other.resume());
    });
  });
  await Promise.all(clients.map((client) => once(client, 'end')));
  for (const got of chunks) assert.ok(Buffer.concat(got).equals(sent));
});

both('a listener destroys the other flood', async (net, t) => {
  const clients = await twoFloods(net, t);
  let last = null;
  const chunks = [0, 0];
  clients.forEach((client, which) => {
    client.on('data', () => {
      assert.strictEqual(client.destroyed, false);
      if (++chunks[which] === 20 && last === null) {
        last = client;
        clients[1 - which].destroy();
      }
    });
  });
  await Promise.all(clients.map((client) => once(client, 'close')));
  const bytes = clients.map((client) => client.bytesRead);
  assert.strictEqual(bytes[clients.indexOf(last)], MUCH);
});

both('what a listener throws loses no bytes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  let thrown = 0;
  process.setUncaughtExceptionCaptureCallback(() => thrown++);
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  sendInPieces(peer, 7);
  const chunks = [];
  client.on('data', (chunk) => {
    chunks.push(chunk);
    if (chunks.length % 7 === 0) throw new Error('from a listener');
  });
  await once(client, 'end');
  assert.strictEqual(thrown, Math.floor(chunks.length / 7));
  assert.ok(Buffer.concat(chunks).equals(sent));
});

both('ticks and microtasks run between two chunks', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.end(sent);
  const events = [];
  client.on('data', () => {
    events.push('data');
    process.nextTick(() => events.push('tick'));
    Promise.resolve().then(() => events.push('microtask'));
  });
  await once(client, 'end');
  const chunks = events.length / 3;
  assert.deepStrictEqual(
    events,
    Array(chunks).fill(['data', 'tick', 'microtask']).flat(),
  );
});

both('a socket that is destroyed within a flood', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.on('error', () => {});
  peer.write(sent);
  let chunks = 0;
  client.on('data', () => {
    assert.strictEqual(client.destroyed, false);
    if (++chunks === 30) client.destroy();
  });
  await once(client, 'close');
  assert.strictEqual(chunks, 30);
});

// Beside a flood the loop stays fair.
both('a ping is answered during a flood', async (net, t) => {
  const flood = await pair(net, t);
  const { client, peer } = await pair(net, t);
  peer.pipe(peer);
  let isOver = false;
  const again = () => isOver || flood.peer.write(sent, again);
  again();
  let received = 0;
  flood.client.on('data', ({ length }) => (received += length));
  for (let i = 0; i < 20; i++) {
    client.write('ping');
    assert.strictEqual(String((await once(client, 'data'))[0]), 'ping');
  }
  await nextIteration();
  isOver = true;
  assert.ok(received > 0);
});

alone('small chunks keep no large memory', async (net, t) => {
  const kept = [];
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 50; i++) {
    const { client, peer } = await pair(net, t);
    peer.write(Buffer.alloc(65_536));
    let received = 0;
    while (received < 65_536) {
      received += (await once(client, 'data'))[0].length;
    }
    peer.write('little');
    kept.push((await once(client, 'data'))[0]);
  }
  assert.strictEqual(String(Buffer.concat(kept)), 'little'.repeat(50));
  for (const chunk of kept) {
    assert.strictEqual(chunk.buffer.byteLength, chunk.length);
  }
  globalThis.gc?.();
  const grown = process.memoryUsage().arrayBuffers - before;
  assert.ok(grown < 64 << 20, `${grown} bytes`);
});
