'use strict';

// A connection that changes hands between rust-net's classes and node's.

const assert = require('node:assert');
const fs = require('node:fs');
const nodeNet = require('node:net');
const { once } = require('node:events');
const { alone, both } = require('../helpers/both');
const { isOwn } = require('../helpers/ipc');
const {
  bytesOf,
  closed,
  destroyAfter,
  pair,
  take,
  transports,
  until,
} = require('../helpers/wire');

const { fromNode, toNode } = require('../../bridge');

const descriptors = () => fs.readdirSync('/proc/self/fd').length;

for (const [family, where] of transports) {
  alone(`a ${family} socket becomes node's`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, { where: where(t) });
    const gone = closed(peer);
    const moved = destroyAfter(t, toNode(peer));
    assert.strictEqual(isOwn(moved), false);
    await gone;
    assert.strictEqual(server._connections, 0);
    moved.write('one');
    assert.strictEqual(String(await take(client, 3)), 'one');
    client.end('two');
    assert.strictEqual(String(await bytesOf(moved)), 'two');
  });

  alone(`a ${family} socket of node's becomes ours`, async (net, t) => {
    const { client, peer } = await pair(nodeNet, t, { where: where(t) });
    const moved = destroyAfter(t, fromNode(peer));
    assert.strictEqual(isOwn(moved), true);
    moved.write('one');
    assert.strictEqual(String(await take(client, 3)), 'one');
    client.end('two');
    assert.strictEqual(String(await bytesOf(moved)), 'two');
  });

  for (const [name, own] of Object.entries({ toNode: true, fromNode: false })) {
    const move = { toNode, fromNode }[name];
    alone(`${name} takes all that a ${family} socket holds`, async (net, t) => {
      const { client, peer } = await pair(own ? net : nodeNet, t, {
        where: where(t),
      });
      // Two chunks that are not delivered, in a stream that is to flow.
      peer.unshift('two ');
      peer.unshift('one ');
      peer.resume();
      const moved = destroyAfter(t, move(peer));
      await closed(peer);
      client.end('three');
      assert.strictEqual(String(await bytesOf(moved)), 'one two three');
    });

    alone(
      `${name} of a ${family} socket that is to read more`,
      async (net, t) => {
        const { client, peer } = await pair(own ? net : nodeNet, t, {
          where: where(t),
        });
        client.write(Buffer.alloc(200_000, 'a'));
        // Stops to read at the high-water mark.
        await until(() => peer.readableLength >= peer.readableHighWaterMark);
        const gone = closed(peer);
        const moved = destroyAfter(t, move(peer));
        await gone;
        client.end('b');
        assert.strictEqual((await bytesOf(moved)).length, 200_001);
        assert.strictEqual(peer.errored ?? null, null);
      },
    );
  }

  both(`new Socket({ handle }) of node's, ${family}`, async (net, t) => {
    const { client, peer } = await pair(nodeNet, t, {
      where: where(t),
      server: { pauseOnConnect: true },
    });
    const moved = destroyAfter(t, new net.Socket({ handle: peer._handle }));
    moved.write('one');
    assert.strictEqual(String(await take(client, 3)), 'one');
    client.end('two');
    assert.strictEqual(String(await bytesOf(moved)), 'two');
  });

  both(`listen(handle) of node's, ${family}`, async (net, t) => {
    const { host, port, path } = where(t);
    const bound = path ? [path, -1, -1] : [host, port, 4];
    const handle = /** @type {any} */ (nodeNet)._createServerHandle(...bound);
    const server = net.createServer((socket) => {
      socket.end(String(isOwn(socket)));
    });
    server.listen(handle);
    t.after(() => server.close());
    await once(server, 'listening');
    const target = path ? { path } : { port: server.address().port, host };
    const client = destroyAfter(t, net.connect(target));
    assert.strictEqual(String(await bytesOf(client)), String(net !== nodeNet));
  });
}

alone('what was read and not taken goes along', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.write('early');
  await once(peer, 'readable');
  const there = destroyAfter(t, toNode(peer));
  client.write(' late');
  assert.strictEqual(String(await take(there, 10)), 'early late');
  client.write('more');
  await once(there.pause(), 'readable');
  const back = destroyAfter(t, fromNode(there));
  assert.strictEqual(String(await take(back, 4)), 'more');
});

alone('what was written leaves before', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.write('go');
  peer.once('data', () => {
    peer.write('first ');
    destroyAfter(t, toNode(peer)).end('second');
  });
  assert.strictEqual(String(await bytesOf(client)), 'first second');
});

alone('there and back leaves no descriptor behind', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const before = descriptors();
  let socket = peer;
  for (let i = 0; i < 10; i++) socket = fromNode(toNode(socket));
  socket.end('end');
  assert.strictEqual(String(await bytesOf(client)), 'end');
  await until(() => descriptors() <= before);
});

alone('only a connected socket of the right class moves', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
  assert.throws(() => toNode(new nodeNet.Socket()), wrong);
  assert.throws(() => fromNode(client), wrong);
  assert.throws(() => fromNode({}), wrong);
  assert.throws(() => toNode(new net.Socket()), { code: 'ERR_SOCKET_CLOSED' });
  peer.destroy();
  assert.throws(() => toNode(peer), { code: 'ERR_SOCKET_CLOSED' });
});

alone("node's lists of what is open name ours", async (net, t) => {
  const count = (name) =>
    process.getActiveResourcesInfo().filter((each) => each === name).length;
  const sockets = count('TCPSocketWrap');
  const servers = count('TCPServerWrap');
  const { server, client, peer } = await pair(net, t);
  const handles = process._getActiveHandles();
  for (const each of [server, client, peer]) assert.ok(handles.includes(each));
  assert.strictEqual(count('TCPSocketWrap'), sockets + 2);
  assert.strictEqual(count('TCPServerWrap'), servers + 1);
  client.unref();
  assert.ok(!process._getActiveHandles().includes(client));
  assert.strictEqual(count('TCPSocketWrap'), sockets + 1);
});

alone('what cannot be opened leaves nothing open', () => {
  const { native } = require('../../lib/handle/native');
  const { activeHandles } = require('../../lib/handle/dispatch');
  const { adoptNativeHandle } = require('../../lib/handle/tcp-pipe');
  const server = require('node:net').createServer().listen(0);
  const { open } = native;
  const before = [descriptors(), activeHandles().length];
  native.open = () => -9;
  try {
    assert.strictEqual(adoptNativeHandle(server._handle), -9);
  } finally {
    native.open = open;
  }
  assert.deepStrictEqual([descriptors(), activeHandles().length], before);
  server.close();
});

alone(
  'buffered bytes of a socket of node are delivered once',
  async (net, t) => {
    const { client, peer } = await pair(nodeNet, t);
    let heard = 0;
    peer.on('data', ({ length }) => (heard += length)).pause();
    client.write('once');
    await until(() => peer.readableLength === 4);
    const moved = destroyAfter(t, fromNode(peer));
    assert.strictEqual(String(await take(moved, 4)), 'once');
    assert.strictEqual(heard, 0);
  },
);
