'use strict';

/*
 * OpenTelemetry's instrumentation of net and dns, with rust-net/register before
 * and after it:
 *
 *   node examples/compat/opentelemetry.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const host = 'localhost';
const instrumentation = path.join(__dirname, 'opentelemetry-preload.js');
const register = path.resolve(__dirname, '../../register.js');

/** An echo over net, and what was seen of it. */
function main() {
  // Its instrumentation begins when a program asks for the module.
  require('dns');
  /** @type {any} */
  const net = require('net');
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, host, () => {
    const client = net.connect(server.address().port, host);
    client.on('data', () => client.end());
    client.on('close', () => server.close());
    client.write('hello');
  });
  server.on('close', () => {
    const spans = /** @type {any} */ (globalThis).exporter.getFinishedSpans();
    const names = spans.map(({ name }) => name).sort();
    const accepted = net.getStats?.().accepted ?? null;
    console.log(JSON.stringify({ accepted, names }));
  });
}

/** What `main` prints in a process that has loaded these files first. */
function runAfter(...preloads) {
  const flags = preloads.flatMap((file) => ['-r', file]);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [...flags, __filename],
    {
      cwd: require('./common').cache,
      encoding: 'utf8',
      env: { ...process.env, COMPAT_ROLE: 'main' },
    },
  );
  assert.strictEqual(stderr, '');
  return JSON.parse(stdout);
}

function compare(...preloads) {
  const onNode = runAfter(instrumentation);
  assert.strictEqual(onNode.accepted, null);
  for (const span of ['dns.lookup', 'tcp.connect']) {
    assert.ok(onNode.names.includes(span), span);
  }
  assert.deepStrictEqual(runAfter(...preloads), { ...onNode, accepted: 1 });
  return `spans ${onNode.names.join(' ')}`;
}

if (process.env.COMPAT_ROLE === 'main') {
  main();
} else {
  const common = require('./common');
  common.load('@opentelemetry/sdk-trace-node');
  common.runSteps(async (step) => {
    await step('opentelemetry, after rust-net/register', () =>
      compare(register, instrumentation),
    );
    await step('opentelemetry, before rust-net/register', () =>
      compare(instrumentation, register),
    );
  });
}
