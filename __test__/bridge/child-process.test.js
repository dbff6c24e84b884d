'use strict';

// Sockets and servers on their way between a process and its children.

const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { promisify } = require('node:util');
const { alone, both } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');
const { ended, forked, heard, isOwn } = require('../helpers/ipc');
const {
  bytesOf,
  closed,
  connected,
  listening,
  pair,
  take,
  transports,
  until,
} = require('../helpers/wire');

const nodeNet = require('node:net');
const rustNet = require('../..');

const counted = (server) => promisify(server.getConnections).call(server);
const send = (child, message, handle, options = {}) =>
  promisify(child.send).call(child, message, handle, options);
const descriptors = () => fs.readdirSync('/proc/self/fd').length;

/** Answers every chunk, says what it got, and ends with its parent's word. */
function echoChild(net, isOwn) {
  process.on('message', (message, handle) => {
    if (message === 'stop') process.disconnect();
    if (!handle) return;
    handle.on('data', (chunk) => handle.write(`${message}:${chunk}`));
    process.send({ message, own: isOwn(handle) });
  });
}

/** Accepts on a server that it is sent. */
function acceptingChild(net, isOwn) {
  process.on('message', (message, server) => {
    if (!server) return;
    const own = isOwn(server);
    server.on('connection', (socket) => {
      process.send({ own, ownSocket: isOwn(socket) });
      socket.end('from the child');
    });
    process.send({ own });
    process.on('message', () => server.close(() => process.disconnect()));
  });
}

for (const [family, where] of transports) {
  both(`a ${family} socket that a child takes over`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, {
      where: where(t),
      server: { pauseOnConnect: true },
    });
    const child = forked(net, t, echoChild);
    const answer = heard(child);
    await send(child, 'hello', peer);
    const [{ message, own }] = await answer;
    assert.deepStrictEqual([message, own], ['hello', net === rustNet]);
    assert.strictEqual(peer._handle, null);

    client.write('one');
    assert.strictEqual(String(await take(client, 9)), 'hello:one');
    assert.strictEqual(server._connections, 0);
    assert.strictEqual(await counted(server), 1);

    const serverClosed = once(server, 'close');
    server.close();
    let isClosed = false;
    serverClosed.then(() => (isClosed = true));
    client.write('two');
    assert.strictEqual(String(await take(client, 9)), 'hello:two');
    assert.strictEqual(isClosed, false, "the child's socket is still open");
    client.end();
    await serverClosed;
    child.send('stop');
    assert.deepStrictEqual(await ended(child), { code: 0, signal: null });
  });
}

both('keepOpen leaves the socket to both', async (net, t) => {
  const { server, client, peer } = await pair(net, t, {
    server: { pauseOnConnect: true },
  });
  const child = forked(net, t, echoChild);
  const answer = heard(child);
  await send(child, 'kept', peer, { keepOpen: true });
  await answer;
  assert.ok(peer._handle);
  assert.strictEqual(server._connections, 1);
  client.write('a');
  assert.strictEqual(String(await take(client, 6)), 'kept:a');
  peer.write('from here');
  assert.strictEqual(String(await take(client, 9)), 'from here');
  // One of the two ends the connection for both.
  peer.end();
  await bytesOf(client);
  child.send('stop');
  await ended(child);
});

both('what was written before arrives before', async (net, t) => {
  const { client, peer } = await pair(net, t, {
    server: { pauseOnConnect: true },
  });
  const child = forked(net, t, () => {
    process.on('message', (message, socket) => {
      if (socket) socket.end('second', () => process.disconnect());
      else process.send('there');
    });
  });
  const there = heard(child);
  child.send('there?');
  await there;
  // In a callback of a socket's: there, small writes may be gathered.
  peer.once('data', () => {
    peer.write('first ');
    child.send('take', peer);
    // The child has had its time when this callback ends.
    spawnSync(process.execPath, ['-e', '0']);
  });
  peer.resume();
  client.write('go');
  assert.strictEqual(String(await bytesOf(client)), 'first second');
});

both('many sends in a row keep their order', async (net, t) => {
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const child = forked(net, t, (_, isOwn) => {
    const got = [];
    process.on('message', (message, socket) => {
      got.push(message);
      if (socket) socket.end(`${isOwn(socket)}`);
      if (message === 19) process.send(got, () => process.disconnect());
    });
  });
  const answer = heard(child);
  const ends = [];
  for (let i = 0; i < 20; i += 2) {
    const accepted = once(server, 'connection');
    const client = await connected(net, t, server);
    ends.push(bytesOf(client));
    const [peer] = await accepted;
    child.send(i, peer);
    child.send(i + 1);
  }
  const [got] = await answer;
  assert.deepStrictEqual(
    got,
    Array.from({ length: 20 }, (_, i) => i),
  );
  const isOwns = (await Promise.all(ends)).map(String);
  assert.deepStrictEqual(new Set(isOwns), new Set([`${net === rustNet}`]));
});

both('a socket that is closed is not sent, its message is', async (net, t) => {
  const { peer } = await pair(net, t);
  const child = forked(net, t, () => {
    process.once('message', (message, handle) => {
      process.send([message, handle === undefined], () => process.disconnect());
    });
  });
  const gone = closed(peer);
  peer.destroy();
  await gone;
  const answer = heard(child);
  await send(child, 'alone', peer);
  assert.deepStrictEqual((await answer)[0], ['alone', true]);
});

both('a server that parent and child share', async (net, t) => {
  const server = await listening(net, t);
  const child = forked(net, t, acceptingChild);
  const answer = heard(child);
  await send(child, 'server', server);
  assert.strictEqual((await answer)[0].own, net === rustNet);

  const { port } = server.address();
  // The child goes on alone when the parent's server is closed.
  server.close();
  await once(server, 'close');
  const connection = heard(child);
  const client = net.connect(port, '127.0.0.1');
  assert.strictEqual(String(await bytesOf(client)), 'from the child');
  assert.strictEqual((await connection)[0].ownSocket, net === rustNet);
  child.send('stop');
  assert.deepStrictEqual(await ended(child), { code: 0, signal: null });
});

both('a child sends what it has to its parent', async (net, t) => {
  const child = forked(net, t, (net) => {
    const server = net.createServer({ pauseOnConnect: true }, (socket) => {
      process.send('socket', socket);
      server.close();
    });
    server.listen(0, '127.0.0.1', () => process.send('server', server));
    process.on('message', () => process.disconnect());
  });
  const [name, server] = await heard(child);
  assert.strictEqual(name, 'server');
  // Whatever sent it: it is this process that has rust-net loaded.
  assert.ok(isOwn(server));
  const client = net.connect(server.address().port, '127.0.0.1');
  // The child accepts, or this process does: only the child may.
  server.close();
  const [, socket] = await heard(child);
  assert.ok(isOwn(socket));
  socket.end('through the parent');
  assert.strictEqual(String(await bytesOf(client)), 'through the parent');
  child.send('stop');
  await ended(child);
});

both('the handle of a server, as it is', async (net, t) => {
  const server = await listening(net, t);
  const child = forked(net, t, (net, isOwn) => {
    process.once('message', (message, handle) => {
      const server = net.createServer((socket) => {
        socket.end(`${isOwn(socket)}`);
        server.close();
        process.disconnect();
      });
      server.listen(handle, () => process.send('ready'));
    });
  });
  const answer = heard(child);
  await send(child, 'handle', server._handle);
  await answer;
  const { port } = server.address();
  server.close();
  const client = net.connect(port, '127.0.0.1');
  assert.strictEqual(String(await bytesOf(client)), `${net === rustNet}`);
  assert.deepStrictEqual(await ended(child), { code: 0, signal: null });
});

alone('a child without rust-net gets node sockets', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const child = forked(null, t, echoChild);
  const answer = heard(child);
  await send(child, 'node', peer);
  assert.strictEqual((await answer)[0].own, false);
  client.write('x');
  assert.strictEqual(String(await take(client, 6)), 'node:x');
  client.destroy();
  child.send('stop');
  await ended(child);
});

alone(
  'a child with rust-net turns node sockets into its own',
  async (net, t) => {
    const { client, peer } = await pair(nodeNet, t);
    const child = forked(net, t, echoChild);
    const answer = heard(child);
    await send(child, 'rust', peer);
    assert.strictEqual((await answer)[0].own, true);
    client.write('x');
    assert.strictEqual(String(await take(client, 6)), 'rust:x');
    client.destroy();
    child.send('stop');
    await ended(child);
  },
);

alone('what node:net exports is left as it was', async (net, t) => {
  const { Socket, Server } = nodeNet;
  const child = forked(net, t, (net) => {
    const server = net.createServer().listen(0, () => {
      process.send('server', server, () => server.close());
    });
    process.on('message', () => process.disconnect());
  });
  const [, server] = await heard(child);
  server.close();
  assert.strictEqual(nodeNet.Socket, Socket);
  assert.strictEqual(nodeNet.Server, Server);
  child.send('stop');
});

alone('no descriptor is left behind', async (net, t) => {
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const child = forked(net, t, () => {
    process.on('message', (message, handle) => {
      if (message === 'stop') return process.disconnect();
      handle.destroy?.();
      handle.close?.();
      return process.send('done');
    });
  });
  const before = descriptors();
  for (let i = 0; i < 10; i++) {
    const accepted = once(server, 'connection');
    const client = await connected(net, t, server);
    const [peer] = await accepted;
    const gone = once(client.resume(), 'close');
    const answer = heard(child);
    child.send('socket', peer);
    await answer;
    await gone;
  }
  const shared = await listening(net, t);
  const answer = heard(child);
  child.send('server', shared);
  await answer;
  shared.close();
  await once(shared, 'close');
  await until(() => descriptors() <= before);
  child.send('stop');
});

alone('a child that was there before rust-net was', async () => {
  const program = () => {
    const { spawn } = require('node:child_process');
    const source =
      "process.on('message', (m, s) => { s.end(m); process.disconnect(); })";
    const child = spawn(process.execPath, ['-e', source], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const net = require(process.env.RUST_NET);
    const server = net.createServer((socket) => {
      child.send('early', socket);
      server.close();
    });
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('data', (chunk) => process.stdout.write(chunk));
    });
  };
  const env = { RUST_NET: require.resolve('../..') };
  assert.deepStrictEqual(await runs(nodeNet, program, { env }), fine('early'));
});

both("a socket as a child's standard output", async (net, t) => {
  const { client, peer } = await pair(net, t);
  const child = spawn('echo', ['from the child'], {
    stdio: ['ignore', /** @type {any} */ (peer), 'inherit'],
  });
  const answer = take(client, 15);
  assert.deepStrictEqual(await ended(child), { code: 0, signal: null });
  assert.strictEqual(String(await answer), 'from the child\n');
  assert.strictEqual(child.stdout, null);
});

both('a handle of any other kind is refused', async (net, t) => {
  const child = forked(net, t, () => {
    process.on('message', () => process.disconnect());
  });
  assert.throws(() => child.send('message', /** @type {any} */ ({})), {
    code: 'ERR_INVALID_HANDLE_TYPE',
  });
  child.send('stop');
  await ended(child);
});
