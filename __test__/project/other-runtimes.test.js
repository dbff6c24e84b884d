'use strict';

// Bun and Deno: rust-net says there what it is and what to do, before it opens
// anything, and register leaves their own net in place.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { findProgram, runtimes } = require('../../benchmark/harness/variants');
const { inProject } = require('../helpers/project');

const titles = { bun: 'Bun', deno: 'Deno' };
const entries = ['', '/handles', '/http', '/legacy', '/bridge'];

const files = {
  'entries.js': `
    for (const entry of ${JSON.stringify(entries)}) {
      try {
        require('rust-net' + entry);
        console.log('loaded', entry);
      } catch (error) {
        console.log(error.code, error.message);
      }
    }`,
  'main.js': `
    require('rust-net/register');
    const net = require('net');
    const server = net.createServer((socket) => socket.end('echo'));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      net.connect(port, '127.0.0.1').on('data', (data) => {
        console.log(String(data), net.getStats === undefined);
        server.close();
      });
    });`,
};

for (const [name, args] of Object.entries(runtimes)) {
  const program = findProgram(name);
  const skip = program === undefined && `${name} is not installed`;

  const run = (t, file, env = {}) =>
    spawnSync(program, [...args, file], {
      cwd: inProject(t, { ...files, 'package.json': '{"type":"commonjs"}' }),
      encoding: 'utf8',
      env: { ...process.env, ...env, DENO_NO_UPDATE_CHECK: '1' },
      timeout: 30_000,
    });

  test(`${name}: every entry point names the runtime`, { skip }, (t) => {
    const child = run(t, 'entries.js');
    assert.strictEqual(child.status, 0, child.stderr);
    const lines = child.stdout.trimEnd().split('\n');
    assert.strictEqual(lines.length, entries.length);
    const expected = new RegExp(
      `^RUST_NET_HOST rust-net runs on Node only, and this is ${titles[name]} ` +
        "\\d.*Use the runtime's own net, under the name 'node:net'\\.$",
    );
    for (const line of lines) assert.match(line, expected);
  });

  test(`${name}: register leaves its net in place`, { skip }, (t) => {
    const child = run(t, 'main.js');
    assert.strictEqual(child.status, 0, child.stderr);
    assert.strictEqual(child.stdout, 'echo true\n');
    const warnings = child.stderr.match(/RUST_NET_HOST.*/g) ?? [];
    assert.strictEqual(warnings.length, 1, child.stderr);
    assert.match(warnings[0], /leaves the runtime's net in place/);
  });

  test(`${name}: RUST_NET_REGISTER decides`, { skip }, (t) => {
    const off = run(t, 'main.js', { RUST_NET_REGISTER: 'off' });
    assert.deepStrictEqual(
      [off.status, off.stdout, off.stderr],
      [0, 'echo true\n', ''],
    );
    const strict = run(t, 'main.js', { RUST_NET_REGISTER: 'strict' });
    assert.notStrictEqual(strict.status, 0);
    assert.match(strict.stderr, /rust-net runs on Node only/);
  });
}

test('every entry point looks at the runtime first', () => {
  const root = path.resolve(__dirname, '../..');
  const { exports } = require('../../package.json');
  const scripts = Object.values(exports)
    .map((entry) => entry.default)
    .filter(Boolean);
  assert.strictEqual(scripts.length, 7);
  for (const name of scripts) {
    const text = fs.readFileSync(path.join(root, name), 'utf8');
    const [first] = text.match(/require\('[^']*'\)/g).filter(
      // Comments name what users write.
      (each) => each.includes("'./"),
    );
    assert.strictEqual(first, "require('./lib/common/host')", name);
  }
});
