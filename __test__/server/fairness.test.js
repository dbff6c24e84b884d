'use strict';

const assert = require('node:assert');
const { fork } = require('node:child_process');
const { once } = require('node:events');
const node = require('node:net');
const path = require('node:path');
const { alone, both } = require('../helpers/both');
const {
  destroyAfter,
  freeName,
  listening,
  tcp,
  until,
} = require('../helpers/wire');
const { SIZE } = require('../fixtures/uploads');

const uploads = path.join(__dirname, '../fixtures', 'uploads.js');

// Node 18 itself accepts all that wait, and then reads them by turns.
const options = { since: '20' };

// While an upload waits to be read, others stay in the backlog: what comes in
// would otherwise be opened faster than it is finished.
both('short uploads do not pile up', options, async (net, t) => {
  const COUNT = 1200;
  const openAtOnce = [];
  let open = 0;
  let finished = 0;
  const server = await listening(net, t, tcp(t), {}, (socket) => {
    let received = 0;
    openAtOnce.push(++open);
    socket.on('data', (chunk) => (received += chunk.length));
    socket.on('close', () => {
      open--;
      if (received === SIZE) finished++;
    });
  });
  const { port } = server.address();
  const child = fork(uploads, [port, COUNT].map(String));
  t.after(() => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  assert.strictEqual(code, 0);
  await until(() => finished === COUNT);
  const usual = openAtOnce.sort((a, b) => a - b)[COUNT / 2];
  assert.ok(usual <= 20, `${usual} open at once`);
});

// The same question from the other side: what is open is read, however many more
// connect, and who connects is let in, however much there is to read.
both('beside floods others are let in and answered', async (net, t) => {
  const FLOODS = 8;
  const chunk = Buffer.alloc(256 * 1024, 'x');
  const server = await listening(net, t, tcp(t), {}, (socket) => {
    socket.once('data', (first) => {
      if (first[0] === 0x3f) socket.end('!');
    });
    socket.on('error', () => {}).resume();
  });
  const { port } = server.address();
  const flood = () => {
    const socket = destroyAfter(t, node.connect(port, '127.0.0.1'));
    const pump = () => {
      if (!socket.destroyed) socket.write(chunk, pump);
    };
    pump();
    return once(
      socket.on('error', () => {}),
      'connect',
    );
  };
  await Promise.all(Array.from({ length: FLOODS }, flood));
  for (let i = 0; i < 20; i++) {
    const client = destroyAfter(t, node.connect(port, '127.0.0.1'));
    client.write('?');
    const [answer] = await once(client, 'data');
    assert.strictEqual(String(answer), '!');
  }
});

// Node 20 and later accept one in an iteration. A Unix-domain socket waits as soon as
// connect() returns; over TCP the kernel may take its time.
alone('connections that wait are accepted in one iteration', async (net, t) => {
  const COUNT = 6;
  const where = { path: freeName(t) };
  const byIteration = new Map();
  let iteration = 0;
  const server = await listening(net, t, where, {}, () => {
    byIteration.set(iteration, (byIteration.get(iteration) ?? 0) + 1);
    if (byIteration.size === 1) setImmediate(() => iteration++);
  });
  for (let i = 0; i < COUNT; i++) {
    destroyAfter(t, net.connect(where));
  }
  await until(() => server._connections === COUNT);
  assert.deepStrictEqual([...byIteration], [[0, COUNT]]);
});
