'use strict';

// Relays from connections that were just accepted and bring much, beside others that fill
// the buffer of a loop iteration. A relay that found no room in it was forgotten.

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const { destroyAfter, listening } = require('../helpers/wire');

const SIZE = 300_000;
const host = '127.0.0.1';
const halfOpen = { allowHalfOpen: true };

async function open(net, t, onConnection) {
  const where = { port: 0, host };
  const server = await listening(net, t, where, halfOpen, onConnection);
  return server.address().port;
}

/** Sends SIZE bytes to an echo; resolves with how many come back. */
async function echoed(net, t, port) {
  const client = destroyAfter(t, net.connect({ port, host, ...halfOpen }));
  let received = 0;
  client.on('data', (bytes) => (received += bytes.length));
  for (let sent = 0; sent < SIZE; sent += 50_000) {
    client.write(Buffer.alloc(50_000, 'x'));
  }
  client.end();
  await once(client, 'end');
  return received;
}

both('relays for which the read buffer has no room', async (net, t) => {
  const echo = await open(net, t, (socket) => socket.pipe(socket));
  const proxy = await open(net, t, (near) => {
    const far = net.connect({ port: echo, host, ...halfOpen });
    near.pipe(destroyAfter(t, far)).pipe(near);
  });
  for (const [direct, relayed] of [
    [3, 3],
    [0, 6],
    [6, 6],
  ]) {
    const ports = [
      ...new Array(direct).fill(echo),
      ...new Array(relayed).fill(proxy),
    ];
    const received = await Promise.all(
      ports.map((port) => echoed(net, t, port)),
    );
    assert.deepStrictEqual(received, new Array(ports.length).fill(SIZE));
  }
});
