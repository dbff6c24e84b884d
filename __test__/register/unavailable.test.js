'use strict';

// register where rust-net's binary cannot be loaded: the program starts with
// node's net and one warning, or not at all if it asked for that.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { alone } = require('../helpers/both');
const { inProject } = require('../helpers/project');

const root = path.resolve(__dirname, '../..');
const own = fs
  .readdirSync(root)
  .find((name) => /^rust-net\..*\.node$/.test(name));

// The word of an ELF header that names the machine.
const MACHINE = 18;

/** Binaries that cannot be loaded, each made in a folder; and what is said. */
const binaries = {
  missing: {
    make: () => {},
    reason: /Loading the binary failed\. Cannot find/,
  },
  broken: {
    make: (file) => fs.writeFileSync(file, 'not a binary'),
    reason: /The binary is damaged/,
  },
};
if (process.platform === 'linux') {
  binaries['of another machine'] = {
    make(file) {
      const bytes = fs.readFileSync(path.join(root, own));
      bytes.writeUInt16LE(0x28, MACHINE);
      fs.writeFileSync(file, bytes);
    },
    reason: /The binary is damaged/,
  };
}

const files = {
  'main.js': `
    const { Worker, isMainThread } = require('worker_threads');
    const net = require('net');
    const { createRequire } = require('module');
    const other = createRequire(__filename)('node:net');
    const builtin = process.getBuiltinModule?.('net') ?? net;
    const server = net.createServer((socket) => socket.end('echo'));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      net.connect(port, '127.0.0.1').on('data', (data) => {
        console.log(
          isMainThread ? 'main' : 'worker',
          String(data),
          [net, other, builtin].map((each) => each.getStats === undefined),
        );
        server.close();
        if (isMainThread) new Worker(__filename);
      });
    });`,
  'main.mjs': `
    import net, { connect, createServer } from 'net';
    import { isIP } from 'node:net';
    console.log(
      'module', net.getStats === undefined, connect === net.connect,
      createServer === net.createServer, isIP('::1'));`,
};

function run(t, binary, main, env = {}) {
  const cwd = inProject(t, files);
  const file = path.join(cwd, 'rust-net.node');
  binary.make(file);
  const child = spawnSync(process.execPath, ['-r', 'rust-net/register', main], {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      ...env,
      RUST_NET_BINARY: file,
      NODE_OPTIONS: '',
      NODE_TEST_CONTEXT: undefined,
    },
  });
  return { ...child, lines: child.stdout.split('\n').filter(Boolean) };
}

for (const [name, binary] of Object.entries(binaries)) {
  alone(`binary ${name}: the program starts with node's net`, (net, t) => {
    const child = run(t, binary, 'main.js');
    assert.strictEqual(child.status, 0, child.stderr);
    const all = '[ true, true, true ]';
    assert.deepStrictEqual(child.lines, [
      `main echo ${all}`,
      `worker echo ${all}`,
    ]);
    const warnings = child.stderr.match(/RUST_NET_UNAVAILABLE.*/g) ?? [];
    assert.strictEqual(warnings.length, 1, child.stderr);
    assert.match(warnings[0], /leaves node's net in place/);
    assert.match(warnings[0], binary.reason);
  });

  alone(`binary ${name}: a module gets node's net`, (net, t) => {
    const child = run(t, binary, 'main.mjs');
    assert.strictEqual(child.status, 0, child.stderr);
    assert.deepStrictEqual(child.lines, ['module true true true 6']);
    assert.match(child.stderr, /RUST_NET_UNAVAILABLE/);
  });

  alone(`binary ${name}, strict: the program does not start`, (net, t) => {
    const env = { RUST_NET_REGISTER: 'strict' };
    const child = run(t, binary, 'main.js', env);
    assert.strictEqual(child.status, 1);
    assert.deepStrictEqual(child.lines, []);
    assert.match(child.stderr, /Error: rust-net cannot load/);
  });
}

alone("require('rust-net') itself always throws", (net, t) => {
  const cwd = inProject(t, {
    'own.js': "new (require('rust-net').Socket)()",
  });
  const child = spawnSync(process.execPath, ['own.js'], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, RUST_NET_BINARY: path.join(cwd, 'none.node') },
  });
  assert.strictEqual(child.status, 1);
  assert.match(child.stderr, /Error: rust-net cannot load/);
});

alone('strict, with a binary that loads: rust-net', (net, t) => {
  const cwd = inProject(t, {
    'own.js': "console.log(require('net').getStats !== undefined)",
  });
  const child = spawnSync(
    process.execPath,
    ['-r', 'rust-net/register', 'own.js'],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, RUST_NET_REGISTER: 'strict' },
    },
  );
  assert.strictEqual(child.stderr, '');
  assert.strictEqual(child.stdout, 'true\n');
});
