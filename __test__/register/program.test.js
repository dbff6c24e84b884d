'use strict';

// What `rust-net/register` does beyond the start of a program: called from
// inside, twice, switched off, beside loaders; and what it leaves alone.

const assert = require('node:assert');
const { alone } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');

const registered = { flags: ['-r', 'rust-net/register'] };

/** Runs `main.js` (or the first file) and expects this many times `true`. */
async function sees(t, files, times, options) {
  const [main] = Object.keys(files);
  const { lines } = await program(inProject(t, files), [main], options);
  assert.deepStrictEqual(lines, Array(times).fill('true'));
}

alone('called inside a CommonJS program', (net, t) =>
  sees(
    t,
    {
      'main.js': `
        const before = require('net');
        const own = require('rust-net');
        const say = (swapped) => console.log(swapped);
        import('net').then(async (early) => {
          say(before !== own && early.default === before);
          require('rust-net/register');
          say(require('net') === own && require('node:net') === own);
          say((await import('net')).default === own);
          say(require('dependency') === own);
          say((await import('modern')).default === own);
        });`,
      'node_modules/dependency/index.js': `module.exports = require('net');`,
      'node_modules/modern/package.json': `{ "type": "module", "main": "i.js" }`,
      'node_modules/modern/i.js': `export { default } from 'node:net';`,
    },
    5,
  ),
);

alone('called inside a module', (net, t) =>
  sees(
    t,
    {
      'main.mjs': `
        import 'rust-net/register';
        import { createRequire } from 'module';
        import own from 'rust-net';
        const { default: later } = await import('./later.mjs');
        console.log(later === own);
        console.log(createRequire(import.meta.url)('net') === own);`,
      'later.mjs': `export { default } from 'net';`,
    },
    2,
  ),
);

alone('net/promises is swapped with net', (net, t) =>
  sees(
    t,
    {
      'main.mjs': `
        import { createRequire } from 'module';
        import own, { listen } from 'net/promises';
        import { promises } from 'rust-net';
        const require = createRequire(import.meta.url);
        const say = (found) => console.log(found === promises);
        say(own);
        say(require('net/promises'));
        say(require('node:net/promises'));
        say((await import('node:net/promises')).default);
        say(process.getBuiltinModule?.('net/promises') ?? own);
        console.log(listen === promises.listen);`,
    },
    6,
    registered,
  ),
);

alone('called inside, it holds for that thread', (net, t) =>
  sees(
    t,
    {
      'main.js': `
        const { Worker, isMainThread } = require('worker_threads');
        if (isMainThread) require('rust-net/register');
        console.log((require('net') === require('rust-net')) === isMainThread);
        if (isMainThread) new Worker(__filename);`,
    },
    2,
  ),
);

alone('a second time changes nothing', (net, t) =>
  sees(
    t,
    {
      'main.js': `
        const Module = require('module');
        const { _load } = Module;
        const { getBuiltinModule } = process;
        const file = require.resolve('rust-net/register');
        require(file);
        for (const name in require.cache) delete require.cache[name];
        require(file);
        console.log(Module._load === _load);
        console.log(process.getBuiltinModule === getBuiltinModule);
        console.log(require('net') === require('net'));`,
    },
    3,
    { flags: [...registered.flags, '--import', 'rust-net/register'] },
  ),
);

alone('RUST_NET_REGISTER=off', (net, t) =>
  sees(
    t,
    {
      'main.mjs': `
        import net from 'net';
        import own from 'rust-net';
        import { createRequire } from 'module';
        console.log(net !== own);
        console.log(createRequire(import.meta.url)('net') === net);`,
    },
    2,
    { ...registered, env: { RUST_NET_REGISTER: 'off' } },
  ),
);

alone('process.getBuiltinModule and module.createRequire', (net, t) =>
  sees(
    t,
    {
      'main.js': `
        const own = require('rust-net');
        const { getBuiltinModule } = process;
        console.log(!getBuiltinModule || getBuiltinModule('node:net') === own);
        console.log(!getBuiltinModule || getBuiltinModule('net') === own);
        console.log(!getBuiltinModule ||
          getBuiltinModule('fs') === require('fs'));
        const { createRequire } = require('module');
        console.log(createRequire(__filename)('net') === own);`,
    },
    4,
    registered,
  ),
);

alone("node:http has rust-net's sockets, and tls keeps node's", (net, t) =>
  sees(
    t,
    {
      'main.js': `
        const http = require('http');
        const own = require('rust-net');
        const { TCP } = require('rust-net/handles').tcp_wrap;
        const isOwn = (socket) => socket._handle instanceof TCP;
        const server = http.createServer((request, response) => {
          console.log(isOwn(request.socket));
          response.end();
        });
        server.listen(0, '127.0.0.1', () => {
          const { port } = server.address();
          http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
            console.log(isOwn(response.socket));
            const { TLSSocket } = require('tls');
            console.log(Object.getPrototypeOf(TLSSocket) !== own.Socket);
            response.resume().on('end', () => server.close());
          });
        });`,
    },
    3,
    registered,
  ),
);

alone('require.resolve goes on naming net', (net, t) =>
  sees(
    t,
    {
      'main.js': `
        console.log(require.resolve('net') === 'net');
        console.log(require.resolve('node:net') === 'node:net');`,
    },
    2,
    registered,
  ),
);

alone('a text instead of a file', async (net, t) => {
  const cwd = inProject(t);
  const { flags } = registered;
  const same = `net === require('rust-net') && require('net') === net`;
  const print = await program(cwd, ['-p', same], registered);
  assert.deepStrictEqual(print.lines, ['true']);
  const text = `import net from 'net';
    import own from 'rust-net';
    console.log(net === own)`;
  const module = await program(cwd, ['--input-type=module', '-e', text], {
    flags,
  });
  assert.deepStrictEqual(module.lines, ['true']);
});

alone('beside a loader that supplies the text of CommonJS', (net, t) =>
  sees(
    t,
    {
      'main.mjs': `
        import net from 'net';
        import own from 'rust-net';
        import dependency from 'dependency';
        console.log(net === own);
        console.log(dependency === own);`,
      'node_modules/dependency/index.js': `module.exports = require('net');`,
      'loader.mjs': `
        import { readFileSync } from 'fs';
        export async function load(url, context, next) {
          if (!/^file:.*[.]js$/.test(url)) return next(url, context);
          const source = readFileSync(new URL(url));
          return { format: 'commonjs', source, shortCircuit: true };
        }`,
      'hooks.mjs': `
        import { register } from 'module';
        register('./loader.mjs', import.meta.url);`,
    },
    2,
    {
      flags: [
        ...registered.flags,
        '--no-deprecation',
        '--import',
        './hooks.mjs',
      ],
    },
  ),
);

alone(
  'import { name } from rust-net has every name of the module',
  async (net) => {
    const imported = await import('../../index.js');
    const names = new Set(Object.keys(imported));
    assert.deepStrictEqual(
      Object.keys(net).filter((name) => !names.has(name)),
      [],
    );
    for (const name of Object.keys(net)) {
      assert.strictEqual(imported[name], net[name], name);
    }
  },
);
