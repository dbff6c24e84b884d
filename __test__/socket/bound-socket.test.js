'use strict';

// net.BoundSocket of Node 26.4 (24.19), its path form of 26.7 (24.20).

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { both, nodeIs } = require('../helpers/both');
const {
  bytesOf,
  destroyAfter,
  errorFields,
  folder,
  freeName,
} = require('../helpers/wire');

const since = { since: '24.20' };
const host = '127.0.0.1';
const adopted = { code: 'ERR_SOCKET_HANDLE_ADOPTED' };

function closeAfter(t, bound) {
  t.after(() => {
    try {
      bound.close();
    } catch {
      // Taken over.
    }
  });
  return bound;
}

both('a port', since, async (net, t) => {
  const bound = closeAfter(t, new net.BoundSocket({ host }));
  const address = bound.address();
  assert.strictEqual(address.address, host);
  assert.strictEqual(address.family, 'IPv4');
  assert.ok(address.port > 0);
  assert.ok(bound.fd() > 0);
  assert.strictEqual(bound.isPipe, false);

  const server = net.createServer((socket) => socket.end('here'));
  server.listen(bound);
  t.after(() => server.close());
  await once(server, 'listening');
  assert.deepStrictEqual(server.address(), address);
  assert.throws(() => bound.address(), adopted);
  assert.throws(() => bound.fd(), adopted);
  assert.throws(() => bound.close(), adopted);
  const client = destroyAfter(t, net.connect(address.port, host));
  assert.strictEqual(`${await bytesOf(client)}`, 'here');
});

both('listen({ handle })', since, async (net, t) => {
  const bound = new net.BoundSocket({ host });
  const { port } = bound.address();
  const server = net.createServer().listen({ handle: bound });
  t.after(() => server.close());
  await once(server, 'listening');
  assert.strictEqual(server.address().port, port);
});

both('a client that is bound', since, async (net, t) => {
  const server = net.createServer().listen(0, host);
  t.after(() => server.close());
  await once(server, 'listening');
  const bound = new net.BoundSocket({ host });
  const { port } = bound.address();
  const client = destroyAfter(t, new net.Socket({ handle: bound }));
  const accepted = once(server, 'connection');
  client.connect(server.address().port, host);
  assert.strictEqual(client.localPort, port);
  const [peer] = await accepted;
  destroyAfter(t, peer);
  assert.strictEqual(peer.remotePort, port);
  client.end('sent');
  assert.strictEqual(`${await bytesOf(peer)}`, 'sent');
});

both('a client has one local end', since, (net, t) => {
  const client = new net.Socket({ handle: new net.BoundSocket({ host }) });
  destroyAfter(t, client);
  const options = { port: 9, host, localPort: 1 };
  const code = 'ERR_INVALID_ARG_VALUE';
  assert.throws(() => client.connect(options), { code });
});

both('close and Symbol.dispose', since, (net, t) => {
  const first = new net.BoundSocket({ host });
  const { port } = first.address();
  first.close();
  assert.throws(() => first.close(), adopted);
  const second = closeAfter(t, new net.BoundSocket({ host, port }));
  assert.strictEqual(second.address().port, port);
  if (!Symbol.dispose) return;
  second[Symbol.dispose]();
  second[Symbol.dispose]();
  closeAfter(t, new net.BoundSocket({ host, port }));
});

both('IPv6, and ipv6Only', since, (net, t) => {
  const six = closeAfter(t, new net.BoundSocket({ host: '::1' }));
  assert.strictEqual(six.address().family, 'IPv6');
  const only = closeAfter(t, new net.BoundSocket({ ipv6Only: true }));
  const { address, port } = only.address();
  assert.strictEqual(address, '::');
  const four = closeAfter(t, new net.BoundSocket({ host: '0.0.0.0', port }));
  assert.strictEqual(four.address().port, port);
});

both('reusePort', since, (net, t) => {
  const options = { host, reusePort: true };
  const first = closeAfter(t, new net.BoundSocket(options));
  const { port } = first.address();
  closeAfter(t, new net.BoundSocket({ ...options, port }));
});

both('what cannot be bound', since, async (net, t) => {
  // Two that are bound only would share the port.
  const server = net.createServer().listen(0, host);
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address();
  const inUse = { code: 'EADDRINUSE', syscall: 'bind', address: host, port };
  assert.throws(() => new net.BoundSocket({ host, port }), inUse);
  const wrong = [
    { port: -1 },
    { host: 'localhost' },
    { host: 1 },
    { ipv6Only: 1 },
    { reusePort: 'yes' },
    { path: 1 },
    { path: 'name', port: 1 },
    null,
    'name',
  ];
  const codes = wrong.map((options) => {
    try {
      return new net.BoundSocket(options);
    } catch (error) {
      return errorFields(error).code;
    }
  });
  assert.deepStrictEqual(codes, [
    'ERR_SOCKET_BAD_PORT',
    'ERR_INVALID_ARG_VALUE',
    ...Array(4).fill('ERR_INVALID_ARG_TYPE'),
    'ERR_INVALID_ARG_VALUE',
    ...Array(2).fill('ERR_INVALID_ARG_TYPE'),
  ]);
});

both('a path, listening', since, async (net, t) => {
  const name = freeName(t, 'server');
  const bound = closeAfter(t, new net.BoundSocket({ path: name }));
  assert.strictEqual(bound.address(), name);
  assert.strictEqual(bound.isPipe, true);
  assert.ok(fs.statSync(name).isSocket());
  const server = net.createServer((socket) => socket.end('here')).listen(bound);
  t.after(() => server.close());
  await once(server, 'listening');
  assert.strictEqual(server.address(), name);
  const client = destroyAfter(t, net.connect(name));
  assert.strictEqual(`${await bytesOf(client)}`, 'here');
});

both('a path, connecting', since, async (net, t) => {
  const cwd = folder(t);
  const [to, from] = ['server', 'client'].map((one) => path.join(cwd, one));
  const server = net.createServer((socket) => socket.end('here')).listen(to);
  t.after(() => server.close());
  await once(server, 'listening');
  const bound = new net.BoundSocket({ path: from });
  const client = destroyAfter(t, new net.Socket({ handle: bound }));
  client.connect({ path: to });
  assert.strictEqual(client.localAddress, from);
  assert.strictEqual(`${await bytesOf(client)}`, 'here');
  client.end();
});

both('an abstract path', { since: '24.20' }, async (net, t) => {
  if (process.platform !== 'linux') return;
  const name = `\0rust-net-${process.pid}-${Math.random()}`;
  const bound = closeAfter(t, new net.BoundSocket({ path: name }));
  const server = net.createServer((socket) => socket.end('here')).listen(bound);
  t.after(() => server.close());
  await once(server, 'listening');
  const client = destroyAfter(t, net.connect(name));
  assert.strictEqual(`${await bytesOf(client)}`, 'here');
});

both('a path with a NUL inside', { since: '24.20' }, (net, t) => {
  const made = folder(t);
  assert.throws(() => new net.BoundSocket({ path: path.join(made, 'b\0c') }), {
    name: 'Error',
    message: 'bind EINVAL',
    code: 'EINVAL',
    errno: -22,
    syscall: 'bind',
  });
  assert.deepStrictEqual(fs.readdirSync(made), []);
});

both(
  'an abstract path with NULs inside',
  { since: '24.20' },
  async (net, t) => {
    if (process.platform !== 'linux') return;
    const name = `\0rust-net-${process.pid}-${Math.random()}`;
    const [one, other] = ['\0one', '\0other'].map((tail) => `${name}${tail}`);
    for (const each of [one, other]) {
      const bound = closeAfter(t, new net.BoundSocket({ path: each }));
      const server = net
        .createServer((socket) => socket.end(each))
        .listen(bound);
      t.after(() => server.close());
      await once(server, 'listening');
    }
    const client = destroyAfter(t, net.connect(one));
    assert.strictEqual(`${await bytesOf(client)}`, one);
  },
);

both('an empty path', { since: '24.20' }, (net, t) => {
  const bind = () => closeAfter(t, new net.BoundSocket({ path: '' }));
  // The system chooses a name, which nothing tells.
  if (process.platform === 'linux' && nodeIs('22')) {
    assert.strictEqual(bind().address(), '');
  } else {
    assert.throws(bind, { code: 'EINVAL', syscall: 'bind' });
  }
});
