'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { alone, both, idOf, same } = require('../helpers/both');
const {
  closed,
  errorFields,
  destroyAfter,
  folder,
  freeName,
  listening,
  masked,
  recorded,
} = require('../helpers/wire');

const host = '127.0.0.1';

/** A port that was free a moment ago. */
async function freePort() {
  const server = require('node:net').createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The error, its place among the events, and the state it leaves. */
async function refusal(net, t, options) {
  const client = destroyAfter(t, net.connect(options));
  const events = recorded(client, ['connect', 'error', 'close', 'end']);
  const closing = new Promise((resolve) => client.on('close', resolve));
  const [error] = await once(client, 'error');
  await closing;
  const { destroyed, connecting, pending, readyState, _hadError } = client;
  return {
    error: errorFields(error),
    events,
    state: { destroyed, connecting, pending, readyState, _hadError },
  };
}

same('a refused port', async (net, t) => {
  const port = await freePort();
  const result = await refusal(net, t, { port, host });
  assert.strictEqual(result.error.code, 'ECONNREFUSED');
  assert.strictEqual(result.error.port, port);
  return masked(result, { PORT: port });
});

same('a refused port with a local address and port', async (net, t) => {
  const port = await freePort();
  const localPort = await freePort();
  const result = await refusal(net, t, {
    port,
    host,
    localAddress: '127.0.0.1',
    localPort,
  });
  assert.match(result.error.message, /Local/);
  return masked(result, { PORT: port, LOCAL: localPort });
});

same('a refused name: every address of it', async (net, t) => {
  const port = await freePort();
  const result = await refusal(net, t, {
    port,
    host: 'two.invalid',
    autoSelectFamily: true,
    lookup: (name, options, callback) =>
      callback(null, [
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.2', family: 4 },
      ]),
  });
  return masked(result, { PORT: port });
});

same('no such path', async (net, t) => {
  const missing = freeName(t, 'missing');
  const result = await refusal(net, t, { path: missing });
  assert.strictEqual(result.error.code, 'ENOENT');
  return masked(result, { PATH: missing });
});

same('a file that is no socket', async (net, t) => {
  const file = path.join(folder(t), 'file');
  fs.writeFileSync(file, '');
  const result = await refusal(net, t, { path: file });
  return masked(result, { PATH: file });
});

same('a path through a file', async (net, t) => {
  const file = path.join(folder(t), 'file');
  fs.writeFileSync(file, '');
  const result = await refusal(net, t, { path: `${file}/x` });
  assert.strictEqual(result.error.code, 'ENOTDIR');
  return masked(result, { PATH: file });
});

// Older Nodes cut the path and use what is left of it: rust-net does not.
const uncut = { since: '24' };
for (const length of [109, 200, 5000]) {
  both(`a path of ${length} bytes is too long`, uncut, async (net, t) => {
    const name = `${folder(t)}/`.padEnd(length, 'x');
    const { error } = await refusal(net, t, { path: name });
    assert.strictEqual(error.code, 'EINVAL');
    assert.strictEqual(error.syscall, 'connect');
    assert.strictEqual(error.address, name);
    assert.match(error.message, /^connect EINVAL \/.*x/);

    const server = net.createServer().listen(name);
    const [failed] = await once(server, 'error');
    assert.strictEqual(failed.code, 'EINVAL');
    assert.strictEqual(failed.syscall, 'listen');
    assert.strictEqual(failed.address, name);
  });
}

const withNul = { since: '22' };
for (const [where, tail] of [
  ['inside', 'b\0c'],
  ['at the end', 'b\0'],
  ['before more than fits', `b\0${'x'.repeat(300)}`],
]) {
  both(`a path with a NUL ${where}`, withNul, async (net, t) => {
    const made = folder(t);
    const name = path.join(made, tail);
    const server = net.createServer().listen(name);
    const [failed] = await once(server, 'error');
    assert.deepStrictEqual(errorFields(failed), {
      class: 'Error',
      name: 'Error',
      message: `listen EINVAL: invalid argument ${name}`,
      keys: ['code', 'errno', 'syscall', 'address', 'port'],
      code: 'EINVAL',
      errno: -22,
      syscall: 'listen',
      address: name,
      port: -1,
    });

    const { error, events } = await refusal(net, t, { path: name });
    assert.deepStrictEqual(error, {
      class: 'Error',
      name: 'Error',
      message: `connect EINVAL ${name} - Local (undefined:undefined)`,
      keys: ['errno', 'code', 'syscall', 'address'],
      errno: -22,
      code: 'EINVAL',
      syscall: 'connect',
      address: name,
    });
    assert.deepStrictEqual(events, ['error EINVAL', 'close true']);
    assert.strictEqual(net._createServerHandle(name, -1, -1), -22);
    assert.deepStrictEqual(fs.readdirSync(made), []);
  });
}

alone('a handle refuses a path with a NUL', (net, t) => {
  const { Pipe, PipeConnectWrap, constants } =
    require('../../handles').pipe_wrap;
  const made = folder(t);
  const name = path.join(made, 'b\0c');
  const server = new Pipe(constants.SERVER);
  assert.strictEqual(server.bind(name), -22);
  // Nothing was bound, so that nothing can be changed or removed.
  assert.strictEqual(server.fchmod(constants.UV_READABLE), -9);
  assert.strictEqual(server.bind(path.join(made, 'b')), 0);
  server.close();
  const client = new Pipe(constants.SOCKET);
  assert.strictEqual(client.connect(new PipeConnectWrap(), name), -22);
  client.close();
});

for (const length of [106, 107, 108]) {
  same(`a path of ${length} bytes`, async (net, t) => {
    const made = folder(t);
    const name = `${made}/`.padEnd(length, 'x');
    const server = net.createServer((c) => c.end());
    server.listen(name);
    const listened = await Promise.race([
      once(server, 'listening').then(() => 'listening'),
      once(server, 'error').then(([error]) => error.code),
    ]);
    const client = destroyAfter(t, net.connect(name));
    const reached = await Promise.race([
      once(client, 'connect').then(() => 'connect'),
      once(client, 'error').then(([error]) => error.code),
    ]);
    client.destroy();
    if (server.listening) server.close();
    return { listened, reached };
  });
}

// Root may read every folder: the attempt is made by a child that is nobody.
const nobody = 65534;
same('an unreadable folder', async (net, t) => {
  const { spawnSync } = require('node:child_process');
  const locked = folder(t);
  fs.chmodSync(locked, 0o700);
  const root = process.getuid() === 0;
  if (!root) fs.chmodSync(locked, 0);
  const program = `
    const net = require(${JSON.stringify(idOf(net))});
    if (${root}) {
      process.setgroups([]);
      process.setgid(${nobody});
      process.setuid(${nobody});
    }
    const name = process.argv[1];
    const said = ({ message, ...rest }) =>
      console.log(JSON.stringify({ message, ...rest }));
    net.connect(name).on('error', said).on('close', () => {
      net.createServer().listen(name).on('error', said);
    });`;
  const name = path.join(locked, 'socket');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', program, name],
    { encoding: 'utf8' },
  );
  assert.strictEqual(stderr, '');
  assert.match(stdout, /EACCES[^]*EACCES/);
  return stdout.replaceAll(name, 'PATH');
});

same('a local address that is not here', async (net, t) => {
  const result = await refusal(net, t, {
    port: 1,
    host,
    localAddress: '192.0.2.1',
  });
  return result;
});

same('a local port that is taken', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const result = await refusal(net, t, {
    port,
    host,
    localAddress: host,
    localPort: port,
  });
  assert.match(result.error.code, /EADDRINUSE|ECONNREFUSED|EADDRNOTAVAIL/);
  return masked(result, { PORT: port });
});

same('local and remote address of different families', (net, t) =>
  refusal(net, t, { port: 1, host: '::1', localAddress: '127.0.0.1' }),
);

same('a port in use, TCP', async (net, t) => {
  const first = await listening(net, t);
  const { port } = first.address();
  const second = net.createServer().listen(port, host);
  const [error] = await once(second, 'error');
  const fields = errorFields(error);
  assert.strictEqual(fields.code, 'EADDRINUSE');
  assert.strictEqual(second.listening, false);
  assert.strictEqual(second.address(), null);
  return masked(fields, { PORT: port });
});

same('a path in use, and one that is stale', async (net, t) => {
  const name = freeName(t);
  const results = [];
  const attempt = async () => {
    const server = net.createServer().listen(name);
    const [error] = await once(server, 'error');
    results.push(errorFields(error));
  };
  await listening(net, t, { path: name });
  await attempt();

  const stale = freeName(t, 'stale');
  require('node:child_process').spawnSync(process.execPath, [
    '-e',
    "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))",
    stale,
  ]);
  assert.ok(fs.lstatSync(stale).isSocket());
  const server = net.createServer().listen(stale);
  const [error] = await once(server, 'error');
  results.push(errorFields(error));
  assert.ok(fs.existsSync(stale), 'nobody else unlinks it');
  assert.strictEqual(error.code, 'EADDRINUSE');
  return masked(results, { NAME: name, STALE: stale });
});

same('an address to listen on that is not here', async (net) => {
  const server = net.createServer().listen(0, '192.0.2.1');
  const [error] = await once(server, 'error');
  return errorFields(error);
});

both('an error is emitted after the call returns', async (net, t) => {
  let returned = false;
  const client = net.connect({ path: '/nowhere/at/all' });
  destroyAfter(t, client);
  client.on('error', () => assert.ok(returned));
  returned = true;
  await closed(client);
});

both('writes of a connection that fails get its error', async (net, t) => {
  const client = destroyAfter(t, net.connect({ path: '/nowhere/at/all' }));
  client.on('error', () => {});
  const [one, two] = await Promise.all([
    new Promise((resolve) => client.write('a', resolve)),
    new Promise((resolve) => client.write('b', resolve)),
  ]);
  for (const error of [one, two]) {
    assert.ok(error instanceof Error);
  }
  assert.strictEqual(client.destroyed, true);
});

both('an aborted connect', async (net, t) => {
  const server = await listening(net, t);
  const controller = new AbortController();
  const client = destroyAfter(
    t,
    net.connect({
      port: server.address().port,
      host,
      signal: controller.signal,
    }),
  );
  const failed = once(client, 'error');
  controller.abort();
  const [error] = await failed;
  assert.strictEqual(error.name, 'AbortError');
  assert.strictEqual(error.code, 'ABORT_ERR');
  assert.strictEqual(client.destroyed, true);
});

both('a signal already aborted', async (net, t) => {
  const client = new net.Socket({ signal: AbortSignal.abort() });
  destroyAfter(t, client);
  const [error] = await once(client, 'error');
  assert.strictEqual(error.name, 'AbortError');
});

both('a signal that aborts an open connection', async (net, t) => {
  const server = await listening(net, t);
  const controller = new AbortController();
  const client = new net.Socket({ signal: controller.signal });
  destroyAfter(t, client).connect(server.address().port, host);
  await once(client, 'connect');
  const failed = once(client, 'error');
  controller.abort();
  assert.strictEqual((await failed)[0].name, 'AbortError');
});

same('a large number out of range is grouped in the message', (net) =>
  [2 ** 33, -(2 ** 33), 1e21, 5e20, 1.5e300].map((value) => {
    try {
      return net.setDefaultAutoSelectFamilyAttemptTimeout(value);
    } catch (error) {
      return errorFields(error);
    }
  }),
);
