'use strict';

/*
 * ws on rust-net at both ends:
 *
 *   node examples/compat/ws.js
 *
 * The server is node's http with connections handed over by a rust-net server;
 * the client connects by rust-net. Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;

/** An echo server: http on connections that rust-net has accepted. */
async function startServer(where, perMessageDeflate) {
  const { WebSocketServer } = common.load('ws');
  const httpServer = http.createServer((_, response) => response.end('plain'));
  const server = rustNet.createServer((socket) =>
    httpServer.emit('connection', socket),
  );
  const sockets = new WebSocketServer({
    server: httpServer,
    perMessageDeflate,
  });
  sockets.on('connection', (peer) => {
    peer.on('error', () => {});
    peer.on('message', (data, binary) => {
      if (String(data) === 'close, please') peer.close(4321, 'as you wish');
      else peer.send(data, { binary });
    });
  });
  server.listen(where);
  await once(server, 'listening');
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    sockets.close();
    await closed;
  };
  return { where: where.path ? where : server.address(), sockets, stop };
}

const createConnection = (where) => () =>
  rustNet.connect(where.path ? where : { port: where.port, host: '127.0.0.1' });

async function open(server, options = {}) {
  const { WebSocket } = common.load('ws');
  const client = new WebSocket('ws://localhost/', {
    createConnection: createConnection(server.where),
    perMessageDeflate: false,
    ...options,
  });
  await once(client, 'open');
  return client;
}

async function exchange(client, message) {
  client.send(message);
  const [data, binary] = await once(client, 'message');
  return typeof message === 'string' && !binary ? String(data) : data;
}

async function closed(client) {
  client.close(1000, 'done');
  const [code, reason] = await once(client, 'close');
  assert.deepStrictEqual([code, String(reason)], [1000, 'done']);
}

async function text(server) {
  const client = await open(server);
  for (const message of ['', 'hello', 'grüße, 世界', 'x'.repeat(70_000)]) {
    assert.strictEqual(await exchange(client, message), message);
  }
  await closed(client);
}

async function binary(server, options) {
  const client = await open(server, options);
  for (let i = 0; i < 5; i++) {
    const message = common.randomBytes(MEGABYTE);
    const answer = await exchange(client, message);
    assert.strictEqual(common.sha256(answer), common.sha256(message));
  }
  await closed(client);
  return '5 of 1 MB there and back, SHA-256 equal';
}

async function pings(server) {
  const client = await open(server);
  client.ping('are you there?');
  const [answer] = await once(client, 'pong');
  assert.strictEqual(String(answer), 'are you there?');
  const [peer] = server.sockets.clients;
  peer.ping('and you?');
  const [asked] = await once(client, 'ping');
  assert.strictEqual(String(asked), 'and you?');
  await closed(client);
}

async function deflate(server) {
  const options = { perMessageDeflate: true };
  const client = await open(server, options);
  assert.strictEqual(client.extensions, 'permessage-deflate');
  const message = 'the same over and over, '.repeat(50_000);
  const before = client._socket.bytesWritten;
  assert.strictEqual(await exchange(client, message), message);
  const sent = client._socket.bytesWritten - before;
  assert.ok(sent < message.length / 20, `${sent} bytes for ${message.length}`);
  await closed(client);
  return `${message.length} bytes in ${sent}`;
}

async function closeCodes(server) {
  const client = await open(server);
  client.send('close, please');
  const [code, reason] = await once(client, 'close');
  assert.deepStrictEqual([code, String(reason)], [4321, 'as you wish']);

  const cut = await open(server);
  const [peer] = server.sockets.clients;
  peer.terminate();
  const [abnormal] = await once(cut, 'close');
  assert.strictEqual(abnormal, 1006);
}

async function pipeline(server) {
  const count = 10_000;
  const client = await open(server);
  let received = 0;
  const all = new Promise((resolve, reject) => {
    client.on('message', (data) => {
      if (String(data) !== `message ${received}`) reject(new Error(`${data}`));
      if (++received === count) resolve();
    });
  });
  for (let i = 0; i < count; i++) client.send(`message ${i}`);
  await all;
  await closed(client);
  return `${count} messages in flight`;
}

async function manyClients(server) {
  const count = 100;
  const all = await Promise.all(
    Array.from({ length: count }, () => open(server)),
  );
  await Promise.all(
    all.map(async (client, i) => {
      for (let n = 0; n < 20; n++) {
        assert.strictEqual(await exchange(client, `${i} ${n}`), `${i} ${n}`);
      }
    }),
  );
  await Promise.all(all.map(closed));
  return `${count} clients, 20 messages each`;
}

/** Plain http on the same handed-over connections. */
async function plainHttp(server) {
  const options = { createConnection: createConnection(server.where) };
  const request = http.get('http://localhost/', /** @type {any} */ (options));
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response) body += chunk;
  assert.strictEqual(body, 'plain');
}

async function exercise(step, title, where) {
  const server = await startServer(where, true);
  await step(`${title}, text`, () => text(server));
  await step(`${title}, binary`, () => binary(server));
  await step(`${title}, ping and pong`, () => pings(server));
  await step(`${title}, permessage-deflate`, () => deflate(server));
  await step(`${title}, close codes`, () => closeCodes(server));
  await step(`${title}, pipeline`, () => pipeline(server));
  await step(`${title}, many clients`, () => manyClients(server));
  await step(`${title}, plain http`, () => plainHttp(server));
  await step(`${title}, close`, () => server.stop());
}

common.main(async (step) => {
  const folder = common.temporaryFolder();
  await exercise(step, 'ws, TCP', { port: 0, host: '127.0.0.1' });
  await exercise(step, 'ws, Unix', { path: path.join(folder, 'ws.sock') });
});
