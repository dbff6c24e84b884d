'use strict';

// Servers in cluster's workers, on a port that the primary shares.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { both, idOf } = require('../helpers/both');

const program = path.join(__dirname, '../fixtures', 'bridge-cluster.js');
const policies = ['rr', 'none'];
const kConnections = 6;

async function run(net, policy, where) {
  const env = {
    ...process.env,
    NODE_CLUSTER_SCHED_POLICY: policy,
    SUBJECT: idOf(net),
    WHERE: JSON.stringify(where),
  };
  const options = { env, timeout: 20_000 };
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program],
    options,
  );
  return JSON.parse(stdout);
}

/** Whose sockets they were, who accepted how many, and how it all ended. */
function assertServed(net, result, total) {
  const { answers, codes, seen } = result;
  assert.strictEqual(answers.length, total);
  assert.ok(answers.every((id) => id === '1' || id === '2'));
  const accepted = seen.reduce((sum, each) => sum + each.accepted, 0);
  assert.strictEqual(accepted, total);
  for (const { own } of seen.filter((each) => each.accepted > 0)) {
    assert.strictEqual(own, net !== require('node:net'));
  }
  assert.deepStrictEqual(codes, [0, 0]);
}

const ports = ({ addresses }) => addresses.map(({ address }) => address.port);

for (const policy of policies) {
  both(`${policy}: workers share a port`, async (net) => {
    const result = await run(net, policy, { port: 0, host: '127.0.0.1' });
    const [one, other] = ports(result);
    assert.strictEqual(one, other);
    assertServed(net, result, 2 * kConnections);
    if (policy !== 'rr') return;
    const firsts = result.answers.filter((id) => id === '1');
    assert.strictEqual(firsts.length, kConnections, 'taken in turns');
  });

  both(`${policy}: workers share a path`, async (net) => {
    const result = await run(net, policy, { path: 'socket' });
    assertServed(net, result, 2 * kConnections);
  });

  both(`${policy}: exclusive ports`, async (net) => {
    const where = { port: 0, host: '127.0.0.1', exclusive: true };
    const result = await run(net, policy, where);
    const [one, other] = ports(result);
    assert.notStrictEqual(one, other);
    assertServed(net, result, 2 * kConnections);
    assert.deepStrictEqual(
      result.seen.map((each) => each.accepted),
      [kConnections, kConnections],
    );
  });

  both(`${policy}: reusePort`, { since: '22.12' }, async (net) => {
    const where = { port: 0, host: '127.0.0.1', reusePort: true };
    const result = await run(net, policy, where);
    assertServed(net, result, 2 * kConnections);
  });
}
