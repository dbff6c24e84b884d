'use strict';

const assert = require('node:assert');
const test = require('node:test');
const { allocate } = require('../../lib/handle/chunk-memory');
const { numbersFrom } = require('../helpers/numbers');
const { tcp_wrap } = require('../../handles');

test('each large chunk has memory of its exact size', (t) => {
  // The first handle opens the native environment.
  const handle = new tcp_wrap.TCP(tcp_wrap.constants.SOCKET);
  t.after(() => handle.close());
  const below = numbersFrom(1);
  let kept = [];
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 300; i++) {
      const size = i % 2 ? 65_536 : 16_384 + below(49_152);
      const chunk = allocate(size);
      assert.strictEqual(chunk.length, size);
      assert.strictEqual(chunk.byteOffset, 0);
      assert.strictEqual(chunk.buffer.byteLength, size);
      chunk.fill(i);
      kept.push(chunk);
    }
    assert.strictEqual(new Set(kept.map((it) => it.buffer)).size, kept.length);
    kept.forEach((chunk, i) => assert.ok(chunk.every((it) => it === i % 256)));
    kept = [];
  }
});
