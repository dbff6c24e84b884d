'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { both, same } = require('../helpers/both');
const {
  bytesOf,
  destroyAfter,
  errorFields,
  folder,
  freeName,
  listening,
  transports,
} = require('../helpers/wire');

const host = '127.0.0.1';
const forms = {
  'listen()': (server) => server.listen(),
  'listen(callback)': (server, fn) => server.listen(fn),
  'listen(0)': (server) => server.listen(0),
  "listen('0')": (server) => server.listen('0'),
  'listen(0, callback)': (server, fn) => server.listen(0, fn),
  'listen(0, host)': (server) => server.listen(0, host),
  'listen(0, host, backlog)': (server) => server.listen(0, host, 5),
  'listen(0, host, backlog, callback)': (server, fn) =>
    server.listen(0, host, 5, fn),
  'listen(0, backlog)': (server) => server.listen(0, 5),
  'listen(0, null, backlog)': (server) => server.listen(0, null, 5),
  'listen(0, name)': (server) => server.listen(0, 'localhost'),
  'listen({ port })': (server) => server.listen({ port: 0 }),
  'listen({ port, host, backlog })': (server, fn) =>
    server.listen({ port: 0, host, backlog: 5 }, fn),
  'listen({ port, exclusive })': (server) =>
    server.listen({ port: 0, exclusive: true }),
  'listen({ host })': (server) => server.listen({ host, port: undefined }),
  'listen(undefined)': (server) => server.listen(undefined),
  'listen(null)': (server) => server.listen(null),
};

for (const [name, listen] of Object.entries(forms)) {
  same(name, async (net, t) => {
    const server = net.createServer((c) => c.end('hi'));
    const calls = [];
    server.on('listening', () => calls.push('listening'));
    const returned = listen(server, () => calls.push('callback'));
    assert.strictEqual(returned, server);
    t.after(() => server.close());
    assert.deepStrictEqual(calls, [], 'never in the same turn');
    await once(server, 'listening');
    const { port, ...rest } = server.address();
    const client = destroyAfter(t, net.connect(port, host));
    assert.strictEqual(String(await bytesOf(client)), 'hi');
    return { calls, rest, listening: server.listening };
  });
}

for (const [name, listen] of Object.entries({
  'listen(path)': (server, where) => server.listen(where),
  'listen({ path })': (server, where) => server.listen({ path: where }),
  'listen(path, backlog)': (server, where) => server.listen(where, 5),
  'listen(path, callback)': (server, where) => server.listen(where, () => {}),
})) {
  both(name, async (net, t) => {
    const where = freeName(t);
    const server = net.createServer((c) => c.end('hi'));
    listen(server, where);
    t.after(() => server.close());
    await once(server, 'listening');
    assert.strictEqual(server.address(), where);
    if (process.platform !== 'win32') {
      assert.ok(fs.lstatSync(where).isSocket());
    }
    const client = destroyAfter(t, net.connect(where));
    assert.strictEqual(String(await bytesOf(client)), 'hi');
  });
}

both('close() unlinks the path that listen() made', async (net, t) => {
  const where = freeName(t);
  const server = await listening(net, t, { path: where });
  await new Promise((resolve) => server.close(resolve));
  assert.strictEqual(fs.existsSync(where), false);
  const again = await listening(net, t, { path: where });
  again.close();
  await once(again, 'close');
});

both('an abstract name leaves no file', async (net, t) => {
  const where = `\0rust-net-${process.pid}-${net.createServer.name}`;
  const server = await listening(net, t, { path: where }, {}, (c) =>
    c.end('hi'),
  );
  assert.strictEqual(server.address(), where);
  const client = destroyAfter(t, net.connect(where));
  assert.strictEqual(String(await bytesOf(client)), 'hi');
  await new Promise((resolve) => server.close(resolve));
  const refused = destroyAfter(t, net.connect(where));
  const [error] = await once(refused, 'error');
  assert.strictEqual(error.code, 'ECONNREFUSED');
});

for (const [options, expected] of [
  [{}, 0],
  [{ readableAll: true }, 0o444],
  [{ writableAll: true }, 0o222],
  [{ readableAll: true, writableAll: true }, 0o666],
]) {
  both(`modes of a path: ${JSON.stringify(options)}`, async (net, t) => {
    const where = freeName(t);
    const before = process.umask(0o777);
    try {
      await listening(net, t, { path: where, ...options });
    } finally {
      process.umask(before);
    }
    const { mode } = fs.statSync(where);
    assert.strictEqual(mode & 0o666, expected);
  });
}

same('a server listens on the descriptor of another', async (net, t) => {
  const first = await listening(net, t, { port: 0, host }, {}, (c) =>
    c.end('first'),
  );
  const second = net.createServer((c) => c.end('second'));
  const { spawnSync } = require('node:child_process');
  const { idOf } = require('../helpers/both');
  const program = `
    const net = require(${JSON.stringify(idOf(net))});
    const server = net.createServer().listen({ fd: 3 }, () => {
      console.log(server.address().port === ${first.address().port});
      server.close();
    });`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', first._handle.fd],
    encoding: 'utf8',
  });
  second.close();
  return { stdout, stderr };
});

both('listen(handle) and listen(server)', async (net, t) => {
  const first = await listening(net, t, { port: 0, host });
  const { port } = first.address();
  for (const given of [first, first._handle, { _handle: first._handle }]) {
    const server = net.createServer();
    server.listen(given);
    await once(server, 'listening');
    assert.strictEqual(server.address().port, port);
  }
});

same('listen({ fd }) of what is no socket', async (net, t) => {
  const file = path.join(folder(t), 'file');
  const fd = fs.openSync(file, 'w');
  t.after(() => fs.closeSync(fd));
  const server = net.createServer();
  const failed = once(server, 'error');
  server.listen({ fd });
  const [error] = await failed;
  return errorFields(error);
});

same('listen twice', async (net, t) => {
  const server = await listening(net, t);
  try {
    server.listen(0);
    return 'taken';
  } catch (error) {
    return errorFields(error);
  }
});

both('listen again after close', async (net) => {
  const server = net.createServer();
  for (let i = 0; i < 3; i++) {
    server.listen(0, host);
    await once(server, 'listening');
    assert.strictEqual(server.listening, true);
    server.close();
    assert.strictEqual(server.listening, false);
    await once(server, 'close');
  }
});

same('listen again in the handler of an error', async (net, t) => {
  const first = await listening(net, t);
  const server = net.createServer();
  t.after(() => server.close());
  const events = [];
  server.on('error', (error) => {
    events.push(error.code);
    server.listen(0, host);
  });
  server.listen(first.address().port, host);
  await new Promise((resolve) => server.on('listening', resolve));
  return events;
});

const wrong = {
  'port -1': [-1],
  'port 65536': [65536],
  'port 1.5': [1.5],
  'port NaN': [NaN],
  'port { NaN }': [{ port: NaN }],
  true: [true],
  false: [false],
  'an empty object': [{}],
  'port { true }': [{ port: true }],
  'port { {} }': [{ port: {} }],
  'port { text }': [{ port: 'abc' }],
  'fd -1': [{ fd: -1 }],
  'fd too large': [{ fd: 2 ** 31 }],
  'path { 1 }': [{ path: 1 }],
  'path { "" }': [{ path: '' }],
  'signal of the wrong kind': [{ port: 0, signal: 'x' }],
  'a symbol': [Symbol.iterator],
};
for (const [name, args] of Object.entries(wrong)) {
  same(`listen refuses ${name}`, async (net) => {
    const server = net.createServer();
    let shown;
    const settled = new Promise((resolve) => {
      server.on('error', (error) => resolve(['emitted', errorFields(error)]));
      server.on('listening', () => resolve(['listening']));
    });
    try {
      server.listen(...args);
    } catch (error) {
      shown = ['thrown', errorFields(error)];
    }
    shown ??= await settled;
    if (server.listening) server.close();
    return shown;
  });
}

both('ipv6Only keeps IPv4 out', async (net, t) => {
  const server = await listening(net, t, {
    port: 0,
    host: '::',
    ipv6Only: true,
  });
  const client = destroyAfter(t, net.connect(server.address().port, host));
  const [error] = await once(client, 'error');
  assert.strictEqual(error.code, 'ECONNREFUSED');
});

both('two servers with reusePort', { since: '23.1' }, async (net, t) => {
  const first = await listening(net, t, { port: 0, host, reusePort: true });
  const { port } = first.address();
  const second = await listening(net, t, { port, host, reusePort: true });
  assert.strictEqual(second.address().port, port);
});

both('a signal closes the server', async (net, t) => {
  const controller = new AbortController();
  const server = net.createServer();
  t.after(() => server.close());
  server.listen({ port: 0, signal: controller.signal });
  await once(server, 'listening');
  const closing = once(server, 'close');
  controller.abort();
  await closing;
  assert.strictEqual(server.listening, false);
});

both('a signal that is aborted before', async (net, t) => {
  const server = net.createServer();
  t.after(() => server.close());
  server.on('listening', () => assert.fail('aborted'));
  server.listen({ port: 0, signal: AbortSignal.abort() });
  await once(server, 'close');
});

both('a name is looked up', async (net, t) => {
  const server = net.createServer().listen(0, 'localhost');
  t.after(() => server.close());
  await once(server, 'listening');
  assert.match(server.address().address, /^(127\.0\.0\.1|::1)$/);
});

// Node 18 goes on to listen.
const fixed = { since: '20' };
both('closed before the name is known', fixed, async (net, t) => {
  const server = net.createServer();
  t.after(() => server.close());
  server.on('listening', () => assert.fail('closed before'));
  server.listen(0, 'localhost');
  const error = await new Promise((resolve) => server.close(resolve));
  assert.strictEqual(error.code, 'ERR_SERVER_NOT_RUNNING');
});

both('_createServerHandle makes a handle or an errno', async (net, t) => {
  const handle = net._createServerHandle(host, 0, 4);
  assert.strictEqual(typeof handle, 'object');
  assert.ok(handle.fd >= 0);
  handle.close();
  const where = transports[1][1](t).path;
  const pipe = net._createServerHandle(where, -1, -1);
  assert.strictEqual(typeof pipe, 'object');
  const taken = net._createServerHandle(where, -1, -1);
  assert.ok(taken < 0);
  pipe.close();
});

same('a backlog that cannot be made a number', (net) => {
  const backlogs = [1n, Symbol('backlog'), { __proto__: null }, '7', {}, true];
  return backlogs.map((backlog) => {
    const server = net.createServer();
    try {
      // With a host the lookup would come first, and close() before the rest.
      server.listen({ port: 0, backlog });
      return 'listens';
    } catch ({ name, message }) {
      return `${name}: ${message}`;
    } finally {
      server.close();
    }
  });
});
