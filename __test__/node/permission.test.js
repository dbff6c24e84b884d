'use strict';

// Node's permission model: what it denies to node's net it denies to rust-net,
// in the same words at the same time. Where the running Node has no model, or
// none for the network, both do as they do without one.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { alone, nodeIs, same } = require('../helpers/both');
const { runs } = require('../helpers/child');
const { inProject } = require('../helpers/project');

const flagged = (flag) => process.allowedNodeEnvironmentFlags.has(flag);
const model = ['--permission', '--experimental-permission'].find(flagged);
const knowsNet = flagged('--allow-net');
const audits = flagged('--permission-audit');

const granted = ['--allow-addons', '--allow-fs-read=*', '--allow-fs-write=*'];
const denying = model ? [model, ...granted] : [];
const allowing = knowsNet ? [...denying, '--allow-net'] : denying;
const auditing = audits ? ['--permission-audit', ...granted] : [];

/** What every scenario has at hand, in its own process. */
const prelude = `
  const fields = (error) => ({
    class: error.constructor.name,
    line: error.stack.split('\\n')[0],
    keys: Reflect.ownKeys(error).join(),
    ...error,
    errno: error.errno instanceof Error ? fields(error.errno) : error.errno,
    errors: error.errors?.map(fields),
  });
  const plain = (value) => (value instanceof Error ? fields(value) : value);
  const tell = (...what) =>
    console.log(
      JSON.stringify(what.map(plain)).replaceAll(String(process.pid), 'PID'),
    );
  let finish;
  process.on('uncaughtException', (error) => {
    tell('uncaught', error);
    finish();
  });
  const names = ['connectionAttempt', 'connectionAttemptFailed', 'connect',
    'listening', 'error', 'close'];
  const watch = (emitter) => {
    for (const name of names) {
      emitter.on(name, (...args) => tell(name, ...args));
    }
    const isServer = emitter.listening !== undefined;
    const last = isServer ? ['listening', 'error'] : ['close'];
    for (const name of last) emitter.on(name, () => finish());
    return emitter;
  };
  // Until all is said: thrown, at once or not, or told by an event.
  const attempt = async (what, action) => {
    const finished = new Promise((resolve) => (finish = resolve));
    tell(what);
    try {
      const made = action();
      tell('returned', made.listening, made.connecting);
      if (made.on) await finished;
      if (made.listening) made.close();
      else made.destroy?.();
      if (!made.on) made.close();
    } catch (error) {
      tell('thrown', error);
    }
    await new Promise(setImmediate);
  };
  const made = require('path').join(require('os').tmpdir(), 'rn-' + process.pid);
`;

/** Runs a scenario in a process with `flags`; it must end by itself, and well. */
async function tells(net, flags, scenario) {
  const program = `(net) => { ${prelude}; (${scenario})(net, attempt); }`;
  const result = await runs(net, program, {
    flags: ['--no-warnings', '--expose-internals', ...flags],
  });
  const { code, signal, stdout } = result;
  assert.deepStrictEqual({ code, signal }, { code: 0, signal: null }, stdout);
  return stdout.split('\n').filter(Boolean);
}

/* global attempt, made, tell, watch */

async function connects(net) {
  const to = (options) => () => watch(net.connect({ port: 1, ...options }));
  const list = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ];
  const lookup = (host, options, callback) =>
    options.all ? callback(null, list) : callback(null, '127.0.0.1', 4);
  const host = '127.0.0.1';
  const named = { host: 'a.invalid', lookup };
  await attempt('IPv4', to({ host }));
  await attempt('IPv6', to({ host: '::1' }));
  await attempt('a name', to({ ...named, autoSelectFamily: false }));
  await attempt('names', to({ ...named, autoSelectFamily: true }));
  await attempt('an address of its own', to({ host, localAddress: host }));
  await attempt('a path', () => watch(net.connect(made)));
  await attempt('a bad port', to({ host, port: 99_999 }));
}

async function listens(net) {
  const on =
    (...where) =>
    () =>
      watch(net.createServer()).listen(...where);
  await attempt('any port', on(0));
  await attempt('an address', on(0, '127.0.0.1'));
  await attempt('a path', on(made));
  await attempt('a path for all', on({ path: made, readableAll: true }));
  await attempt('a bad port', on(99_999));
  await attempt('a handle', () => {
    const made = net._createServerHandle('127.0.0.1', 0, 4);
    return watch(net.createServer()).listen(made);
  });
  if (!require('net').BoundSocket) return;
  await attempt('bound', () => new net.BoundSocket({ host: '127.0.0.1' }));
  await attempt('a bound path', () => new net.BoundSocket({ path: made }));
}

async function drops(net) {
  const server = net.createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address();
  const host = '127.0.0.1';
  const bound = require('net').BoundSocket
    ? new net.BoundSocket({ host })
    : undefined;
  const early = net.connect(port, host);
  await new Promise((resolve) => early.on('connect', resolve));
  // What a program puts there is not asked.
  const { drop } = process.permission;
  process.permission.has = () => true;
  drop?.('net');
  early.resume();
  await new Promise((resolve) => early.on('close', resolve));
  tell('what was there goes on');
  await attempt('port', () => watch(net.connect(1, host)));
  await attempt('listen', () => watch(net.createServer()).listen(0));
  await attempt('listen on a handle', () =>
    watch(net.createServer()).listen(server._handle),
  );
  if (bound) {
    await attempt('bound', () =>
      watch(new net.Socket({ handle: bound })).connect(1, host),
    );
  }
  server.close();
}

/** One handle after the other, node's own for node:net. */
function verbs(net) {
  const own = net !== require('net');
  const { internalBinding } = require('internal/test/binding');
  const handles = own ? require(process.env.HANDLES) : undefined;
  const find = (name) => (own ? handles[name] : internalBinding(name));
  const { TCP, TCPConnectWrap } = find('tcp_wrap');
  const { Pipe, PipeConnectWrap } = find('pipe_wrap');
  const verb = (Class, name, ...args) => {
    const handle = new Class(0);
    try {
      tell(name, handle[name](...args));
    } catch (error) {
      tell(name, 'thrown', error);
    }
    handle.close();
  };
  verb(TCP, 'bind', '127.0.0.1', 0, 0);
  verb(TCP, 'bind', 'nonsense', 0, 0);
  verb(TCP, 'bind6', '::1', 0, 0);
  verb(TCP, 'connect', new TCPConnectWrap(), 'nonsense', 1);
  verb(TCP, 'connect6', new TCPConnectWrap(), '::1', 1);
  verb(TCP, 'open', 999);
  verb(Pipe, 'bind', made);
  verb(Pipe, 'connect', new PipeConnectWrap(), '');
  verb(Pipe, 'listen', 1);
  verb(Pipe, 'fchmod', 1);
  verb(Pipe, 'open', 999);
}

process.env.HANDLES = require.resolve('../../handles');

const ways = { denied: denying, allowed: allowing, audited: auditing };
const scenarios = model ? { connects, listens, verbs } : {};
for (const [name, scenario] of Object.entries(scenarios)) {
  for (const [how, flags] of Object.entries(ways)) {
    same(`the network is ${how}: ${name}`, async (net) => {
      const lines = await tells(net, flags, scenario);
      const refused = lines.join().includes('ERR_ACCESS_DENIED');
      assert.strictEqual(refused, how === 'denied' && knowsNet);
      return lines;
    });
  }
}

if (model) {
  same('the network is given up on the way', async (net) => {
    const lines = await tells(net, allowing, drops);
    assert.ok(lines.includes('["what was there goes on"]'));
    return lines;
  });
}

/** Attaching a transfer token is the one way in which `rust-net/bridge` listens. */
async function attaches(net) {
  const { attach, detach } = require(process.env.BRIDGE);
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address();
  const token = detach(server);
  process.permission.drop('net');
  await attempt('attach', () => attach(token));
  const { readFileSync } = require('fs');
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  // The table is the machine's: others may have a connection to such a port.
  const listener = `: 0100007F:${hex} 00000000:0000 0A `;
  tell('open', readFileSync('/proc/self/net/tcp', 'utf8').includes(listener));
}

process.env.BRIDGE = require.resolve('../../bridge');

if (knowsNet && process.platform === 'linux') {
  alone('a server that moves after the network was given up', async (net) => {
    const lines = await tells(net, allowing, attaches);
    assert.match(lines[1], /^\["thrown",.*"ERR_ACCESS_DENIED"/);
    assert.deepStrictEqual(lines.slice(2), ['["open",false]']);
  });
}

/** What becomes of a program under `rust-net/register`, by `-r` and otherwise. */
async function registered(t, flags, { main = 'main.js', inside = false } = {}) {
  const text = `
    const { Worker, isMainThread } = require('worker_threads');
    if (isMainThread && ${inside}) require('rust-net/register');
    const net = require('net');
    const own = net.getStats !== undefined;
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      server.close();
      console.log(isMainThread ? 'main' : 'worker', own);
      if (isMainThread && ${flags.includes('--allow-worker')}) {
        new Worker(__filename);
      }
    });`;
  const cwd = inProject(t, {
    'main.js': text,
    'main.mjs': `import net from 'net';
      console.log('module', net.getStats !== undefined);`,
  });
  const preload = inside ? [] : ['-r', 'rust-net/register'];
  const child = spawnSync(process.execPath, [...flags, ...preload, main], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined },
  });
  const warnings = child.stderr.match(/RUST_NET_REFUSED.*/g) ?? [];
  assert.strictEqual(child.status, 0, child.stderr);
  return { lines: child.stdout.split('\n').filter(Boolean), warnings };
}

const disabled = /leaves node's net in place: .*addons is disabled/;
const readable = ['--allow-fs-read=*', '--allow-worker'];
const networked = knowsNet ? ['--allow-net'] : [];
const withoutAddons = {
  '--no-addons': ['--no-addons'],
  'no --allow-addons': model ? [model, ...readable, ...networked] : undefined,
};

for (const [name, flags] of Object.entries(withoutAddons)) {
  if (flags === undefined) continue;
  for (const inside of [false, true]) {
    const where = inside ? 'inside' : 'before';
    alone(`${name}, registered ${where}: node's net`, async (net, t) => {
      const result = await registered(t, flags, { inside });
      const worker = flags.includes('--allow-worker') ? ['worker false'] : [];
      assert.deepStrictEqual(result.lines, ['main false', ...worker]);
      assert.strictEqual(result.warnings.length, 1, result.warnings.join());
      assert.match(result.warnings[0], disabled);
    });
  }
  alone(`${name}, registered before a module: node's net`, async (net, t) => {
    const result = await registered(t, flags, { main: 'main.mjs' });
    assert.deepStrictEqual(result.lines, ['module false']);
    assert.strictEqual(result.warnings.length, 1);
  });
}

if (model) {
  alone('no right to read the binary: node net stays', async (net, t) => {
    // A folder of its own: the program and rust-net's JavaScript, no more.
    const cwd = inProject(t);
    const root = path.join(__dirname, '../..');
    const reads = ['register.js', 'package.json', 'lib', 'node_modules']
      .map((name) => path.join(root, name))
      .concat(cwd)
      .map((name) => `--allow-fs-read=${name}`);
    const text = `require('rust-net/register');
      console.log(require('net').getStats === undefined)`;
    const args = [model, '--allow-addons', ...reads, '-e', text];
    const child = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
    assert.strictEqual(child.stdout, 'true\n', child.stderr);
    assert.match(
      child.stderr,
      /RUST_NET_REFUSED.*in place: Access to this API/,
    );
  });

  alone('without a worker for loaders, register goes on', async (net, t) => {
    const flags = [model, '--allow-addons', '--allow-fs-read=*', ...networked];
    const script = await registered(t, flags);
    assert.deepStrictEqual(script.lines, ['main true']);
    const module = await registered(t, flags, { main: 'main.mjs' });
    const swaps = nodeIs('22.15');
    assert.deepStrictEqual(module.lines, [`module ${swaps}`]);
    assert.strictEqual(module.warnings.length, swaps ? 0 : 1);
  });
}
