'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both, same } = require('./helpers/both');
const {
  destroyAfter,
  listening,
  transports,
  whereIs,
} = require('./helpers/wire');

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
