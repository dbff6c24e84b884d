'use strict';

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { PassThrough, Readable } = require('node:stream');
const { pipeline } = require('node:stream/promises');

const { random } = require('./random');

/** Makes a stream of unrepeated bytes: one block with a counter at its start. */
function source(total, { highWaterMark, pauses }) {
  const block = Buffer.alloc(64 * 1024);
  for (let i = 0; i < block.length; i++) block[i] = (i * 31) ^ (i >> 8);
  let sent = 0;
  return new Readable({
    highWaterMark,
    read() {
      if (sent >= total) return void this.push(null);
      const size = pauses ? 1 + Math.floor(random() * 3000) : block.length;
      const chunk = Buffer.from(
        block.subarray(0, Math.min(size, total - sent)),
      );
      if (chunk.length >= 8) chunk.writeDoubleLE(sent);
      sent += chunk.length;
      this.push(chunk);
    },
  });
}

/** Pauses `socket` now and then, at random times. */
function pausing(socket) {
  socket.on('data', () => {
    if (random() > 0.3) return;
    socket.pause();
    setTimeout(() => socket.resume(), random() * 3);
  });
}

function hashing(stream, hash) {
  stream.on('data', (chunk) => hash.update(chunk));
  return stream;
}

/**
 * Makes a proxy for `server`, on a free port, with sockets of `net` and
 * `a.pipe(b).pipe(a)`. With `pauses` its sockets are paused at random, without a
 * 'data' listener.
 */
async function proxied(net, server, { highWaterMark, pauses }) {
  const address = server.address();
  const target = address.port ? { port: address.port } : { path: address };
  const allowHalfOpen = true;
  const proxy = net.createServer({ allowHalfOpen, highWaterMark }, (near) => {
    const far = net.connect({ ...target, allowHalfOpen, highWaterMark });
    near.pipe(far).pipe(near);
    const timer =
      pauses &&
      setInterval(() => {
        for (const each of [near, far]) {
          if (random() < 0.5) each.pause();
          else each.resume();
        }
      }, 1);
    near.on('close', () => {
      clearInterval(timer);
      far.destroy();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

/**
 * Sends `bytes` from a client of `clientNet` to an echo server of `serverNet` and
 * back, with pipe() everywhere, and compares SHA-256 and count. `by` is the module
 * of an optional proxy in between.
 */
async function through(clientNet, serverNet, where, options) {
  const { bytes, highWaterMark, pauses = false, by } = options;
  const server = serverNet.createServer(
    { allowHalfOpen: true, highWaterMark },
    (peer) => {
      if (pauses && !by) pausing(peer);
      peer.pipe(peer);
    },
  );
  server.listen(where);
  await once(server, 'listening');
  const proxy = by && (await proxied(by, server, options));
  const address = (proxy ?? server).address();
  const client = new clientNet.Socket({ allowHalfOpen: true, highWaterMark });
  try {
    client.connect(address.port ? { port: address.port } : { path: address });
    if (pauses) pausing(client);
    const sent = createHash('sha256');
    const received = createHash('sha256');
    let count = 0;
    client.on('data', (chunk) => {
      received.update(chunk);
      count += chunk.length;
    });
    await Promise.all([
      pipeline(
        source(bytes, options),
        hashing(new PassThrough(), sent),
        client,
        {
          end: true,
        },
      ),
      once(client, 'end'),
    ]);
    assert.strictEqual(count, bytes);
    assert.strictEqual(received.digest('hex'), sent.digest('hex'));
  } finally {
    client.destroy();
    proxy?.close();
    server.close();
  }
}

module.exports = { through };
