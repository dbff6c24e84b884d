'use strict';

// Text is encoded piece by piece into memory that is used again. Every byte arrives,
// wherever a piece ends and whatever else is sent meanwhile.

const assert = require('node:assert');
const { alone, both, same } = require('../helpers/both');
const { runs } = require('../helpers/child');
const { bytesOf, nextIteration, pair, transports } = require('../helpers/wire');

const MiB = 1 << 20;
/** Units of the longest piece of UTF-8, and of text with one byte a unit. */
const PIECE = Math.floor((256 * 1024) / 3);
const PLAIN_PIECE = 256 * 1024;

/** Resolves with all bytes up to 'end', taken one chunk an iteration. */
function slowly(socket) {
  const got = bytesOf(socket);
  socket.on('data', () => {
    socket.pause();
    setImmediate(() => socket.resume());
  });
  return got;
}

/** Sends texts, each with its encoding, and compares what arrives. */
async function sendAll(net, t, where, texts) {
  const { client, peer } = await pair(net, t, { where });
  const called = [];
  texts.forEach(([text, encoding], i) => {
    client.write(text, encoding, () => called.push(i));
  });
  client.end();
  const got = await slowly(peer);
  const expected = Buffer.concat(texts.map((each) => Buffer.from(...each)));
  assert.strictEqual(got.length, expected.length);
  assert.ok(got.equals(expected));
  assert.deepStrictEqual(called, [...texts.keys()]);
  assert.strictEqual(client.bytesWritten, expected.length);
}

const sizes = [4096, 4097, PIECE, PIECE + 1, PLAIN_PIECE + 1, 600_001];
const letters = ['a', 'é', '世', '🌍', 'añ€🌍'];
for (const [name, where] of transports) {
  for (const encoding of ['utf8', 'latin1', 'ascii', 'ucs2', 'UTF-16LE']) {
    both(`${name}: ${encoding} of every size`, (net, t) => {
      const texts = letters.flatMap((letter) =>
        sizes.map((size) => [
          letter.repeat(size / letter.length + 1).slice(0, size),
          encoding,
        ]),
      );
      return sendAll(net, t, where(t), texts);
    });
  }
}

both('surrogates where a piece ends', (net, t) => {
  const texts = [];
  for (const middle of [
    '🌍🌍',
    '\ud83c',
    '\udf0d',
    '\ud83c\ud83c',
    '\udf0d🌍',
  ]) {
    for (let before = PIECE - 4; before < PIECE + 3; before++) {
      texts.push([`${'x'.repeat(before)}${middle}é${'y'.repeat(9)}`, 'utf8']);
    }
  }
  return sendAll(net, t, undefined, texts);
});

both('text that is not flat', (net, t) => {
  let rope = 'é';
  let plainRope = '';
  for (let i = 0; i < 5000; i++) {
    rope = i % 2 ? `${rope}${i} some text ` : ` other text ${i}${rope}`;
    plainRope += `${i} plain text of one byte a unit. `;
  }
  const long = 'sliced € text, '.repeat(50_000);
  return sendAll(net, t, undefined, [
    [rope, 'utf8'],
    [plainRope + plainRope, 'utf8'],
    [plainRope, 'latin1'],
    [rope, 'ucs2'],
    [long.slice(7, 500_000), 'utf8'],
    [long.slice(7, 20_000), 'utf8'],
  ]);
});

const chunks = {
  'long text': () => ['long é '.repeat(60_000), 'utf8'],
  'plain text': () => ['plain '.repeat(60_000), 'utf8'],
  'short text': () => ['short é', 'utf8'],
  'wide text': () => ['wide 世 '.repeat(9000), 'ucs2'],
  'no text': () => ['', 'latin1'],
  bytes: () => [Buffer.alloc(300_000, 'bytes')],
  'few bytes': () => [Buffer.from('few bytes')],
  'no bytes': () => [Buffer.alloc(0)],
  base64: () => ['aGVs\nbG8=', 'base64'],
  'much base64': () => ['aGVs\nbG8'.repeat(20_000), 'BASE64'],
  hex: () => ['0123zz', 'hex'],
  'much hex': () => [`${'0123'.repeat(20_000)}??`, 'hex'],
};

both('lists of all kinds of chunks', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const kinds = Object.values(chunks);
  const expected = [];
  const called = [];
  for (let step = 1; step < kinds.length; step++) {
    client.cork();
    for (let i = 0; i < 6; i++) {
      const each = kinds[(i * step + step) % kinds.length]();
      client.write(...each, () => called.push(expected.length));
      expected.push(Buffer.from(...each));
    }
    client.uncork();
    if (step % 3 === 0) await nextIteration();
  }
  client.end();
  const got = await slowly(peer);
  const all = Buffer.concat(expected);
  assert.strictEqual(got.length, all.length);
  assert.ok(got.equals(all));
  assert.strictEqual(called.length, expected.length);
  assert.strictEqual(client.bytesWritten, all.length);
});

for (const [kind, chunkOf] of Object.entries(chunks)) {
  same(`what is counted of ${kind} in a list that waits`, async (net, t) => {
    const { client } = await pair(net, t);
    client.write(Buffer.alloc(16 * MiB));
    const before = client._handle.writeQueueSize;
    client.cork();
    client.write('head');
    client.write(...chunkOf());
    client.uncork();
    // The first write is still under way: the list waits in the stream.
    return [before > 0, client.bytesWritten, client.writableLength];
  });
}

both('many slow peers at once, some of which go', async (net, t) => {
  const ends = [];
  for (let i = 0; i < 24; i++) ends.push(await pair(net, t));
  const textOf = (i) => `${i} é `.repeat(150_000 + 1000 * i);
  for (let round = 0; round < 2; round++) {
    ends.forEach(({ client }, i) => client.write(textOf(i)));
    await nextIteration();
  }
  const gone = ends.splice(0, 4);
  for (const { client } of gone) client.destroy();
  await Promise.all(
    ends.map(async ({ client, peer }, i) => {
      client.end();
      const got = await slowly(peer);
      assert.ok(got.equals(Buffer.from(textOf(i + 4).repeat(2))), `${i}`);
    }),
  );
});

both('text that the program has no reference to', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const texts = [];
  for (let i = 0; i < 30; i++) {
    const make = () => `${i}é`.repeat(50_000);
    client.write(make());
    texts.push(make());
    if (i % 5 === 0) await nextIteration();
  }
  client.end();
  const got = await slowly(peer);
  assert.ok(got.equals(Buffer.from(texts.join(''))));
});

/** Replaces how Buffer encodes, and then writes text. */
function replaced(net) {
  // The first use loads all of rust-net.
  const server = net.createServer();
  const seen = [];
  for (const name of ['utf8Write', 'latin1Write', 'ucs2Write', 'write']) {
    const original = Buffer.prototype[name];
    Buffer.prototype[name] = function (...args) {
      seen.push(name);
      return Reflect.apply(original, this, args);
    };
  }
  server.on('connection', (socket) => {
    let left = 9 * (1000 + 50_000 + 400_000);
    socket.on('data', ({ length }) => {
      left -= length;
      if (left === 0) socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.on('connect', () => {
      seen.length = 0;
      for (const size of [1000, 50_000, 400_000]) {
        // Three bytes a unit, one and two; each three times.
        client.write('世'.repeat(size));
        client.write('x'.repeat(3 * size), 'latin1');
        client.cork();
        client.write('世'.repeat(size), 'ucs2');
        client.write('x'.repeat(size));
        client.uncork();
      }
      client.on('close', () => {
        server.close();
        console.log(seen.length);
      });
    });
  });
}

alone('what encodes is no method that a program replaces', async (net) => {
  const { code, stdout, stderr } = await runs(net, replaced);
  assert.deepStrictEqual([code, stdout.trim(), stderr], [0, '0', '']);
});
