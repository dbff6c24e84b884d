'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { pair, transports } = require('../helpers/wire');

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const places = [
  [Buffer.prototype, ['copy', 'fill', 'slice', 'subarray', 'write']],
  [typedArray, ['fill', 'set', 'slice', 'subarray']],
];

/** Puts methods that do nothing in the place of those of Buffers and typed arrays. */
function replaceMethods() {
  const before = places.flatMap(([object, names]) =>
    names.map((name) => [object, name, object[name]]),
  );
  const nothing = () => undefined;
  for (const [object, name] of before) object[name] = nothing;
  return () => {
    for (const [object, name, method] of before) object[name] = method;
  };
}

/** Collects chunks up to 'end'. Stops reading at each one where `pauses`. */
async function chunksOf(socket, pauses) {
  const chunks = [];
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    if (!pauses) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  await once(socket, 'end');
  return chunks;
}

for (const [name, where] of transports) {
  for (const pauses of [false, true]) {
    const title = `${name}: a program's own methods of Buffer have no say`;
    both(`${title}${pauses ? ', pausing' : ''}`, async (net, t) => {
      const { client, peer } = await pair(net, t, { where: where(t) });
      const small = Buffer.alloc(3000, 's');
      const large = Buffer.alloc(1 << 20, 'l');
      const text = 't'.repeat(9000);
      const restore = replaceMethods();
      let chunks;
      try {
        const whole = chunksOf(peer, pauses);
        client.write(small);
        client.write(large);
        client.end(text, 'latin1');
        chunks = await whole;
      } finally {
        restore();
      }
      const expected = Buffer.concat([small, large, Buffer.from(text)]);
      assert.ok(Buffer.concat(chunks).equals(expected));
    });
  }

  both(
    `${name}: an onread buffer's own methods have no say`,
    async (net, t) => {
      class Own extends Uint8Array {
        subarray() {
          return new Uint8Array(9);
        }
        set() {}
      }
      const got = [];
      const buffer = new Own(16);
      const onread = {
        buffer,
        callback(size) {
          got.push(...new Uint8Array(buffer.buffer, 0, size));
          return true;
        },
      };
      const { client, peer } = await pair(net, t, {
        where: where(t),
        client: { onread },
      });
      peer.end('the quick brown fox jumps over the lazy dog');
      await once(client, 'end');
      const text = Buffer.from(got).toString();
      assert.strictEqual(text, 'the quick brown fox jumps over the lazy dog');
    },
  );
}
