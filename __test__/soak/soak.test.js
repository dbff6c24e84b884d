'use strict';

// The short form of run.js, on the driver of this run.

const assert = require('node:assert');
const test = require('node:test');
const { Soak } = require('./load/soak');

const options = { timeout: 120_000, skip: process.platform !== 'linux' };

test('a soak with peers that are stopped and killed', options, async () => {
  const seed = Number(process.env.SEED) || Date.now() % 1e9;
  const driver = process.env.RUST_NET_DRIVER ?? 'on-loop';
  const soak = new Soak({
    ...{ subject: 'rust-net', driver, seed },
    ...{ connections: 3000, bytes: 6e6, meanPause: 300 },
  });
  const { problems, counts, last } = await soak.run();
  assert.deepStrictEqual(problems, [], `SEED=${seed}`);
  assert.ok(last.connections >= 3000);
  assert.ok(counts.killed + counts.reset + counts.stopped > 0);
});
