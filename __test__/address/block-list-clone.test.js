'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { alone, both } = require('../helpers/both');

const since = '24.21';

function listOf(net) {
  const list = new net.BlockList();
  list.addAddress('1.1.1.1');
  list.addSubnet('10.0.0.0', 8);
  list.addRange('::1', '::f', 'ipv6');
  return list;
}

both('a clone has the rules, in their order', (net) => {
  const list = listOf(net);
  const before = list.rules;
  const clone = structuredClone({ inner: list }).inner;
  assert.notStrictEqual(clone, list);
  assert.ok(clone instanceof net.BlockList);
  assert.deepStrictEqual(clone.rules, before);
  assert.deepStrictEqual(list.rules, before);
  assert.ok(clone.check('10.9.9.9') && list.check('10.9.9.9'));
  assert.ok(!clone.check('11.9.9.9') && !list.check('11.9.9.9'));
});

both('rules that are added later are shared', (net) => {
  const list = listOf(net);
  const clone = structuredClone(list);
  clone.addAddress('2.2.2.2');
  list.addSubnet('3.0.0.0', 8);
  list.addRange('4.4.4.4', '4.4.4.8');
  for (const address of ['2.2.2.2', '3.9.9.9', '4.4.4.5']) {
    assert.ok(list.check(address) && clone.check(address), address);
  }
  assert.strictEqual(list.rules.length, 6);
  const args = ['4.4.4.4', '4.4.4.3'];
  assert.throws(() => list.addRange(...args), {
    code: 'ERR_INVALID_ARG_VALUE',
  });
  assert.ok(structuredClone(list).check('4.4.4.8'));
});

both('rules that are removed later are shared', { since }, (net) => {
  const list = listOf(net);
  const clone = structuredClone(list);
  list.removeAddress('1.1.1.1');
  list.removeSubnet('10.0.0.0', 8);
  assert.ok(!list.check('1.1.1.1') && !list.check('10.9.9.9'));
  list.removeRange('::1', '::f', 'ipv6');
  assert.strictEqual(list.size, 0);
  list.addCIDRs(['1.0.0.0/8']);
  list.clear();
  if (clone.clear) assert.strictEqual(clone.rules.length, 0);
});

alone('where node cannot remove, a removal cuts the tie', (net) => {
  const list = listOf(net);
  const { addRange } = list;
  const end = new net.SocketAddress({ address: '9::', family: 'ipv6' });
  addRange.call(list, '1.1.1.1', end);
  structuredClone(list);
  list.removeAddress('1.1.1.1');
  assert.ok(!list.check('1.1.1.1') && list.check('10.9.9.9'));
  assert.strictEqual(list.size, 3);
  assert.ok(structuredClone(list).check('10.9.9.9'));
  assert.strictEqual(structuredClone(list).rules.length, 3);
});

both('a worker receives it', async (net, t) => {
  const code = `
    const { parentPort } = require('node:worker_threads');
    parentPort.once('message', (list) => {
      list.addAddress('2.2.2.2');
      parentPort.postMessage([list.check('1.1.1.1'), list.check('1.1.1.2')]);
    });`;
  const worker = new Worker(code, { eval: true });
  t.after(() => worker.terminate());
  const list = listOf(net);
  worker.postMessage(list);
  const [answers] = await once(worker, 'message');
  assert.deepStrictEqual(answers, [true, false]);
  assert.ok(list.check('2.2.2.2'));
});
