'use strict';

// `rust-net/register` beside what else changes how a program's modules are
// loaded: hooks on `require`, as monitoring installs them, mocks of modules, and
// caches that are emptied.

const assert = require('node:assert');
const { alone } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');

const register = ['-r', 'rust-net/register'];

/**
 * What packages do that wrap `require`: each builtin is shown to a listener once,
 * and remembered as it was then. This one looks at all that a module exports,
 * and counts connects.
 */
const hook = `
  const Module = require('module');
  const below = Module.prototype.require;
  const kept = new Map();
  const asked = new Set();
  globalThis.hooked = { connects: 0, builtins: [] };
  function show(exports, name) {
    hooked.builtins.push(name);
    for (const key of Object.keys(exports)) void exports[key];
    if (name !== 'net') return;
    const { connect } = exports.Socket.prototype;
    exports.Socket.prototype.connect = function () {
      hooked.connects++;
      return connect.apply(this, arguments);
    };
  }
  function hookedRequire(id) {
    const name = id.replace(/^node:/, '');
    const isBuiltin = Module.builtinModules.includes(name);
    if (!isBuiltin || asked.has(name)) return below.apply(this, arguments);
    if (kept.has(name)) return kept.get(name);
    asked.add(name);
    const exports = below.apply(this, arguments);
    asked.delete(name);
    kept.set(name, exports);
    show(exports, name);
    return exports;
  }
  Module.prototype.require = hookedRequire;
`;

/** Prints who has carried an echo, and what `say` returns. */
const echo = (say = '') => `
  function echo(net) {
    const server = net.createServer((socket) => socket.pipe(socket));
    server.listen(0, 'localhost', () => {
      const client = net.connect(server.address().port, 'localhost');
      client.setEncoding('utf8').on('data', () => client.end());
      client.on('close', () => server.close());
      client.setTimeout(10_000).write('hello');
    });
    server.on('close', () => {
      const who = net.getStats ? 'rust-net' : 'node:net';
      console.log([who, net.getStats?.().accepted, ...[${say}]].join(' '));
    });
  }`;

const preload = (files) => files.flatMap((file) => ['-r', file]);

const connects = `hooked.connects, hooked.builtins.includes('net')`;

for (const order of [
  ['rust-net/register', './hook.js'],
  ['./hook.js', 'rust-net/register'],
]) {
  alone(`a hook on require: ${order.join(' before ')}`, async (net, t) => {
    const files = {
      'main.js': `${echo(connects)} echo(require('net'));`,
      'hook.js': hook,
    };
    const flags = preload(order);
    const { lines } = await program(inProject(t, files), ['main.js'], {
      flags,
    });
    assert.deepStrictEqual(lines, ['rust-net 1 1 true']);
  });
}

// Node warns of what is experimental, and of what it deprecates.
const warnings = `
  const warnings = [];
  process.on('warning', ({ code }) => warnings.push(code));`;

alone('a hook that has node:net already does not keep it', async (net, t) => {
  const files = {
    'main.js': `${warnings} ${echo('warnings')}
      require('node:net');
      echo(require('net'));`,
    'hook.js': `${hook} module.require('net');`,
  };
  const flags = ['--no-warnings', ...preload(['./hook.js']), ...register];
  const { lines } = await program(inProject(t, files), ['main.js'], { flags });
  assert.deepStrictEqual(lines, ['rust-net 1 RUST_NET_HOOK']);
});

alone('what a hook gives for net is left to it', async (net, t) => {
  const files = {
    'main.js': `
      const Module = require('module');
      const below = Module.prototype.require;
      const mock = { connect() {} };
      Module.prototype.require = function (id) {
        return id === 'net' ? mock : below.apply(this, arguments);
      };
      require('rust-net/register');
      console.log(require('net') === mock);`,
  };
  const { lines } = await program(inProject(t, files), ['main.js']);
  assert.deepStrictEqual(lines, ['true']);
});

/** Replaces modules for all that ask later, as a mock does. */
const mock = `
  const Module = require('module');
  function mock(names) {
    const load = Module._load;
    Module._load = function (request) {
      const name = request.replace(/^node:/, '');
      return names.includes(name) ? {} : load.apply(this, arguments);
    };
    return () => {
      Module._load = load;
    };
  }`;

const mocked = [
  'async_hooks',
  'child_process',
  'cluster',
  'dns',
  'events',
  'fs',
  'net',
  'perf_hooks',
  'stream',
  'timers',
  'util',
];

for (const name of mocked) {
  alone(`a mock of ${name} before the first socket`, async (net, t) => {
    const files = {
      'main.js': `${mock} ${echo()}
        const net = require('net');
        mock(['${name}']);
        console.log(require('${name}') !== net &&
          Object.keys(require('${name}')).length === 0);
        echo(net);`,
    };
    const cwd = inProject(t, files);
    const { lines } = await program(cwd, ['main.js'], { flags: register });
    assert.deepStrictEqual(lines, ['true', 'rust-net 1']);
  });
}

alone('mocks before net is asked for', async (net, t) => {
  const names = mocked.filter((name) => name !== 'net');
  const files = {
    'main.js': `${mock} ${echo()}
      const unmock = mock(${JSON.stringify(names)});
      const net = require('net');
      unmock();
      echo(net);
      console.log(net === require('net'), net === require('rust-net'));`,
  };
  const cwd = inProject(t, files);
  const { lines } = await program(cwd, ['main.js'], { flags: register });
  assert.deepStrictEqual(lines, ['true true', 'rust-net 1']);
});

const emptied = {
  emptied: 'for (const name in require.cache) delete require.cache[name];',
  replaced: `require('module')._cache = {};`,
};

for (const [how, text] of Object.entries(emptied)) {
  for (const flags of [register, []]) {
    const name = `a cache that is ${how} before the first socket`;
    alone(`${name} ${flags.join(' ')}`, async (net, t) => {
      const from = flags.length > 0 ? 'net' : 'rust-net';
      const files = {
        'main.js': `${echo()}
          const net = require('${from}');
          ${text}
          void net.BlockList;
          echo(net);`,
      };
      const cwd = inProject(t, files);
      const { lines } = await program(cwd, ['main.js'], { flags });
      assert.deepStrictEqual(lines, ['rust-net 1']);
    });
  }
}

alone('what is loaded late is there for all', async (net, t) => {
  const files = {
    'main.js': `
      const net = require('net');
      const socket = new net.Socket();
      const { TCP } = require('rust-net/handles').tcp_wrap;
      const server = net.createServer().listen(0, () => {
        console.log(server._handle instanceof TCP);
        server.close();
      });`,
  };
  const cwd = inProject(t, files);
  const { lines } = await program(cwd, ['main.js'], { flags: register });
  assert.deepStrictEqual(lines, ['true']);
});
