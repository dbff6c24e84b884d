'use strict';

// What runs at an end of a link: `node ends.js JOB`. Reports lines of JSON.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');

const job = JSON.parse(process.argv[2]);
const net = require(job.net);

const report = (value) => console.log(JSON.stringify(value));
const now = () => performance.now();

/** Connects once, so that nothing is loaded while the time is taken. */
async function warmUp() {
  const server = net.createServer((socket) => socket.end());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1').resume();
  await once(socket, 'close');
  server.close();
}

/** Counts this namespace's TCP sockets that are connecting. */
function connecting() {
  const states = ['tcp', 'tcp6'].flatMap((name) =>
    fs
      .readFileSync(`/proc/self/net/${name}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[3]),
  );
  return states.filter((state) => state === '02').length;
}

/** The bytes of a transfer: numbered blocks, so that none can take another's place. */
function blockOf(number, seed) {
  const block = Buffer.alloc(65_536, (number * 31 + seed) % 251);
  block.writeUInt32LE(number);
  block.writeUInt32LE(seed, 4);
  return block;
}

function expectedHash(bytes, seed) {
  const hash = createHash('sha256');
  for (let i = 0; i < bytes / 65_536; i++) hash.update(blockOf(i, seed));
  return hash.digest('hex');
}

function sendBlocks(socket, bytes, seed) {
  let number = 0;
  const more = () => {
    while (number < bytes / 65_536) {
      if (!socket.write(blockOf(number++, seed))) {
        socket.once('drain', more);
        return;
      }
    }
    socket.end();
  };
  more();
}

/** Sends and receives at the same time, and compares what came. */
function transfer(socket, { bytes, send, receive }) {
  const hash = createHash('sha256');
  const start = now();
  let received = 0;
  socket.on('data', (data) => {
    hash.update(data);
    received += data.length;
    const before = received - data.length;
    const isMark = before < bytes / 4 && received >= bytes / 4;
    if (job.marks && isMark) report({ mark: received });
  });
  socket.on('error', ({ code }) => report({ error: code, ms: now() - start }));
  socket.on('close', (hadError) => {
    const isWhole = hash.digest('hex') === expectedHash(bytes, receive);
    report({ close: hadError, received, isWhole, ms: now() - start });
  });
  sendBlocks(socket, bytes, send);
}

const roles = {
  /** Answers each connection as an http server does. */
  hello() {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    });
    server.listen(0, '::', () => report(server.address().port));
  },

  /** Connects to a host with an address of each family, IPv6 first. */
  async race() {
    await warmUp();
    const addresses = [
      { address: 'fd77::2', family: 6 },
      { address: '10.77.0.2', family: 4 },
    ];
    const start = now();
    const socket = net.connect({
      host: 'host',
      port: job.port,
      lookup: (_host, _options, callback) => callback(null, addresses),
      autoSelectFamily: job.autoSelectFamily,
      autoSelectFamilyAttemptTimeout: 250,
    });
    const limit = setTimeout(() => {
      report({ ms: null });
      process.exit();
    }, job.limit);
    socket.on('error', () => {});
    socket.on('connect', () => {
      clearTimeout(limit);
      const { remoteAddress } = socket;
      report({ ms: now() - start, remoteAddress, connecting: connecting() });
      socket.destroy();
    });
  },

  /** Accepts, and does nothing with what comes. */
  silent() {
    const server = net.createServer((socket) => {
      socket.on('error', () => {}).resume();
    });
    server.listen(0, '::', () => report(server.address().port));
  },

  /** Connects, and reports the error that comes once the peer has vanished. */
  wait() {
    const { port, options, keepAlive, writes } = job;
    const socket = net.connect({ port, host: '10.77.0.2', ...options });
    if (keepAlive) socket.setKeepAlive(keepAlive);
    let start;
    socket.on('connect', () => report('connected'));
    process.stdin.once('data', () => {
      start = now();
      if (writes) socket.write('anybody there?');
    });
    socket.on('error', ({ code }) => report({ code, ms: now() - start }));
    socket.on('close', () => {
      report('closed');
      process.stdin.destroy();
    });
  },

  /** One side of a bulk transfer. */
  serve() {
    const server = net.createServer({ allowHalfOpen: true }, (socket) => {
      transfer(socket, { bytes: job.bytes, send: 2, receive: 1 });
      server.close();
    });
    server.listen(0, '::', () => report(server.address().port));
  },

  /** The other side. */
  fetch() {
    const { port, host, bytes, options } = job;
    const target = { port, host, allowHalfOpen: true, ...options };
    const socket = net.connect(target);
    transfer(socket, { bytes, send: 1, receive: 2 });
  },
};

roles[job.role]();
