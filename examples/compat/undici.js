'use strict';

/*
 * undici with a `connect` of its own that gives rust-net sockets, against node's
 * http on connections that rust-net accepts:
 *
 *   node examples/compat/undici.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;

async function respond(request, response) {
  if (request.url === '/number') {
    response.end(request.headers['x-number']);
  } else if (request.url === '/cut') {
    response.write('the first half');
    setImmediate(() => response.destroy());
  } else {
    request.pipe(response);
  }
}

async function startServer(where) {
  const httpServer = http.createServer(respond);
  let connections = 0;
  const server = rustNet.createServer((socket) => {
    connections++;
    httpServer.emit('connection', socket);
  });
  server.listen(where);
  await once(server, 'listening');
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    await closed;
  };
  const to = where.path ? where : { ...where, port: server.address().port };
  return { to, stop, connections: () => connections };
}

const connector = (where) => (_, callback) => {
  const socket = rustNet.connect(where);
  socket.setNoDelay(true);
  const fail = (error) => callback(error, null);
  socket.once('error', fail);
  socket.once('connect', () => {
    socket.off('error', fail);
    callback(null, socket);
  });
};

function open(server, options = {}) {
  const { Pool } = common.load('undici');
  return new Pool('http://localhost', {
    connect: connector(server.to),
    ...options,
  });
}

async function keepAlive(server) {
  const pool = open(server, { connections: 1 });
  const before = server.connections();
  for (let i = 0; i < 500; i++) {
    const headers = { 'x-number': `${i}` };
    const { body } = await pool.request({
      path: '/number',
      method: 'GET',
      headers,
    });
    assert.strictEqual(await body.text(), `${i}`);
  }
  assert.strictEqual(server.connections() - before, 1);
  await pool.close();
  return '500 requests on one connection';
}

async function pipelining(server) {
  const pool = open(server, { connections: 4, pipelining: 10 });
  const ask = async (i) => {
    const headers = { 'x-number': `${i}` };
    const { body } = await pool.request({
      path: '/number',
      method: 'GET',
      headers,
    });
    assert.strictEqual(await body.text(), `${i}`);
  };
  await Promise.all(Array.from({ length: 2000 }, (_, i) => ask(i)));
  await pool.close();
  return '2000 requests, 40 at a time';
}

async function largeBodies(server) {
  const pool = open(server);
  for (let i = 0; i < 3; i++) {
    const bytes = common.randomBytes(10 * MEGABYTE);
    const { body } = await pool.request({
      path: '/',
      method: 'POST',
      body: bytes,
    });
    const back = Buffer.from(await body.arrayBuffer());
    assert.strictEqual(common.sha256(back), common.sha256(bytes));
  }
  await pool.close();
  return '3 of 10 MB there and back, SHA-256 equal';
}

async function cutShort(server) {
  const pool = open(server);
  const { body } = await pool.request({ path: '/cut', method: 'GET' });
  await assert.rejects(body.text(), /terminated|other side closed|aborted/);
  await pool.close();
}

async function refused() {
  const port = await common.freePort();
  const pool = open({ to: { port, host: '127.0.0.1' } });
  await assert.rejects(pool.request({ path: '/', method: 'GET' }), {
    code: 'ECONNREFUSED',
  });
  await pool.destroy();
}

async function exercise(step, title, where) {
  const server = await startServer(where);
  await step(`${title}, keep-alive`, () => keepAlive(server));
  await step(`${title}, pipelining`, () => pipelining(server));
  await step(`${title}, large bodies`, () => largeBodies(server));
  await step(`${title}, an answer cut short`, () => cutShort(server));
  await step(`${title}, stop`, () => server.stop());
}

common.main(async (step) => {
  const folder = common.temporaryFolder();
  await exercise(step, 'undici, TCP', { port: 0, host: '127.0.0.1' });
  await exercise(step, 'undici, Unix', {
    path: path.join(folder, 'http.sock'),
  });
  await step('undici, refused', refused);
});
