'use strict';

// The list of what is open, and the line at the end of a thread. Ours alone.

const assert = require('node:assert');
const { alone } = require('../helpers/both');
const { runs } = require('../helpers/child');
const { freeName, listening, pair, take } = require('../helpers/wire');

/** Returns what has opened since `before` was listed. */
function openedSince(net, before) {
  const { open } = net.getStats({ sockets: true });
  return open.slice(before.open.length);
}

alone('sockets and servers are listed with their addresses', async (net, t) => {
  const before = net.getStats({ sockets: true });
  const { server, client, peer } = await pair(net, t);
  client.write('hello');
  await take(peer, 5);
  client.unref();
  const [near, far] = [server.address(), client.address()];
  const socket = { type: 'socket', connecting: false, queued: 0 };
  assert.deepStrictEqual(openedSince(net, before), [
    {
      ...{ type: 'server', local: near, path: undefined },
      ...{ connections: 1, referenced: true },
    },
    {
      ...{ ...socket, local: far, remote: near, bytesRead: 0 },
      ...{ bytesWritten: 5, referenced: false },
    },
    {
      ...{ ...socket, local: near, remote: far, bytesRead: 5 },
      ...{ bytesWritten: 0, referenced: true },
    },
  ]);
  assert.strictEqual(far.family, 'IPv4');
});

alone('a server on a path is listed with it', async (net, t) => {
  const before = net.getStats({ sockets: true });
  const path = freeName(t);
  await listening(net, t, { path });
  const [{ type, local, path: listed }] = openedSince(net, before);
  assert.deepStrictEqual([type, local, listed], ['server', undefined, path]);
});

alone('a socket that connects is listed as such', (net, t) => {
  const before = net.getStats({ sockets: true });
  const socket = net.connect(9, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {});
  const [{ connecting, remote }] = openedSince(net, before);
  assert.deepStrictEqual([connecting, remote], [true, undefined]);
});

alone('options are validated, and false lists nothing', (net) => {
  assert.ok(!('open' in net.getStats({ sockets: false })));
  for (const sockets of [1, 'yes', null, undefined]) {
    assert.throws(() => net.getStats({ sockets }), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^The "options.sockets" property must be of type boolean/,
    });
  }
});

const STATS = { RUST_NET_STATS: '1' };

alone('RUST_NET_STATS=1 prints what was used, at the end', async (net) => {
  const { stderr, code } = await runs(
    net,
    (own) => {
      const server = own.createServer((socket) => socket.end('hello'));
      server.listen(0, '127.0.0.1', () => {
        const client = own.connect(server.address().port, '127.0.0.1');
        client.resume().on('close', () => server.close());
      });
    },
    { env: { ...STATS, RUST_NET_DRIVER: 'on-loop' } },
  );
  assert.strictEqual(code, 0);
  assert.match(
    stderr,
    /^rust-net in process \d+: 1 accepted, 1 connected, 5 bytes read, 5 bytes written, driver on-loop; http on node's sockets\n$/,
  );
});

alone('RUST_NET_STATS=1 counts connections of node:http', async (net) => {
  const { stderr } = await runs(
    net,
    () => {
      const http = require('node:http');
      const own = require(
        Object.keys(require.cache)[0].replace(/index.js$/, 'http'),
      );
      own.install();
      const server = http.createServer((_, answer) => answer.end('hello'));
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        http.get({ port, agent: false }, (answer) => {
          answer.resume().on('end', () => server.close());
        });
      });
    },
    { env: STATS },
  );
  assert.match(stderr, /driver [a-z-]+; of http 1 accepted, 1 opened\n$/);
});

alone('RUST_NET_STATS=1 says that nothing was used', async (net) => {
  const { stderr } = await runs(net, () => {}, { env: STATS });
  assert.match(stderr, /^rust-net in process \d+: no socket was made\n$/);
});

alone('RUST_NET_STATS=1 and a worker: a line each', async (net) => {
  const { stderr } = await runs(
    net,
    () => {
      const { Worker } = require('node:worker_threads');
      const source = `require(${JSON.stringify(Object.keys(require.cache)[0])})`;
      new Worker(source, { eval: true });
    },
    { env: STATS },
  );
  assert.match(stderr, /process \d+, thread 1: no socket was made\n/);
  assert.match(stderr, /process \d+: no socket was made\n/);
});
