'use strict';

// Whole streams of bytes between rust-net and node:net, through pipe().
// __test__/soak/bytes.js does the same with a gigabyte.

const { both } = require('../helpers/both');
const { through } = require('../helpers/through');
const { tcp, transports } = require('../helpers/wire');

const node = require('node:net');
const megabyte = 1024 * 1024;

for (const [name, where] of transports) {
  both(`${name}: 32 MB to node:net and back`, async (net, t) => {
    await through(net, node, where(t), { bytes: 32 * megabyte });
  });

  both(`${name}: 32 MB from node:net and back`, async (net, t) => {
    await through(node, net, where(t), { bytes: 32 * megabyte });
  });

  both(`${name}: with pauses and small marks`, async (net, t) => {
    const options = { bytes: 2 * megabyte, highWaterMark: 512, pauses: true };
    await through(net, node, where(t), options);
    await through(node, net, where(t), options);
  });
}

both('a mark of one byte', async (net, t) => {
  await through(net, net, tcp(t), { bytes: 100_000, highWaterMark: 1 });
});
