'use strict';

// Opens and closes connections in a loop, and then holds many open at once:
//   node --expose-gc __test__/soak/leak.js [CONNECTIONS=100000] [OPEN=10000]
// At the end there must be as many descriptors as at the start. Resident memory
// must not have grown after the first fifth of the run. NET_SUBJECT=node:net
// measures node:net instead, and SHARED=1 the option `shared`.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');

const subject = process.env.NET_SUBJECT ?? 'rust-net';
const net = subject === 'node:net' ? require('node:net') : require('../..');

const asClients = process.argv[2] === 'clients';
const total = Number((!asClients && process.argv[2]) || 100_000);
const open = Number(process.argv[asClients ? 4 : 3] ?? 10_000);
const atOnce = 50;
const allowed = 16 * 2 ** 20;

const descriptors = () => fs.readdirSync('/proc/self/fd').length;
const megabytes = (bytes) => (bytes / 2 ** 20).toFixed(1);

async function settled() {
  // Closes complete in the following loop iterations, and garbage is collected
  // later.
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function oneConnection(port) {
  return new Promise((resolve, reject) => {
    const client = net.connect(port, '127.0.0.1');
    client.on('error', reject).on('close', resolve);
    client.on('data', () => client.end());
    client.write('x');
  });
}

async function churn() {
  const server = net.createServer((c) => {
    c.on('error', () => {});
    c.pipe(c);
  });
  const shared = process.env.SHARED === '1';
  server.listen({ port: 0, host: '127.0.0.1', shared });
  await once(server, 'listening');
  const { port } = server.address();
  await settled();
  const before = descriptors();
  let started = 0;
  let baseline = 0;
  let top = 0;
  const loop = async () => {
    while (started < total) {
      const mine = ++started;
      await oneConnection(port);
      if (mine % Math.ceil(total / 10) !== 0) continue;
      await settled();
      const { rss } = process.memoryUsage();
      if (mine >= total / 5) baseline ||= rss;
      top = Math.max(top, mine >= total / 5 ? rss : 0);
      console.log(`${mine} connections: ${megabytes(rss)} MB resident`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, loop));
  await settled();
  const after = descriptors();
  server.close();
  console.log(`descriptors: ${before} before, ${after} after`);
  console.log(`grown since the first fifth: ${megabytes(top - baseline)} MB`);
  return [
    ['the same number of descriptors', after === before],
    ['resident memory flat', top - baseline <= allowed],
  ];
}

/**
 * Opens the other ends in another process, as one process does not have enough
 * descriptors.
 */
async function clients(port) {
  const all = [];
  for (let i = 0; i < open; i++) {
    const client = net.connect(port, '127.0.0.1');
    all.push(client);
    await once(client, 'connect');
  }
  // Every connection sends a request and gets an answer.
  await Promise.all(
    all.map(async (client, i) => {
      client.write(`${i}`.padStart(8));
      const [data] = await once(client, 'data');
      if (Number(data) !== i) throw new Error(`${i} got ${data}`);
    }),
  );
  process.send('answered');
  await once(process, 'message');
  all.forEach((client) => client.destroy());
  process.disconnect();
}

async function many() {
  const sockets = new Set();
  const server = net.createServer((c) => {
    sockets.add(c);
    c.on('error', () => {}).on('close', () => sockets.delete(c));
    c.on('data', (data) => c.write(data));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  await once(server, 'listening');
  const before = descriptors();
  const rss = process.memoryUsage.rss();
  const child = fork(__filename, ['clients', server.address().port, open]);
  await once(child, 'message');
  const most = sockets.size;
  const each = (process.memoryUsage.rss() - rss) / most / 1024;
  console.log(`${most} open at once, ${each.toFixed(1)} KB resident each`);
  child.send('close');
  const [code] = await once(child, 'exit');
  while (sockets.size > 0) await new Promise((go) => setTimeout(go, 10));
  await settled();
  const after = descriptors();
  server.close();
  console.log(`descriptors: ${before} before, ${after} after`);
  return [
    [`${open} open at once`, most === open],
    ['each answered', code === 0],
    ['all their descriptors closed', after <= before],
  ];
}

async function main() {
  // With its first stream, which would be fork()'s, libuv opens a spare
  // descriptor. Open it before the descriptors are counted.
  require('node:net').createServer().listen(0).close();
  const results = [...(await churn()), ...(await many())];
  let failed = 0;
  for (const [name, ok] of results) {
    if (!ok) failed++;
    console.log(`${ok ? 'ok' : 'not ok'} ${name}`);
  }
  console.log(`${results.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (asClients) clients(Number(process.argv[3]));
else main();
