'use strict';

/*
 * socks (the client package) against a small SOCKS5 server on rust-net, which
 * relays to an echo server on rust-net:
 *
 *   node examples/compat/socks.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const { text } = require('node:stream/consumers');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;
const host = '127.0.0.1';
const userName = 'someone';
const password = 'something';

async function listen(server) {
  server.listen(0, host);
  await once(server, 'listening');
  return server.address().port;
}

/** Reads exactly so many bytes, and leaves the rest in the socket. */
async function take(socket, length) {
  let bytes;
  while ((bytes = socket.read(length)) === null) await once(socket, 'readable');
  return bytes;
}

async function authenticate(socket) {
  const [, nameLength] = await take(socket, 2);
  const name = await take(socket, nameLength);
  const [secretLength] = await take(socket, 1);
  const secret = await take(socket, secretLength);
  const isKnown = `${name}` === userName && `${secret}` === password;
  socket.write(Buffer.from([1, isKnown ? 0 : 1]));
  return isKnown;
}

/** RFC 1928, as far as CONNECT to an IPv4 address, with RFC 1929. */
async function serve(socket) {
  const [, methodCount] = await take(socket, 2);
  const methods = await take(socket, methodCount);
  const method = methods.includes(2) ? 2 : 0;
  socket.write(Buffer.from([5, method]));
  if (method === 2 && !(await authenticate(socket))) {
    socket.end();
    return;
  }
  const request = await take(socket, 10);
  const target = rustNet.connect({
    allowHalfOpen: true,
    host: request.subarray(4, 8).join('.'),
    port: request.readUInt16BE(8),
  });
  const answer = (code) =>
    socket.write(Buffer.from([5, code, 0, 1, 0, 0, 0, 0, 0, 0]));
  target.on('error', () => {
    answer(5);
    socket.end();
  });
  target.on('connect', () => {
    answer(0);
    socket.pipe(target).pipe(socket);
  });
  socket.on('close', () => target.destroy());
}

function proxyServer() {
  // A client that has said everything still waits for the answer.
  return rustNet.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket).catch(() => socket.destroy());
  });
}

const connect = (proxy, port, given = {}) =>
  common.load('socks').SocksClient.createConnection({
    proxy: { host, port: proxy, type: 5, ...given },
    command: 'connect',
    destination: { host, port },
  });

async function echoes(proxy, port, given) {
  const { socket } = await connect(proxy, port, given);
  const all = text(socket);
  socket.end('through the proxy');
  assert.strictEqual(await all, 'through the proxy');
}

async function large(proxy, port) {
  const { socket } = await connect(proxy, port);
  const bytes = common.randomBytes(10 * MEGABYTE);
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.end(bytes);
  await once(socket, 'close');
  const back = Buffer.concat(chunks);
  assert.strictEqual(common.sha256(back), common.sha256(bytes));
  return '10 MB there and back, SHA-256 equal';
}

async function parallel(proxy, port) {
  const count = 100;
  await Promise.all(Array.from({ length: count }, () => echoes(proxy, port)));
  return `${count} connections`;
}

async function refused(proxy) {
  const port = await common.freePort();
  await assert.rejects(connect(proxy, port), /ConnectionRefused/);
}

async function wrongPassword(proxy, port) {
  const given = { userId: userName, password: 'a guess' };
  await assert.rejects(connect(proxy, port, given), /[Aa]uthentication/);
}

async function noProxy() {
  const port = await common.freePort();
  await assert.rejects(connect(port, port), /ECONNREFUSED/);
}

async function stop(...servers) {
  const closed = servers.map((server) => once(server, 'close'));
  for (const server of servers) server.close();
  await Promise.all(closed);
}

common.main(async (step) => {
  const echo = rustNet.createServer((socket) => socket.pipe(socket));
  const proxy = proxyServer();
  const [to, by] = [await listen(echo), await listen(proxy)];
  const known = { userId: userName, password };
  await step('socks, connect', () => echoes(by, to));
  await step('socks, with a password', () => echoes(by, to, known));
  await step('socks, large', () => large(by, to));
  await step('socks, parallel', () => parallel(by, to));
  await step('socks, target refused', () => refused(by));
  await step('socks, wrong password', () => wrongPassword(by, to));
  await step('socks, no proxy', noProxy);
  await step('socks, stop', () => stop(echo, proxy));
});
