'use strict';

// The short form of threads.js.

const assert = require('node:assert');
const test = require('node:test');
const { ROOT, copies, load, terminate } = require('./threads/play');

const driver = process.env.RUST_NET_DRIVER;
const skip = process.platform !== 'linux';
const options = { timeout: 120_000, skip };

test('threads are terminated at random moments', options, async () => {
  const seed = Date.now() % 1e9;
  const job = { module: ROOT, count: 60, seed };
  const { problems } = await terminate(job, { driver, limit: 100_000 });
  assert.deepStrictEqual(problems, [], `seed ${seed}`);
});

test('50 threads load the addon at once', options, async () => {
  const { problems } = await load({ module: ROOT, count: 50 }, { driver });
  assert.deepStrictEqual(problems, []);
});

for (const isBinaryShared of [false, true]) {
  const which = isBinaryShared ? 'one binary' : 'a binary each';
  test(`two copies in one process, ${which}`, options, async () => {
    const job = { count: 25, isBinaryShared };
    const { problems } = await copies(job, { driver });
    assert.deepStrictEqual(problems, []);
  });
}
