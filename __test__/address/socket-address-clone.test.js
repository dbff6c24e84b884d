'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { both } = require('../helpers/both');

const options = {
  address: '::1',
  family: 'ipv6',
  port: 80,
  flowlabel: 5,
};

both('a clone is a SocketAddress with the same fields', (net) => {
  const original = new net.SocketAddress(options);
  const clone = structuredClone({ inner: original }).inner;
  assert.notStrictEqual(clone, original);
  assert.ok(net.SocketAddress.isSocketAddress(clone));
  assert.ok(clone instanceof net.SocketAddress);
  assert.deepStrictEqual(clone.toJSON(), options);
});

both('a worker receives it', async (net, t) => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    parentPort.once('message', (address) => parentPort.postMessage(
      [require('node:net').SocketAddress.isSocketAddress(address), address],
    ));`;
  const worker = new Worker(code, { eval: true });
  t.after(() => worker.terminate());
  worker.postMessage(new net.SocketAddress(options));
  const [[known, back]] = await once(worker, 'message');
  assert.strictEqual(known, true);
  assert.deepStrictEqual(back.toJSON(), options);
});
