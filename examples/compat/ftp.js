'use strict';

/*
 * basic-ftp against ftp-srv, both on rust-net, plain and with TLS:
 *
 *   node examples/compat/ftp.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { PassThrough, Readable } = require('node:stream');
const common = require('./common');

const MEGABYTE = 1024 * 1024;
const host = '127.0.0.1';

const quiet = new Proxy(
  {},
  { get: (_, name) => quietVerbs[name] ?? (() => {}) },
);
const quietVerbs = { child: () => quiet };

async function startServer() {
  const { FtpSrv } = common.load('ftp-srv');
  const port = await common.freePort();
  const root = common.temporaryFolder();
  const server = new FtpSrv({
    url: `ftp://${host}:${port}`,
    pasv_url: host,
    tls: common.credentials(),
    anonymous: true,
    log: quiet,
  });
  server.on('login', (_, resolve) => resolve({ root }));
  await server.listen();
  return { port, root, stop: () => server.close() };
}

async function connect({ port }, secure) {
  const { Client } = common.load('basic-ftp');
  const client = new Client(20_000);
  const secureOptions = { rejectUnauthorized: false };
  await client.access({ host, port, secure, secureOptions });
  return client;
}

async function transfer(server, secure) {
  const client = await connect(server, secure);
  assert.strictEqual(client.ftp.hasTLS, secure);
  const bytes = common.randomBytes(5 * MEGABYTE);
  await client.uploadFrom(Readable.from([bytes]), 'data.bin');
  const stored = fs.readFileSync(path.join(server.root, 'data.bin'));
  assert.strictEqual(common.sha256(stored), common.sha256(bytes));
  const [{ name, size }] = await client.list();
  assert.deepStrictEqual([name, size], ['data.bin', bytes.length]);
  const chunks = [];
  const back = new PassThrough().on('data', (chunk) => chunks.push(chunk));
  await client.downloadTo(back, 'data.bin');
  assert.strictEqual(
    common.sha256(Buffer.concat(chunks)),
    common.sha256(bytes),
  );
  await client.remove('data.bin');
  client.close();
  return '5 MB each way, SHA-256 equal';
}

async function unknownFile(server) {
  const client = await connect(server, false);
  await assert.rejects(client.downloadTo(new PassThrough(), 'nothing'), {
    code: 551,
  });
  client.close();
}

const body = async (step) => {
  const server = await startServer();
  await step('ftp, plain', () => transfer(server, false));
  await step('ftp, TLS', () => transfer(server, true));
  await step('ftp, a file that is not there', () => unknownFile(server));
  await step('ftp, stop', () => server.stop());
};

// What the server takes data on with TLS are servers of node's tls: for the file,
// the list and the file again.
common.main(body, { foreign: 3 });
