'use strict';

// Sockets and servers that move to another thread.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const { Worker } = require('node:worker_threads');
const { alone } = require('../helpers/both');
const {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  freeName,
  listening,
  nextIteration,
  pair,
  take,
  transports,
  until,
  whereIs,
} = require('../helpers/wire');

const { attach, detach, discard, toNode } = require('../../bridge');

const bridge = require.resolve('../../bridge');
const descriptors = () => fs.readdirSync('/proc/self/fd').length;
const kNot = { code: 'ERR_WORKER_HANDLE_NOT_TRANSFERABLE' };

/** A worker that attaches what it is sent and answers on it. */
function attaching(t) {
  const source = `
    const { parentPort } = require('worker_threads');
    const { attach } = require(${JSON.stringify(bridge)});
    const echo = (socket) => socket.on('data', (c) => socket.write('w:' + c));
    parentPort.on('message', (token) => {
      const moved = attach(token);
      if (token.type === 'net.Socket') echo(moved);
      else moved.on('connection', echo).on('listening', () =>
        parentPort.postMessage(moved.address()));
    });`;
  const worker = new Worker(source, { eval: true });
  t.after(() => worker.terminate());
  return worker;
}

for (const [family, where] of transports) {
  alone(`a ${family} socket goes to a worker`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, { where: where(t) });
    const gone = closed(peer);
    attaching(t).postMessage(detach(peer));
    // As after node 26's own transfer: 'close' says nothing about an error.
    assert.strictEqual(await gone, undefined);
    assert.strictEqual(server._connections, 0);
    client.write('one');
    assert.strictEqual(String(await take(client, 5)), 'w:one');
  });
}

alone('what was read and not consumed goes along', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.once('readable', () => {});
  client.write('early');
  await until(() => peer.readableLength === 5);
  const token = detach(peer);
  attaching(t).postMessage(token);
  assert.strictEqual(String(await take(client, 7)), 'w:early');
});

alone('what was written before arrives before', async (net, t) => {
  const { client, peer } = await pair(net, t);
  await new Promise((resolve) => peer.write('first,', resolve));
  const moved = destroyAfter(t, attach(detach(peer)));
  moved.write('second');
  assert.strictEqual(String(await take(client, 12)), 'first,second');
});

alone('what was gathered before arrives before', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.write('go');
  const [moved] = await new Promise((resolve) => {
    peer.once('data', () => {
      // Small enough to wait for the end of this callback.
      peer.write('first,');
      resolve([destroyAfter(t, attach(detach(peer)))]);
    });
  });
  moved.write('second');
  assert.strictEqual(String(await take(client, 12)), 'first,second');
});

// Each moves the other, so that one of them moves what has been received in the
// same turn and not been delivered yet.
for (const [name, move] of [
  ['detach', (socket) => attach(detach(socket))],
  ['toNode', toNode],
]) {
  alone(
    `${name}: what is on its way to a listener goes along`,
    async (net, t) => {
      const a = await pair(net, t);
      const b = await pair(net, t);
      const first = new Promise((resolve) => {
        a.peer.once('data', () => resolve([b.peer, 'to b']));
        b.peer.once('data', () => resolve([a.peer, 'to a']));
      }).then(([socket, text]) => [destroyAfter(t, move(socket)), text]);
      a.client.write('to a');
      b.client.write('to b');
      const [moved, text] = await first;
      assert.strictEqual(String(await take(moved, 4)), text);
    },
  );
}

alone('half-open goes along, a pause and a timeout do not', async (net, t) => {
  const { client, peer } = await pair(net, t, {
    server: { allowHalfOpen: true },
  });
  peer.pause();
  peer.setTimeout(60_000);
  const moved = destroyAfter(t, attach(detach(peer)));
  assert.strictEqual(moved.allowHalfOpen, true);
  assert.strictEqual(moved.timeout, undefined);
  assert.strictEqual(moved.isPaused(), false);
  client.end('last');
  assert.strictEqual(String(await take(moved, 4)), 'last');
  await once(moved, 'end');
  moved.end('after the end');
  assert.strictEqual(String(await take(client, 13)), 'after the end');
});

alone(
  'a worker that dies before it attaches leaves the token',
  async (net, t) => {
    const { client, peer } = await pair(net, t);
    const worker = new Worker('process.exit()', { eval: true });
    const token = detach(peer);
    worker.postMessage(token);
    await once(worker, 'exit');
    const moved = destroyAfter(t, attach(token));
    client.write('still here');
    assert.strictEqual(String(await take(moved, 10)), 'still here');
  },
);

alone('a worker that dies after it attached closes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const worker = attaching(t);
  worker.postMessage(detach(peer));
  client.write('one');
  assert.strictEqual(String(await take(client, 5)), 'w:one');
  const gone = closed(client.resume().on('error', () => {}));
  await worker.terminate();
  await gone;
});

alone('a listening TCP server goes to a worker', async (net, t) => {
  const server = await listening(net, t);
  const address = server.address();
  const worker = attaching(t);
  worker.postMessage(detach(server));
  const [there] = await once(worker, 'message');
  assert.deepStrictEqual(there, address);
  assert.strictEqual(server.listening, false);
  const { port, address: host } = address;
  const client = destroyAfter(t, net.connect(port, host));
  client.write('hello');
  assert.strictEqual(String(await take(client, 7)), 'w:hello');
});

alone('a transfer token is valid once', async (net, t) => {
  const { peer } = await pair(net, t, { client: { allowHalfOpen: true } });
  const before = descriptors();
  const token = detach(peer);
  const moved = attach(token);
  const used = { code: 'ERR_INVALID_STATE' };
  assert.throws(() => attach(token), used);
  assert.strictEqual(discard(token), false);
  await until(() => descriptors() === before);
  const gone = closed(moved);
  moved.destroy();
  await gone;
});

alone('a discarded token leaves nothing open', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const ended = once(client.resume(), 'end');
  const token = detach(peer);
  assert.strictEqual(discard(token), true);
  await ended;
  assert.throws(() => attach(token), { code: 'ERR_INVALID_STATE' });
});

alone('what cannot move is refused and stays whole', async (net, t) => {
  assert.throws(() => detach(new net.Socket()), kNot);
  assert.throws(() => detach(net.createServer()), kNot);
  assert.throws(() => detach({}), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => attach({}), { code: 'ERR_INVALID_ARG_TYPE' });
  const unix = await listening(net, t, transports[1][1](t));
  assert.throws(() => detach(unix), kNot);
  await connected(net, t, unix);
  const { client, peer } = await pair(net, t);
  peer.setEncoding('utf8');
  assert.throws(() => detach(peer), kNot);
  client.write('still here');
  assert.strictEqual(String(await take(peer, 10)), 'still here');
});

/** The ways to move a rust-net socket; each returns the new socket. */
const hands = {
  detach: (socket) => attach(detach(socket)),
  toNode,
};

/** A connection whose reader has not begun to read, with two bytes for it. */
async function unread(net, t, server) {
  const accepted = once(server, 'connection');
  const client = destroyAfter(t, net.connect(whereIs(server)).pause());
  const [peer] = await accepted;
  const asked = once(peer, 'data');
  // After two writes in a callback those of the next are coalesced.
  peer.once('data', () => {
    peer.write('1');
    peer.write('2');
  });
  client.write('?');
  await asked;
  await nextIteration();
  return { client, peer };
}

const piece = Buffer.alloc(10_000, 'x');

/** How many pieces such a connection takes. */
async function capacity(net, t, server) {
  const { client, peer } = await unread(net, t, server);
  let taken = 0;
  for (;;) {
    peer.write(piece);
    if (peer.writableLength > 0) break;
    taken++;
  }
  peer.destroy();
  client.destroy();
  return taken;
}

const isCoalescing = process.env.RUST_NET_COALESCE !== '0';

for (const [name, move] of isCoalescing ? Object.entries(hands) : []) {
  alone(`${name} of a socket whose last writes do not fit`, async (net, t) => {
    const server = await listening(net, t, { path: freeName(t) });
    const count = await capacity(net, t, server);
    const { client, peer } = await unread(net, t, server);
    for (let i = 0; i < count; i++) peer.write(piece);
    const asked = once(peer, 'data');
    peer.once('data', () => {
      // Coalesced, and longer than the room that is left.
      for (let i = 0; i < 15; i++) peer.write(piece.subarray(0, 1000));
      assert.strictEqual(peer.writableLength, 0);
      assert.throws(() => move(peer));
      peer.end('end');
    });
    client.write('go');
    await asked;
    const bytes = await bytesOf(client);
    assert.strictEqual(bytes.length, count * piece.length + 15_000 + 5);
  });
}

for (const [name, move] of Object.entries({
  detach: (socket) => attach(detach(socket)),
  toNode,
})) {
  alone(`${name}: what was not consumed is told once`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    let heard = 0;
    peer.on('data', ({ length }) => (heard += length)).pause();
    client.write('once');
    await until(() => peer.readableLength === 4);
    const moved = destroyAfter(t, move(peer));
    assert.strictEqual(String(await take(moved, 4)), 'once');
    assert.strictEqual(heard, 0);
  });
}
