'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { alone, both, same } = require('../helpers/both');
const {
  destroyAfter,
  listening,
  tcp,
  transports,
  whereIs,
} = require('../helpers/wire');

const message = Buffer.from('the quick brown fox jumps over the lazy dog');

for (const [name, where] of transports) {
  both(`${name}: onread fills a static buffer`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => {
      c.end(message);
    });
    const buffer = Buffer.alloc(10);
    const got = [];
    const client = destroyAfter(
      t,
      net.connect({
        ...whereIs(server),
        onread: {
          buffer,
          callback(size, given) {
            assert.strictEqual(this, client);
            assert.strictEqual(given.buffer, buffer.buffer);
            got.push(Buffer.from(given.subarray(0, size)));
          },
        },
      }),
    );
    client.on('data', () => assert.fail('onread takes the place of data'));
    await once(client, 'end');
    assert.ok(got.every((chunk) => chunk.length <= 10));
    assert.deepStrictEqual(Buffer.concat(got), message);
    assert.strictEqual(client.bytesRead, message.length);
  });

  both(`${name}: onread asks a function for each buffer`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => {
      c.end(message);
    });
    const buffers = [];
    const got = [];
    const client = destroyAfter(
      t,
      net.connect({
        ...whereIs(server),
        onread: {
          buffer() {
            buffers.push(new Uint8Array(7));
            return buffers.at(-1);
          },
          callback(size, given) {
            assert.strictEqual(given, buffers[got.length]);
            got.push(Buffer.from(given.subarray(0, size)));
          },
        },
      }),
    );
    await once(client.resume(), 'end');
    assert.deepStrictEqual(Buffer.concat(got), message);
    assert.ok(buffers.length >= got.length);
  });

  both(`${name}: onread returning false pauses`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => {
      c.end(message);
    });
    let calls = 0;
    const got = [];
    const client = destroyAfter(
      t,
      net.connect({
        ...whereIs(server),
        onread: {
          buffer: Buffer.alloc(16),
          callback(size, given) {
            calls++;
            got.push(Buffer.from(given.subarray(0, size)));
            setImmediate(() => client.resume());
            return false;
          },
        },
      }),
    );
    client.on('end', () => {});
    await once(client, 'close');
    assert.ok(calls >= 3);
    assert.deepStrictEqual(Buffer.concat(got), message);
  });
}

both('onread reads a megabyte whole', async (net, t) => {
  const data = Buffer.alloc(1 << 20);
  for (let i = 0; i < data.length; i += 4) data.writeUInt32LE(i, i);
  const server = await listening(net, t, undefined, {}, (c) => c.end(data));
  const got = [];
  const client = destroyAfter(
    t,
    net.connect({
      ...whereIs(server),
      onread: {
        buffer: Buffer.alloc(4096),
        callback: (size, given) =>
          void got.push(Buffer.from(given.subarray(0, size))),
      },
    }),
  );
  await once(client.resume(), 'end');
  assert.ok(Buffer.concat(got).equals(data));
});

same('bad onread options', (net) =>
  [
    {},
    { buffer: 'x', callback() {} },
    { buffer: Buffer.alloc(1) },
    { buffer: () => Buffer.alloc(1), callback: 1 },
    null,
    1,
  ].map((onread) => {
    try {
      const socket = new net.Socket({ onread });
      socket.destroy();
      return 'taken';
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  }),
);

/** A server that sends `bytes` and ends. */
const sending = (net, t, bytes) =>
  listening(net, t, tcp(t), {}, (socket) => socket.end(bytes));

/** What a callback does with its socket between two reads. */
const pauses = {
  'never paused': () => true,
  'paused and resumed at once': (socket) => {
    socket.pause();
    socket.resume();
    return true;
  },
  'stopped, and resumed later': (socket) => {
    setImmediate(() => socket.resume());
    return false;
  },
};

/**
 * Sends bytes to a client that reads into buffers of these sizes in turn, and checks what
 * each buffer holds in the end.
 *
 * @param {(client: any, calls: number) => boolean} goOn is returned by the callback
 */
async function readsInto(net, t, { bytes, sizes }, goOn) {
  const server = await sending(net, t, bytes);
  const got = [];
  let asked = 0;
  const client = destroyAfter(
    t,
    net.connect({
      ...whereIs(server),
      onread: {
        buffer: () => Buffer.alloc(sizes[asked++ % sizes.length]),
        callback(size, given) {
          got.push(given.subarray(0, size));
          return goOn(client, got.length);
        },
      },
    }),
  );
  await once(client, 'end');
  assert.ok(Buffer.concat(got).equals(bytes));
  assert.strictEqual(client.bytesRead, bytes.length);
}

for (const [how, rest] of Object.entries(pauses)) {
  both(`onread with buffers of varying size, ${how}`, async (net, t) => {
    const bytes = Buffer.alloc(50_000, 'the quick brown fox');
    const sizes = [1000, 10, 10, 1, 4096, 3];
    await readsInto(net, t, { bytes, sizes }, rest);
  });
}

both('one buffer for the reads of 20 sockets', async (net, t) => {
  const server = await listening(net, t, tcp(t), {}, (socket) => {
    socket.once('data', (name) => socket.end(String(name).repeat(20_000)));
  });
  const buffer = Buffer.alloc(5000);
  const done = [];
  for (let i = 0; i < 20; i++) {
    const name = String.fromCharCode(97 + i);
    let received = 0;
    const client = destroyAfter(
      t,
      net.connect({
        ...whereIs(server),
        onread: {
          buffer,
          callback(size, given) {
            assert.ok(given.subarray(0, size).every((byte) => byte === 97 + i));
            received += size;
          },
        },
      }),
    );
    client.write(name);
    done.push(once(client, 'end').then(() => received));
  }
  assert.deepStrictEqual(await Promise.all(done), Array(20).fill(20_000));
});

/** Two clients that get `bytes` at the same moment, read in one batch. */
async function twoAtOnce(net, t, bytes, onread) {
  const peers = [];
  const server = await listening(net, t, tcp(t), {}, (socket) => {
    // A client that fails resets what it has not read.
    peers.push(socket.on('error', () => {}));
    if (peers.length === 2) for (const peer of peers) peer.end(bytes);
  });
  return [0, 1].map((which) =>
    destroyAfter(t, net.connect({ ...whereIs(server), onread: onread(which) })),
  );
}

both('a callback pauses another socket of its batch', async (net, t) => {
  const bytes = Buffer.alloc(3000, 'x');
  const got = [0, 0];
  const clients = await twoAtOnce(net, t, bytes, (which) => ({
    buffer: Buffer.alloc(1000),
    callback(size) {
      got[which] += size;
      const other = clients[1 - which];
      if (got[which] !== size || got[1 - which] !== 0) return true;
      other.pause();
      setTimeout(() => {
        assert.strictEqual(got[1 - which], 0);
        other.resume();
      }, 20);
      return true;
    },
  }));
  await Promise.all(clients.map((client) => once(client, 'end')));
  assert.deepStrictEqual(got, [3000, 3000]);
});

alone('a callback transfers the buffer of another socket', async (net, t) => {
  const bytes = Buffer.alloc(3000, 'x');
  const buffers = [new Uint8Array(1000), new Uint8Array(1000)];
  const seen = [0, 0];
  const clients = await twoAtOnce(net, t, bytes, (which) => ({
    buffer: buffers[which],
    callback(size) {
      seen[which] += size;
      const { buffer: memory } = buffers[1 - which];
      if (memory.byteLength > 0) {
        structuredClone(memory, { transfer: [memory] });
      }
      return true;
    },
  }));
  const ends = clients.map(async (client) => {
    const failed = once(client, 'error');
    const ended = once(client, 'end').then(() => ['ended']);
    const [how] = await Promise.race([failed, ended]);
    return how.code ?? how;
  });
  // As libuv says of a buffer without room.
  assert.deepStrictEqual((await Promise.all(ends)).sort(), [
    'ENOBUFS',
    'ended',
  ]);
  assert.deepStrictEqual(
    seen.sort((a, b) => a - b),
    [0, 3000],
  );
});

for (const [how, rest] of Object.entries(pauses)) {
  both(`onread of a flood, large buffers, ${how}`, async (net, t) => {
    const bytes = Buffer.alloc(6 << 20);
    for (let i = 0; i < bytes.length; i += 4) bytes.writeUInt32LE(i, i);
    const sizes = [65_536, 40_000, 300_000, 16_384];
    await readsInto(net, t, { bytes, sizes }, (client, calls) => {
      assert.strictEqual(client.isPaused(), false);
      return calls % 5 === 0 ? rest(client) : true;
    });
  });
}

alone('a callback transfers its own buffer amid a flood', async (net, t) => {
  const server = await listening(net, t, tcp(t), {}, (socket) => {
    socket.on('error', () => {});
    socket.end(Buffer.alloc(6 << 20));
  });
  const buffer = new Uint8Array(65_536);
  let calls = 0;
  const client = destroyAfter(
    t,
    net.connect({
      ...whereIs(server),
      onread: {
        buffer,
        callback() {
          const memory = buffer.buffer;
          if (++calls === 10) structuredClone(memory, { transfer: [memory] });
          return true;
        },
      },
    }),
  );
  const [error] = await once(client, 'error');
  assert.strictEqual(error.code, 'ENOBUFS');
  assert.strictEqual(calls, 10);
});

both('onread into shared memory', async (net, t) => {
  const server = await sending(net, t, message);
  const buffer = new Uint8Array(new SharedArrayBuffer(10));
  const got = [];
  const client = destroyAfter(
    t,
    net.connect({
      ...whereIs(server),
      onread: {
        buffer,
        callback: (size) => void got.push(Buffer.from(buffer.slice(0, size))),
      },
    }),
  );
  await once(client, 'end');
  assert.deepStrictEqual(Buffer.concat(got), message);
});
