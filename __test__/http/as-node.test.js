'use strict';

// Programs of node:http under rust-net/register: they see what they see on node's
// sockets, and rust-net's counters show whose sockets they had.

const assert = require('node:assert');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');
const execFile = promisify(require('node:child_process').execFile);
const { names } = require('../fixtures/http/scenarios');

const program = path.join(__dirname, '../fixtures/http/scenarios.js');
const register = path.join(__dirname, '../../register.js');
const environment = { ...process.env, NODE_OPTIONS: '' };
delete environment.NODE_TEST_CONTEXT;

const run = (name, flags, env) =>
  execFile(process.execPath, [...flags, program, name], {
    env: { ...environment, ...env },
    timeout: 30_000,
  });

// One that is not listened for, and one in which the agent connects by itself.
const withoutServer = ['nobody listens'];

for (const name of names) {
  test(name, async () => {
    const [expected, actual] = await Promise.all([
      run(name, []),
      run(name, ['-r', register]),
    ]);
    assert.notStrictEqual(expected.stdout, '');
    assert.strictEqual(actual.stdout, expected.stdout);
    const { accepted, connected, http: counts } = JSON.parse(actual.stderr);
    assert.strictEqual(counts.isInstalled, true);
    if (!withoutServer.includes(name)) {
      assert.ok(accepted > 0 && counts.accepted > 0);
    }
    assert.ok(connected > 0 || withoutServer.includes(name));
  });
}

test('with RUST_NET_HTTP=0 node:http keeps its own sockets', async () => {
  const { stdout } = await run('keep-alive', []);
  const own = await run('keep-alive', ['-r', register], { RUST_NET_HTTP: '0' });
  assert.strictEqual(own.stdout, stdout);
  const { accepted, connected, http } = JSON.parse(own.stderr);
  assert.deepStrictEqual([accepted, connected], [0, 0]);
  const nothing = {
    ...{ isInstalled: false, accepted: 0, opened: 0 },
    ...{ idleDropped: 0 },
  };
  assert.deepStrictEqual(http, nothing);
});
