'use strict';

// Over a network that is bad on purpose. The times are bounds: the machine may be busy.

const assert = require('node:assert');
const { test } = require('node:test');

const { reasonForNoLink } = require('./link');
const { bulk, race, races, vanish, vanishInBulk } = require('./scenarios');

const options = { skip: reasonForNoLink(), timeout: 120_000 };

/** How long a race in parallel takes, in milliseconds: at least, and what is ample. */
const bounds = {
  'IPv6 300 ms': [240, 800],
  'IPv6 black hole': [240, 800],
  'IPv6 loses half': [0, 800],
  'IPv6 400 ms, IPv4 300 ms': [399, 1000],
  'IPv6 300 ms, IPv4 black hole': [299, 900],
};

for (const name of Object.keys(races)) {
  test(`a race in parallel: ${name}`, options, async () => {
    const found = await race(name);
    const { ms, connecting, ended } = found['rust-net, parallel'];
    const [least, most] = bounds[name];
    assert.ok(ms >= least && ms < most, `${ms} ms`);
    assert.deepStrictEqual(
      { connecting, ended },
      { connecting: 0, ended: true },
    );
    // Without it, a race is node's.
    const times = [found['rust-net'].ms, found['node:net'].ms];
    assert.strictEqual(times[0] === null, times[1] === null, `${times}`);
  });
}

test(
  'a peer that vanishes is noticed when that was asked for',
  options,
  async () => {
    const found = await vanish();
    const { 'userTimeout 1.5 s': byData, 'keep-alive 1 s + 2 * 1 s': idle } =
      found;
    assert.strictEqual(byData.code, 'ETIMEDOUT');
    assert.ok(byData.ms >= 1400 && byData.ms < 4000, `${byData.ms} ms`);
    assert.strictEqual(idle.code, 'ETIMEDOUT');
    assert.ok(idle.ms >= 1900 && idle.ms < 6000, `${idle.ms} ms`);
    assert.deepStrictEqual(
      [byData.closed, idle.closed],
      ['"closed"', '"closed"'],
    );
    assert.strictEqual(found['no userTimeout'].code, null);
    assert.strictEqual(found['no keep-alive'].code, null);
  },
);

for (const host of ['10.77.0.2', 'fd77::2']) {
  test(`16 MiB each way arrive whole over ${host}`, options, async () => {
    const { results, ended, counts } = await bulk('rust-net', { host });
    for (const { close, received, isWhole } of results) {
      assert.deepStrictEqual(
        { close, received, isWhole },
        { close: false, received: 16 << 20, isWhole: true },
      );
    }
    assert.deepStrictEqual(ended, [undefined, undefined]);
    assert.ok(counts.every(({ lost, reordered }) => lost > 0 && reordered > 0));
  });
}

test('a peer that vanishes in the middle of a transfer', options, async () => {
  const { error, close, ms, ended } = await vanishInBulk('rust-net');
  assert.strictEqual(error.error, 'ETIMEDOUT');
  assert.ok(ms >= 1000 && ms < 8000, `${ms} ms`);
  assert.deepStrictEqual([close.close, close.isWhole], [true, false]);
  assert.strictEqual(ended, undefined);
});
