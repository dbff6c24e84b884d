'use strict';

// The short form of run.js.

const assert = require('node:assert');
const test = require('node:test');
const { cases, playCase, reasonToSkip } = require('./play');

const drivers = [process.env.RUST_NET_DRIVER ?? 'on-loop'];

for (const [name, { title }] of Object.entries(cases)) {
  const options = { skip: reasonToSkip(name), timeout: 240_000 };
  test(`${title}: as in node:net, or an error`, options, async () => {
    const { problems } = await playCase(name, { isShort: true, drivers });
    assert.deepStrictEqual(problems, []);
  });
}
