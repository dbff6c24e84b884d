'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const path = require('node:path');
const { both, same } = require('../helpers/both');
const {
  bytesOf,
  destroyAfter,
  folder,
  listening,
  transports,
} = require('../helpers/wire');

const host = '127.0.0.1';
const tcpForms = {
  'connect(port)': (net, port) => net.connect(port),
  'connect(port, host)': (net, port) => net.connect(port, host),
  'connect(port as a string)': (net, port) => net.connect(String(port), host),
  'connect({ port })': (net, port) => net.connect({ port }),
  'connect({ port, host })': (net, port) => net.connect({ port, host }),
  'connect({ family: 4 })': (net, port) =>
    net.connect({ port, host: 'localhost', family: 4 }),
  'createConnection(port)': (net, port) => net.createConnection(port),
  'new Socket().connect(port)': (net, port) => new net.Socket().connect(port),
  'Socket().connect(port)': (net, port) => net.Socket().connect(port),
  'Stream().connect(port)': (net, port) => new net.Stream().connect(port, host),
};

for (const [name, connect] of Object.entries(tcpForms)) {
  both(name, async (net, t) => {
    const server = await listening(net, t, { port: 0 }, {}, (c) => c.end('hi'));
    const client = destroyAfter(t, connect(net, server.address().port));
    assert.ok(client instanceof net.Socket);
    assert.strictEqual(client.connecting, true);
    assert.strictEqual(client.pending, true);
    assert.strictEqual(client.readyState, 'opening');
    assert.strictEqual(String(await bytesOf(client)), 'hi');
  });
}

both('the callback is a listener of connect, called once', async (net, t) => {
  const server = await listening(net, t);
  let calls = 0;
  const client = net.connect(server.address().port, function (...args) {
    calls++;
    assert.strictEqual(this, client);
    assert.deepStrictEqual(args, []);
  });
  destroyAfter(t, client);
  await once(client, 'ready');
  client.emit('connect');
  assert.strictEqual(calls, 1);
});

const pathForms = {
  'connect(path)': (net, name) => net.connect(name),
  'connect({ path })': (net, name) => net.connect({ path: name }),
  'connect({ path, port, host })': (net, name) =>
    net.connect({ path: name, port: 1, host: 'nobody.invalid' }),
  'new Socket().connect(path)': (net, name) => new net.Socket().connect(name),
};
for (const [name, connect] of Object.entries(pathForms)) {
  both(name, async (net, t) => {
    const where = transports[1][1](t);
    await listening(net, t, where, {}, (c) => c.end('hi'));
    const client = destroyAfter(t, connect(net, where.path));
    assert.strictEqual(String(await bytesOf(client)), 'hi');
  });
}

both('a relative path', async (net, t) => {
  const inside = folder(t);
  const before = process.cwd();
  process.chdir(inside);
  t.after(() => process.chdir(before));
  await listening(net, t, { path: './here' }, {}, (c) => c.end('hi'));
  const client = destroyAfter(t, net.connect(path.join(inside, 'here')));
  assert.strictEqual(String(await bytesOf(client)), 'hi');
});

both('a socket can connect again after close', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => {
    c.on('error', () => {});
    c.end('hi');
  });
  const { port } = server.address();
  const client = destroyAfter(t, new net.Socket());
  for (let i = 0; i < 5; i++) {
    client.connect(port);
    const done = once(client, 'close');
    assert.strictEqual(String(await bytesOf(client)), 'hi');
    await done;
    client.removeAllListeners('data');
    assert.strictEqual(client.bytesRead, 2);
  }
});

both('a second connect after a refused one', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.end('hi'));
  const probe = await listening(net, t);
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const client = destroyAfter(t, net.connect(port, host));
  const [error] = await once(client, 'error');
  assert.strictEqual(error.code, 'ECONNREFUSED');
  if (!client.closed) await once(client, 'close');
  client.connect(server.address().port, host);
  assert.strictEqual(String(await bytesOf(client)), 'hi');
});

both('a descriptor that is open becomes a socket', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.pipe(c));
  // Paused from the start, or it would read what the child waits for.
  const source = destroyAfter(t, new net.Socket()).pause();
  source.connect(server.address().port, host);
  await once(source, 'connect');
  const { spawn } = require('node:child_process');
  // A child that is given the descriptor and nothing else.
  const program = `
    const net = require(${JSON.stringify(require('../helpers/both').idOf(net))});
    const socket = new net.Socket({ fd: 3 });
    socket.on('data', (data) => {
      process.stdout.write(data);
      socket.destroy();
    });
    socket.write('from the child');`;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit', source._handle.fd],
  });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  const [code] = await once(child, 'close');
  assert.strictEqual(code, 0);
  assert.strictEqual(output, 'from the child');
});

/** How a call failed: at once, or by an event. */
async function failure(t, call) {
  let socket;
  try {
    socket = call();
  } catch (error) {
    return ['thrown', error.constructor.name, error.code, error.message];
  }
  destroyAfter(t, socket);
  const [error] = await once(socket, 'error');
  return ['emitted', error.constructor.name, error.code, error.message];
}

const wrong = {
  'port -1': [-1],
  'port 65536': [65536],
  'port 1.5': [1.5],
  'port NaN': [{ port: NaN }],
  'port as no number': [{ port: 'abc' }],
  'port null': [{ port: null }],
  'port true': [{ port: true }],
  'port an object': [{ port: {} }],
  'port empty': [{ port: '' }],
  nothing: [],
  undefined: [undefined],
  null: [null],
  'no port': [{ host }],
  'path a number': [{ path: 1 }],
  'path an object': [{ path: {} }],
  'lookup no function': [{ port: 1, lookup: 'x' }],
  'localAddress no address': [{ port: 1, localAddress: 'x' }],
  'localPort out of range': [{ port: 1, host, localPort: 65536 }],
  'localPort a string': [{ port: 1, host, localPort: 'a' }],
  'hints unknown': [{ port: 1, host: 'localhost', hints: 123456 }],
  'family 7': [{ port: 1, host: 'localhost', family: 7 }],
  'autoSelectFamily 1': [{ port: 1, autoSelectFamily: 1 }],
  'attempt timeout 0': [
    { port: 1, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 0 },
  ],
  objectMode: [{ port: 1, objectMode: true }],
  'signal no signal': [{ port: 1, signal: {} }],
  'fd -1': [{ port: 1, fd: -1 }],
};
// The message names the argument of dns.lookup on older Nodes.
same('connect refuses a host that is a number', (net, t) =>
  failure(t, () => net.connect({ port: 1, host: 1 })).then((result) =>
    result.slice(0, 3),
  ),
);

for (const [name, args] of Object.entries(wrong)) {
  same(`connect refuses ${name}`, (net, t) =>
    failure(t, () => net.connect(...args)),
  );
}
