'use strict';

/*
 * ssh2's client against ssh2's server, both on rust-net:
 *
 *   node examples/compat/ssh.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const { buffer, text } = require('node:stream/consumers');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;
const host = '127.0.0.1';
const known = { username: 'someone', password: 'something' };

function decide(context) {
  const isKnown =
    context.method === 'password' &&
    context.username === known.username &&
    context.password === known.password;
  if (isKnown) context.accept();
  else context.reject(['password']);
}

/** `echo`: back what comes; anything else: said, and a status of 3. */
function run(stream, command) {
  if (command === 'echo') {
    stream.pipe(stream);
    stream.on('end', () => stream.exit(0));
  } else {
    stream.write(`${command}?`);
    stream.stderr.write('not here');
    stream.exit(3);
    stream.end();
  }
}

function onSession(session) {
  session.on('exec', (accept, _, { command }) => run(accept(), command));
  session.on('pty', (accept) => accept());
  session.on('shell', (accept) => {
    const stream = accept();
    stream.on('data', (line) => stream.write(`> ${line}`));
    stream.on('end', () => stream.end());
  });
}

/** A port forward: a channel to another server. */
function forward(accept, reject, { destIP, destPort }) {
  const socket = rustNet.connect({ host: destIP, port: destPort });
  socket.on('error', () => reject());
  socket.on('connect', () => {
    const channel = accept();
    channel.pipe(socket).pipe(channel);
  });
}

async function startServer() {
  const { Server, utils } = common.load('ssh2');
  const key = utils.generateKeyPairSync('ed25519').private;
  const server = new Server({ hostKeys: [key] }, (client) => {
    client.on('error', () => {});
    client.on('authentication', decide);
    client.on('session', (accept) => onSession(accept()));
    client.on('tcpip', forward);
  });
  server.listen(0, host);
  await once(server, 'listening');
  return server;
}

function begin(server, options) {
  const { Client } = common.load('ssh2');
  const client = new Client();
  client.connect({ host, port: server.address().port, ...known, ...options });
  return client;
}

async function open(server, options) {
  const client = begin(server, options);
  await once(client, 'ready');
  return client;
}

async function close(client) {
  const closed = once(client, 'close');
  client.end();
  await closed;
}

/** A channel, and `exited` on it: the status may come in the same packet. */
const call = (client, verb, ...args) =>
  new Promise((resolve, reject) => {
    client[verb](...args, (error, stream) => {
      if (error) return reject(error);
      stream.exited = once(stream, 'exit');
      return resolve(stream);
    });
  });

async function exec(server) {
  const client = await open(server);
  const stream = await call(client, 'exec', 'whoami');
  const [said, complaint, [status]] = await Promise.all([
    text(stream),
    text(stream.stderr),
    stream.exited,
  ]);
  assert.deepStrictEqual([said, complaint, status], ['whoami?', 'not here', 3]);
  await close(client);
}

async function large(server) {
  const client = await open(server);
  const stream = await call(client, 'exec', 'echo');
  const bytes = common.randomBytes(10 * MEGABYTE);
  const back = buffer(stream);
  stream.end(bytes);
  assert.strictEqual(common.sha256(await back), common.sha256(bytes));
  await close(client);
  return '10 MB there and back, SHA-256 equal';
}

async function shell(server) {
  const client = await open(server);
  const stream = await call(client, 'shell');
  for (let i = 0; i < 100; i++) {
    stream.write(`line ${i}\n`);
    const [data] = await once(stream, 'data');
    assert.strictEqual(`${data}`, `> line ${i}\n`);
  }
  stream.end();
  await once(stream, 'close');
  await close(client);
  return '100 lines, one at a time';
}

async function forwarded(server) {
  const echo = rustNet.createServer((socket) => socket.pipe(socket));
  echo.listen(0, host);
  await once(echo, 'listening');
  const client = await open(server);
  const to = [host, 0, host, echo.address().port];
  const channel = await call(client, 'forwardOut', ...to);
  const bytes = common.randomBytes(MEGABYTE);
  const back = buffer(channel);
  channel.end(bytes);
  assert.strictEqual(common.sha256(await back), common.sha256(bytes));
  await close(client);
  echo.close();
  await once(echo, 'close');
  return '1 MB there and back, SHA-256 equal';
}

async function channels(server) {
  const client = await open(server);
  const ask = async (i) => {
    const stream = await call(client, 'exec', 'echo');
    const back = text(stream);
    stream.end(`channel ${i}`);
    assert.strictEqual(await back, `channel ${i}`);
  };
  for (let round = 0; round < 20; round++) {
    await Promise.all(Array.from({ length: 10 }, (_, i) => ask(i)));
  }
  await close(client);
  return '200 channels, 10 at a time';
}

async function wrongPassword(server) {
  const client = begin(server, { password: 'a guess' });
  const [error] = await once(client, 'error');
  assert.strictEqual(error.level, 'client-authentication');
}

async function refused() {
  const { Client } = common.load('ssh2');
  const client = new Client();
  client.connect({ host, port: await common.freePort(), ...known });
  const [error] = await once(client, 'error');
  assert.deepStrictEqual(
    [error.code, error.level],
    ['ECONNREFUSED', 'client-socket'],
  );
}

common.main(async (step) => {
  const server = await startServer();
  await step('ssh, exec', () => exec(server));
  await step('ssh, large', () => large(server));
  await step('ssh, shell', () => shell(server));
  await step('ssh, port forward', () => forwarded(server));
  await step('ssh, channels', () => channels(server));
  await step('ssh, wrong password', () => wrongPassword(server));
  await step('ssh, refused', refused);
  await step('ssh, stop', async () => {
    server.close();
    await once(server, 'close');
  });
});
