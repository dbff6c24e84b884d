'use strict';

// Sends bytes over loopback connections for a while, and checks every byte.

const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const CONNECTIONS = 8;
const SIZES = [1, 64, 1500, 70_000];

function listen(net, where) {
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(where);
  return once(server, 'listening').then(() => server);
}

/** Sends until `until`, and compares the echoes. Resolves with their number. */
function talk(net, where, seed, until) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(where);
    let echoes = 0;
    let message = Buffer.alloc(0);
    let got = 0;
    const next = () => {
      if (Date.now() >= until) {
        socket.end();
        return;
      }
      message = Buffer.alloc(
        SIZES[echoes % SIZES.length],
        `${seed}.${echoes} `,
      );
      got = 0;
      socket.write(message);
    };
    socket.on('connect', next);
    socket.on('data', (data) => {
      const expected = message.subarray(got, got + data.length);
      if (!expected.equals(data)) {
        socket.destroy(new Error('an echo differs from what was sent'));
        return;
      }
      got += data.length;
      if (got < message.length) return;
      echoes++;
      next();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(echoes));
    socket.setTimeout(5000, () =>
      socket.destroy(new Error('no data for 5 seconds')),
    );
  });
}

/**
 * Runs an echo server and several clients.
 *
 * @param {any} net the module under test
 * @param {object} where as `listen` takes it
 * @param {number} milliseconds
 * @returns {Promise<number>} how many messages were echoed
 * @throws {Error} when an echo differs, or takes more than 5 seconds
 */
async function echo(net, where, milliseconds) {
  const server = await listen(net, where);
  try {
    const address = server.address();
    const target =
      typeof address === 'string'
        ? { path: address }
        : { port: address.port, host: address.address };
    const until = Date.now() + milliseconds;
    const talks = Array.from({ length: CONNECTIONS }, (_, i) =>
      talk(net, target, i, until),
    );
    const counts = await Promise.all(talks);
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    server.close();
  }
}

/** Calls `act` with a free name for a Unix socket or, on Windows, a pipe. */
async function withPath(act) {
  if (process.platform === 'win32') {
    return act(`\\\\.\\pipe\\rust-net-${process.pid}`);
  }
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-'));
  try {
    return await act(path.join(folder, 'socket'));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { echo, withPath };
