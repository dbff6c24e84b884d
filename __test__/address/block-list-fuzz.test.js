'use strict';

const assert = require('node:assert');
const { formKinds, fuzz } = require('../fuzz/address');
const { alone } = require('../helpers/both');

// The long form is a command of its own: see fuzz/address.js.
alone('random addresses and rules are answered as by node:net', (net) => {
  for (const seed of [1, 1_000_000]) {
    assert.deepStrictEqual(fuzz({ net, count: 2_000, seed }), []);
  }
});

alone('random argument lists are read as by node:net', (net) => {
  const run = { net, count: 10_000, seed: 1, among: formKinds };
  assert.deepStrictEqual(fuzz(run), []);
});
