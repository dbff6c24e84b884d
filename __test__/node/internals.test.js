'use strict';

// What rust-net uses of node that node keeps to itself: it is found on every Node
// that is supported, nothing breaks where it is missing, and `require` alone
// changes nothing of node's.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');

const root = path.resolve(__dirname, '../..');

/** Runs a program in which 'rust-net' is this project. */
const run = (source) =>
  promisify(execFile)(
    process.execPath,
    ['-e', source.replaceAll("'rust-net", `'${root}`)],
    { timeout: 15_000 },
  );

/** A program that sends 64 KiB to itself and back, and counts. */
const echo = `
  const net = require('rust-net');
  const bytes = Buffer.alloc(65536, 7);
  let count = 0;
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.setTimeout(60000);
    client.on('data', (data) => (count += data.length));
    client.on('end', () => server.close());
    client.end(bytes);
  });
  server.on('close', () => console.log('echoed', count));
`;

test('every internal is found on this Node', async () => {
  const { stdout } = await run(
    `require('rust-net/lib/net.js').loadSockets();
     const { listInternals } = require('rust-net/lib/node/internals.js');
     const all = listInternals();
     console.log(all.length >= 15);
     console.log(all.filter((each) => !each.isFound).map((each) => each.name));`,
  );
  assert.strictEqual(stdout, 'true\n[]\n');
});

/** Each hides an internal before rust-net is loaded. */
const hidden = {
  'process._tickCallback': 'process._tickCallback = undefined;',
  'process.moduleLoadList': `
    Object.defineProperty(process, 'moduleLoadList', { value: undefined });`,
  'net._createServerHandle': `require('net')._createServerHandle = undefined;`,
  'process._getActiveHandles': 'process._getActiveHandles = undefined;',
  'ChildProcess.prototype.spawn': `
    const { ChildProcess } = require('child_process');
    ChildProcess.prototype.spawn = undefined;`,
  'TLSSocket.prototype._init': `
    require('tls').TLSSocket.prototype._init = undefined;`,
  'TLSSocket.prototype._wrapHandle': `
    require('tls').TLSSocket.prototype._wrapHandle = undefined;`,
  'TLSSocket: socket instanceof net.Socket': `
    Object.defineProperty(require('net').Socket, Symbol.hasInstance, {
      value: Function.prototype[Symbol.hasInstance],
    });`,
  'stream._readableState': `
    const { Duplex } = require('stream');
    const own = Duplex.prototype;
    const names = Object.getOwnPropertyNames;
    const { construct } = Reflect;
    const proxied = (state) => new Proxy(state, {
      has: (target, key) => key !== 'flowing' && key in target,
    });
    let first = true;
    Object.defineProperty(own, '_readableState', {
      set(state) {
        Object.defineProperty(this, '_readableState', {
          value: first ? proxied(state) : state,
          writable: true,
        });
        first = false;
      },
      configurable: true,
    });`,
};

for (const [name, hide] of Object.entries(hidden)) {
  test(`an echo works without ${name}`, async () => {
    const { stdout } = await run(
      `${hide}
       ${echo}
       const { listInternals } = require('rust-net/lib/node/internals.js');
       const missing = listInternals().filter((each) => !each.isFound);
       console.log(missing.map((each) => each.name).join());`,
    );
    assert.strictEqual(stdout, `${name}\nechoed 65536\n`);
  });
}

test('require alone changes nothing of node', async () => {
  const { stdout } = await run(
    `const { ChildProcess } = require('child_process');
     const { TLSSocket } = require('tls');
     const net = require('node:net');
     const { channel } = require('diagnostics_channel');
     const seen = () => [
       process._getActiveHandles,
       process.getActiveResourcesInfo,
       process._send,
       ChildProcess.prototype.spawn,
       TLSSocket.prototype._init,
       net.Socket,
       net.Server,
       channel('child_process').hasSubscribers,
     ];
     const before = seen();
     const own = require('rust-net');
     const changed = () =>
       seen().flatMap((each, i) => (each === before[i] ? [] : [i]));
     console.log('require', changed().join());
     own.createServer();
     console.log('server', changed().join());`,
  );
  // 0 and 1 are the lists of what is active, 3 is spawn.
  assert.strictEqual(stdout, 'require \nserver 0,1,3\n');
});

test('register changes node as it is loaded', async () => {
  const { stdout } = await run(
    `const before = process._getActiveHandles;
     require('rust-net/register');
     console.log(process._getActiveHandles !== before);`,
  );
  assert.strictEqual(stdout, 'true\n');
});

test("node's own names are in lib/node alone", () => {
  const names =
    /_(?:readable|writable)State|\._events\b|moduleLoadList|_tickCallback|_getActive|_getServer|\._createServerHandle|\._send\b|prototype\.spawn|'internalMessage'|process\.binding/;
  const files = fs
    .readdirSync(path.join(root, 'lib'), { recursive: true })
    .filter((name) => name.endsWith('.js') && !name.startsWith('node'));
  assert.ok(files.length > 30);
  const code = (name) =>
    fs
      .readFileSync(path.join(root, 'lib', name), 'utf8')
      .replace(/\/\/.*|\/\*[^]*?\*\//g, '');
  assert.deepStrictEqual(
    files.filter((name) => names.test(code(name))),
    [],
  );
});
