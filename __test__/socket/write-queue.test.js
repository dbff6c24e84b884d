'use strict';

// Writes that wait for room: they stay where they are, in order, and nothing of
// them is lost in silence.

const assert = require('node:assert');
const { once } = require('node:events');
const { alone, both, same } = require('../helpers/both');
const { runs } = require('../helpers/child');
const {
  bytesOf,
  closed,
  errorFields,
  nextIteration,
  pair,
  transports,
} = require('../helpers/wire');

const MiB = 1 << 20;
const encodings = ['utf8', 'latin1', 'ucs2', 'hex', 'base64', 'ascii'];

/** The i-th chunk of a series, as a program might write it. */
function chunkOf(i) {
  const size = [1, 100, 5000, 70_000, 300_000, 1_200_000][(i * 7) % 6];
  const bytes = Buffer.alloc(size, `${i} `);
  const kind = i % 9;
  if (kind === 0) return { chunk: new Uint8Array(bytes), bytes };
  if (kind === 1) return { chunk: bytes, bytes };
  if (kind === 2) {
    const shared = new Uint8Array(new SharedArrayBuffer(size));
    shared.set(bytes);
    return { chunk: shared, bytes };
  }
  const encoding = encodings[kind - 3];
  const wide = encoding === 'utf8' || encoding === 'ucs2' ? 'ä€😀' : '';
  const text = wide + bytes.toString(encoding);
  return { chunk: text, encoding, bytes: Buffer.from(text, encoding) };
}

for (const [name, where] of transports) {
  both(`${name}: all kinds of chunks to a slow reader`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    const expected = [];
    const called = [];
    for (let i = 0; i < 60; i++) {
      const { chunk, encoding, bytes } = chunkOf(i);
      expected.push(bytes);
      if (i % 10 === 4) client.cork();
      client.write(chunk, encoding, () => called.push(i));
      if (i % 10 === 8) client.uncork();
      if (i % 6 === 5) await nextIteration();
    }
    client.end('end');
    expected.push(Buffer.from('end'));
    const got = [];
    peer.on('data', (chunk) => {
      got.push(chunk);
      peer.pause();
      setImmediate(() => peer.resume());
    });
    await once(peer, 'end');
    assert.ok(Buffer.concat(got).equals(Buffer.concat(expected)));
    assert.deepStrictEqual(called, [...Array(60).keys()]);
    assert.strictEqual(client.bytesWritten, Buffer.concat(expected).length);
  });
}

same('what waits is counted until it has left', async (net, t) => {
  const { client, peer } = await pair(net, t, { where: undefined });
  const size = 32 * MiB;
  const sent = new Promise((resolve) =>
    client.write('a'.repeat(size), resolve),
  );
  const { _handle: handle } = client;
  const before = {
    waits: handle.writeQueueSize > size / 4,
    written: handle.bytesWritten,
    length: client.writableLength,
  };
  peer.resume();
  await sent;
  const { writeQueueSize: after } = handle;
  return { ...before, after, later: client.writableLength };
});

same('callbacks and the end keep their order', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  client.write(Buffer.alloc(16 * MiB), () => {
    seen.push('large');
    process.nextTick(() => seen.push('tick'));
  });
  client.write('small', () => seen.push('small'));
  client.end(() => seen.push('finish'));
  const bytes = await bytesOf(peer);
  assert.strictEqual(bytes.length, 16 * MiB + 5);
  return seen;
});

same('the callbacks of writes that destroy() cuts short', async (net, t) => {
  const { client } = await pair(net, t);
  const seen = [];
  const note = (error) => seen.push(error?.code ?? 'no error');
  client.write(Buffer.alloc(16 * MiB), note);
  client.write('second', note);
  client.destroy();
  await once(client, 'close');
  while (seen.length < 2) await nextIteration();
  return seen;
});

both('destroy() with writes that wait', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  for (let i = 0; i < 3; i++) {
    client.write(Buffer.alloc(16 * MiB), (error) => seen.push(Boolean(error)));
  }
  const gone = closed(client);
  client.destroy();
  assert.strictEqual(await gone, false);
  peer.resume();
  await once(peer, 'close');
  assert.strictEqual(seen.length, 3);
});

both('a peer that goes with writes that wait', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const failed = once(client, 'error');
  client.write(Buffer.alloc(32 * MiB));
  client.end('end');
  peer.resetAndDestroy();
  const [{ code }] = await failed;
  assert.match(code, /^(ECONNRESET|EPIPE)$/);
});

alone('handle verbs with a write that waits', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const handle = client._handle;
  const { ShutdownWrap, WriteWrap } = require('../../handles').stream_wrap;
  const seen = [];
  const request = (Wrap, name) =>
    Object.assign(new Wrap(), {
      oncomplete: (status) => seen.push(`${name} ${status}`),
    });
  const write = (name, size) =>
    handle.writeBuffer(request(WriteWrap, name), Buffer.alloc(size));
  assert.strictEqual(write('first', 16 * MiB), 0);
  assert.strictEqual(write('empty', 0), 0);
  assert.strictEqual(handle.shutdown(request(ShutdownWrap, 'end')), 0);
  const again = handle.shutdown(request(ShutdownWrap, 'again'));
  assert.strictEqual(again, -require('os').constants.errno.ENOTCONN);
  assert.strictEqual(write('late', 5), -require('os').constants.errno.EPIPE);
  assert.strictEqual(handle.reset(), -require('os').constants.errno.EINVAL);
  assert.strictEqual((await bytesOf(peer)).length, 16 * MiB);
  while (seen.length < 3) await nextIteration();
  assert.deepStrictEqual(seen, ['first 0', 'empty 0', 'end 0']);
});

/** The top memory of a process that writes `count` chunks in one tick, in MiB. */
function program(net) {
  const chunk = eval(process.env.CHUNK);
  const server = net.createServer((socket) => {
    let left = 400 * (1 << 20);
    socket.on('data', ({ length }) => {
      left -= length;
      if (left === 0) socket.destroy();
    });
  });
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.on('connect', () => {
      for (let i = 0; i < 400; i++) client.write(chunk);
    });
    client.on('close', () => server.close());
  });
  process.on('exit', () => {
    const { maxRSS } = process.resourceUsage();
    require('node:fs').writeSync(1, String(maxRSS >> 10));
  });
}

const chunks = {
  Buffers: 'Buffer.alloc(1 << 20, "x")',
  strings: '"x".repeat(1 << 20)',
};
for (const [kind, CHUNK] of Object.entries(chunks)) {
  alone(`400 MiB of ${kind} in one tick take no more memory`, async (net) => {
    const used = [];
    for (const subject of [require('node:net'), net]) {
      const ended = await runs(subject, program, { env: { CHUNK } });
      assert.strictEqual(ended.code, 0, ended.stderr);
      used.push(Number(ended.stdout));
    }
    const [original, ours] = used;
    assert.ok(ours < original + 40, `${ours} MiB, node:net ${original}`);
  });
}

/** Writes 16 MiB and transfers their memory at once. */
async function transferred(net, t, options) {
  const { client, peer } = await pair(net, t, options);
  const bytes = new Uint8Array(16 * MiB).fill(7);
  client.write(bytes);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  client.end();
  return { client, peer };
}

alone('memory that goes while it waits: no clean end', async (net, t) => {
  const { client, peer } = await transferred(net, t);
  const failed = once(client, 'error');
  const reset = once(peer, 'error');
  let received = 0;
  peer.on('end', () => assert.fail('a clean end'));
  peer.on('data', (chunk) => {
    assert.ok(chunk.every((byte) => byte === 7));
    received += chunk.length;
  });
  const [{ code, syscall }] = await failed;
  assert.deepStrictEqual([code, syscall], ['EFAULT', 'write']);
  assert.strictEqual((await reset)[0].code, 'ECONNRESET');
  assert.ok(received < 16 * MiB);
});

for (const side of ['client', 'server']) {
  alone(`copyWrites of a ${side}: memory may go`, async (net, t) => {
    const options = { [side]: { copyWrites: true } };
    const { client, peer } = await pair(net, t, options);
    const writer = side === 'client' ? client : peer;
    const reader = side === 'client' ? peer : client;
    const bytes = new Uint8Array(16 * MiB).fill(7);
    writer.write(bytes);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    writer.end();
    const got = await bytesOf(reader);
    assert.strictEqual(got.length, 16 * MiB);
    assert.ok(got.every((byte) => byte === 7));
  });
}

alone('memory that shrinks while it waits', async (net, t) => {
  if (!('resize' in ArrayBuffer.prototype)) return;
  const { client, peer } = await pair(net, t);
  const memory = new ArrayBuffer(16 * MiB, { maxByteLength: 16 * MiB });
  const failed = once(client, 'error');
  const reset = once(peer, 'error');
  client.write(new Uint8Array(memory));
  memory.resize(10);
  peer.resume();
  assert.strictEqual((await failed)[0].code, 'EFAULT');
  assert.strictEqual((await reset)[0].code, 'ECONNRESET');
});

both(
  'bytes that change while they wait are sent as they are then',
  async (net, t) => {
    const { client, peer } = await pair(net, t);
    const bytes = Buffer.alloc(16 * MiB, 'a');
    client.end(bytes);
    bytes.fill('b', 15 * MiB);
    const got = await bytesOf(peer);
    assert.strictEqual(got.length, 16 * MiB);
    assert.strictEqual(got[16 * MiB - 1], 'b'.charCodeAt(0));
  },
);

const refusedWrites = {
  'a Buffer': (socket) => socket.write(Buffer.alloc(10)),
  'a large Buffer': (socket) => socket.write(Buffer.alloc(100_000)),
  'a list': (socket) => {
    socket.cork();
    socket.write('text');
    socket.write(Buffer.alloc(10));
    socket.uncork();
  },
  'a large string': (socket) => socket.write('a'.repeat(100_000)),
  'a string of latin1, as short as node keeps at hand': (socket) =>
    socket.write('a'.repeat(16_384), 'latin1'),
  'one that is longer': (socket) => socket.write('a'.repeat(16_385), 'latin1'),
  'a string of utf8': (socket) => socket.write('a'.repeat(5461)),
  'one of utf8 that is longer': (socket) => socket.write('a'.repeat(5462)),
};
for (const [name, write] of Object.entries(refusedWrites)) {
  same(`bytesWritten after ${name} that fails at once`, async (net, t) => {
    const { client, peer } = await pair(net, t, {
      client: { coalesce: false },
    });
    const gone = closed(client);
    peer.resetAndDestroy();
    write(client);
    await gone;
    return client.bytesWritten;
  });
}

const empties = {
  'an empty Buffer': (socket, callback) =>
    socket.write(Buffer.alloc(0), callback),
  'an empty string': (socket, callback) => socket.write('', callback),
  'an empty last chunk': (socket, callback) => socket.end('', callback),
  'a list of empty chunks': (socket, callback) => {
    socket.cork();
    socket.write('');
    socket.write(Buffer.alloc(0), callback);
    socket.uncork();
  },
};

for (const [name, where] of transports) {
  for (const [what, write] of Object.entries(empties)) {
    same(`${name}: ${what} to a peer that has closed`, async (net, t) => {
      const options = { allowHalfOpen: true };
      const { client, peer } = await pair(net, t, {
        where: where(t),
        server: options,
      });
      await closed(client.destroy());
      const error = once(peer, 'error').catch(() => {});
      const [outcome] = await new Promise((resolve) => {
        write(peer, (...args) => resolve(args));
      });
      if (outcome) await error;
      return errorFields(outcome) ?? 'well';
    });
  }
}

alone('small writes of a callback arrive as one chunk', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.once('data', () => {
    for (let i = 0; i < 10; i++) peer.write(Buffer.alloc(8));
  });
  client.write('go');
  const [{ length }] = await once(client, 'data');
  assert.strictEqual(length, 80);
});
