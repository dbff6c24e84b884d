'use strict';

/*
 * What an http framework is used for, over connections of rust-net's: asked of
 * any application that has the routes below.
 *
 *   GET  /greet/:name     "hello NAME" as JSON: { greeting }
 *   POST /sum             JSON { numbers } to JSON { sum }
 *   POST /digest          the SHA-256 of the body, of any size
 *   GET  /stream          SIZE bytes, piped from a stream
 *   GET  /file            this file
 *   GET  /fail            status 500 from what the framework does with a throw
 */

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const { Readable } = require('node:stream');
const common = require('./common');
const { rustNet } = require('./swap');

const SIZE = 5 * 1024 * 1024;
const payload = common.randomBytes(SIZE);

/** What the routes /stream and /file answer with. */
const stream = () => Readable.from(pieces());
const file = __filename;

function* pieces() {
  for (let at = 0; at < SIZE; at += 50_000) {
    yield payload.subarray(at, at + 50_000);
  }
}

/** Node's Agent keeps connections; rust-net makes them. */
class Agent extends http.Agent {
  createConnection(options) {
    return rustNet.connect(options);
  }
}

/**
 * Serves an http.Server by a server of rust-net's.
 *
 * @param {http.Server} httpServer
 * @param {object} where
 */
async function serve(httpServer, where) {
  const server = rustNet.createServer((socket) =>
    httpServer.emit('connection', socket),
  );
  server.listen(where);
  await once(server, 'listening');
  // From here on it looks after its timeouts.
  httpServer.emit('listening');
  const target = where.path
    ? { socketPath: where.path, path: where.path }
    : { host: '127.0.0.1', port: server.address().port };
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    httpServer.closeAllConnections();
    httpServer.emit('close');
    await closed;
  };
  return { server, httpServer, target, stop };
}

async function ask({ target }, agent, method, path, body, headers = {}) {
  const request = http.request({ ...target, agent, method, path, headers });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks = [];
  for await (const chunk of response) chunks.push(chunk);
  const data = Buffer.concat(chunks);
  return { status: response.statusCode, data, request, response };
}

async function routes(site, agent) {
  const greeted = await ask(site, agent, 'GET', '/greet/you');
  assert.deepStrictEqual(JSON.parse(String(greeted.data)), {
    greeting: 'hello you',
  });
  const json = { 'content-type': 'application/json' };
  const sum = await ask(
    site,
    agent,
    'POST',
    '/sum',
    '{"numbers":[1,2,39]}',
    json,
  );
  assert.deepStrictEqual(JSON.parse(String(sum.data)), { sum: 42 });
  const bad = await ask(site, agent, 'POST', '/sum', '{"numbers":', json);
  assert.strictEqual(bad.status, 400);
  assert.strictEqual((await ask(site, agent, 'GET', '/nowhere')).status, 404);
  assert.strictEqual((await ask(site, agent, 'GET', '/fail')).status, 500);
  const head = await ask(site, agent, 'HEAD', '/file');
  assert.deepStrictEqual([head.status, head.data.length], [200, 0]);
}

async function bodies(site, agent) {
  const down = await ask(site, agent, 'GET', '/stream');
  assert.strictEqual(common.sha256(down.data), common.sha256(payload));
  const headers = { 'content-type': 'application/octet-stream' };
  const up = await ask(site, agent, 'POST', '/digest', payload, headers);
  assert.strictEqual(String(up.data), common.sha256(payload));
  const { data } = await ask(site, agent, 'GET', '/file');
  assert.ok(data.equals(fs.readFileSync(file)));
  return `${SIZE} bytes each way, SHA-256 equal`;
}

/** One connection for all, by the server's own count. */
async function keepAlive(site, agent) {
  let connections = 0;
  const count = () => connections++;
  site.server.on('connection', count);
  const own = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 50; i++) {
    const { request } = await ask(site, own, 'GET', `/greet/${i}`);
    assert.strictEqual(request.reusedSocket, i > 0);
  }
  own.destroy();
  site.server.off('connection', count);
  assert.strictEqual(connections, 1);
  // Without it, each has its own.
  const { response } = await ask(site, new Agent(), 'GET', '/greet/x');
  assert.strictEqual(response.headers.connection, 'close');
  await parallel(site, agent);
  return '50 requests on one connection, then 20 x 25 side by side';
}

async function parallel(site, agent) {
  const one = async (_, i) => {
    for (let n = 0; n < 20; n++) {
      const { data } = await ask(site, agent, 'GET', `/greet/${i}-${n}`);
      assert.strictEqual(JSON.parse(String(data)).greeting, `hello ${i}-${n}`);
    }
  };
  await Promise.all(Array.from({ length: 25 }, one));
}

/** A plain connection. */
const talk = ({ target }) =>
  rustNet.connect(target.socketPath ? { path: target.socketPath } : target);

/** What comes until the other side ends it. */
async function text(client) {
  const chunks = [];
  for await (const chunk of client) chunks.push(chunk);
  return String(Buffer.concat(chunks));
}

function raw(site, request) {
  const client = talk(site);
  client.write(request);
  return text(client);
}

async function pipelined(site) {
  const one = (n, more) =>
    `GET /greet/${n} HTTP/1.1\r\nHost: x\r\nConnection: ${more}\r\n\r\n`;
  const answers = await raw(
    site,
    one(1, 'keep-alive') + one(2, 'keep-alive') + one(3, 'close'),
  );
  assert.deepStrictEqual(answers.match(/hello \d/g), [
    'hello 1',
    'hello 2',
    'hello 3',
  ]);
}

async function upgrade(site) {
  site.httpServer.once('upgrade', (request, socket, head) => {
    assert.ok(socket instanceof rustNet.Socket);
    socket.write('HTTP/1.1 101 Switching\r\nUpgrade: echo\r\n');
    socket.write('Connection: Upgrade\r\n\r\n');
    socket.write(head);
    socket.pipe(socket);
  });
  const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
  const request = http.request({
    ...site.target,
    agent: new Agent(),
    path: '/',
    headers,
  });
  request.end();
  const [response, socket] = await once(request, 'upgrade');
  assert.strictEqual(response.headers.upgrade, 'echo');
  socket.end(payload);
  const chunks = [];
  for await (const chunk of socket) chunks.push(chunk);
  const echoed = common.sha256(Buffer.concat(chunks));
  assert.strictEqual(echoed, common.sha256(payload));
  return `${SIZE} bytes echoed`;
}

/**
 * Each timeout on its own, and what it leaves alone; the others are off.
 *
 * @param {http.Server} httpServer
 * @param {object} wanted the one that is on, with its milliseconds
 * @param {() => Promise<void>} check
 */
async function withTimeout(httpServer, wanted, check) {
  const { keepAliveTimeout, headersTimeout, requestTimeout } = httpServer;
  const before = { keepAliveTimeout, headersTimeout, requestTimeout };
  const off = { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 };
  Object.assign(httpServer, off, wanted);
  await check();
  Object.assign(httpServer, before);
}

const half =
  'POST /digest HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' +
  'Content-Type: application/octet-stream\r\nContent-Length: 8\r\n\r\nhalf';

/** A silent connection goes, and so does one that never finishes its request. */
async function timeouts(site) {
  const { httpServer } = site;
  const quick = 100;
  await withTimeout(httpServer, { keepAliveTimeout: quick }, async () => {
    const idle = await raw(site, 'GET /greet/x HTTP/1.1\r\nHost: x\r\n\r\n');
    assert.match(idle, /^HTTP\/1\.1 200 .*hello x"\}$/s);
  });
  await withTimeout(httpServer, { headersTimeout: quick }, async () => {
    const slow = talk(site);
    slow.write(half);
    const late = await raw(site, 'GET / HTTP/1.1\r\nHost:');
    assert.match(late, /^HTTP\/1\.1 408 Request Timeout/);
    // Its headers came in time, and the rest may take as long as it likes.
    slow.write('half');
    assert.match(await text(slow), /^HTTP\/1\.1 200 /);
  });
  await withTimeout(httpServer, { requestTimeout: quick }, async () => {
    assert.match(await raw(site, half), /^HTTP\/1\.1 408 Request Timeout/);
  });
  return 'keepAliveTimeout closes, headersTimeout and requestTimeout say 408';
}

/**
 * Asks everything, over TCP and over a Unix socket.
 *
 * @param {Function} step of `common.main`
 * @param {string} name
 * @param {() => Promise<http.Server>} createServer one whose
 *   `connectionsCheckingInterval` is short; it does not listen
 * @param {Record<string, Function>} [own] what this framework alone is asked,
 *   by `(site, agent)`
 */
async function exercise(step, name, createServer, own = {}) {
  const folder = common.temporaryFolder();
  const places = {
    TCP: { port: 0, host: '127.0.0.1' },
    Unix: { path: `${folder}/http.sock` },
  };
  for (const [family, where] of Object.entries(places)) {
    const title = `${name}, ${family}`;
    const site = await serve(await createServer(), where);
    const agent = new Agent({ keepAlive: true });
    await step(`${title}, routes`, () => routes(site, agent));
    await step(`${title}, bodies`, () => bodies(site, agent));
    await step(`${title}, keep-alive`, () => keepAlive(site, agent));
    await step(`${title}, pipelined`, () => pipelined(site));
    await step(`${title}, upgrade`, () => upgrade(site));
    await step(`${title}, timeouts`, () => timeouts(site));
    for (const [job, check] of Object.entries(own)) {
      await step(`${title}, ${job}`, () => check(site, agent));
    }
    agent.destroy();
    await step(`${title}, close`, () => site.stop());
  }
}

module.exports = { ask, exercise, file, stream, talk };
