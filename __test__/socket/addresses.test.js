'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { alone, both, same } = require('../helpers/both');
const {
  connected,
  destroyAfter,
  listening,
  pair,
  transports,
} = require('../helpers/wire');

const members = [
  'localAddress',
  'localPort',
  'localFamily',
  'remoteAddress',
  'remotePort',
  'remoteFamily',
];
const addressesOf = (socket) => members.map((name) => socket[name]);

both('both sides name the same addresses', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  const { port } = server.address();
  const from = client.localPort;
  assert.ok(from > 0);
  const host = '127.0.0.1';
  assert.deepStrictEqual(addressesOf(client), [
    ...[host, from, 'IPv4'],
    ...[host, port, 'IPv4'],
  ]);
  assert.deepStrictEqual(addressesOf(peer), [
    ...[host, port, 'IPv4'],
    ...[host, from, 'IPv4'],
  ]);
  assert.deepStrictEqual(client.address(), {
    address: host,
    family: 'IPv4',
    port: from,
  });
});

both('remoteAddress stays after the close if asked before', async (net, t) => {
  const { client } = await pair(net, t);
  const before = [client.remoteAddress, client.remotePort];
  client.destroy();
  await once(client, 'close');
  assert.deepStrictEqual([client.remoteAddress, client.remotePort], before);
});

same('members of a new, a connected and a closed socket', async (net, t) => {
  const list = () => ({
    addresses: addressesOf(socket).map((value) => typeof value),
    pending: socket.pending,
    connecting: socket.connecting,
    readyState: socket.readyState,
    destroyed: socket.destroyed,
    bufferSize: socket.bufferSize,
    bytesRead: socket.bytesRead,
    bytesWritten: socket.bytesWritten,
    timeout: socket.timeout,
    allowHalfOpen: socket.allowHalfOpen,
    hadError: socket._hadError,
    address: typeof socket.address(),
  });
  const server = await listening(net, t);
  const socket = destroyAfter(t, new net.Socket());
  const states = { new: list() };
  socket.connect(server.address().port);
  states.connecting = list();
  await once(socket, 'connect');
  states.connected = list();
  socket.write('x');
  states.written = list();
  socket.destroy();
  states.destroyed = list();
  await once(socket, 'close');
  states.closed = list();
  return states;
});

same('addresses of a Unix connection', async (net, t) => {
  const { client, peer } = await pair(net, t, { where: transports[1][1](t) });
  return [addressesOf(client), addressesOf(peer), client.address()];
});

both('localAddress and localPort are bound before connect', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.1' });
  // A free port, known because something else has just had it.
  const probe = await listening(net, t);
  const { port: localPort } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server, {
    localAddress: '127.0.0.2',
    localPort,
  });
  const [peer] = await accepted;
  assert.strictEqual(client.localAddress, '127.0.0.2');
  assert.strictEqual(client.localPort, localPort);
  assert.strictEqual(peer.remoteAddress, '127.0.0.2');
  assert.strictEqual(peer.remotePort, localPort);
});

both('IPv6 addresses are written as node writes them', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '::1' });
  assert.strictEqual(server.address().address, '::1');
  assert.strictEqual(server.address().family, 'IPv6');
  const client = await connected(net, t, server);
  assert.deepStrictEqual(
    [client.remoteAddress, client.remoteFamily],
    ['::1', 'IPv6'],
  );
});

both('IPv4 on a dual-stack listener is mapped', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '::' });
  const accepted = once(server, 'connection');
  const client = net.connect(server.address().port, '127.0.0.1');
  destroyAfter(t, client);
  const [peer] = await accepted;
  assert.strictEqual(peer.remoteAddress, '::ffff:127.0.0.1');
  assert.strictEqual(peer.remoteFamily, 'IPv6');
});

// node shuts down in the next iteration, and the kernel knows the address until then.
alone(
  'the address of a peer that has ended is unknown behind end()',
  async (net, t) => {
    const server = { allowHalfOpen: true };
    const { client, peer } = await pair(net, t, { server });
    client.end();
    peer.resume();
    await once(peer, 'end');
    const before = peer._getpeername().address;
    assert.strictEqual(before, '127.0.0.1');
    peer._peername = null;
    peer.end();
    assert.strictEqual(peer.remoteAddress, undefined);
  },
);
