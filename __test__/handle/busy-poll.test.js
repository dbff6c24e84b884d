'use strict';

process.env.RUST_NET_BUSY_POLL = '1000';
if (process.platform === 'linux') process.env.RUST_NET_DRIVER = 'on-loop';

const assert = require('node:assert');
const { once } = require('node:events');
const { alone } = require('../helpers/both');
const { nextIteration, pair } = require('../helpers/wire');

// node:net runs the immediate first: it reads the answer in the next iteration.
alone('busy-poll reads an answer before the loop goes on', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const first = new Set();
  for (let round = 0; round < 200 && !first.has('answer'); round++) {
    const seen = [];
    peer.once('data', () => {
      setImmediate(() => seen.push('immediate'));
      peer.write('answer');
    });
    client.once('data', () => seen.push('answer'));
    client.write('question');
    await once(client, 'data');
    await nextIteration();
    first.add(seen[0]);
  }
  assert.ok(first.has('answer') || process.platform !== 'linux');
});
