'use strict';

// The errors of a connection say which one it was: node's do not.

const assert = require('node:assert');
const { once } = require('node:events');
const { alone } = require('../helpers/both');
const { runs } = require('../helpers/child');
const {
  connected,
  errorFields,
  freeName,
  listening,
  pair,
  tcp,
} = require('../helpers/wire');

const names = ['localAddress', 'localPort', 'remoteAddress', 'remotePort'];
const endsOf = (object) => names.map((name) => object[name]);

/** Asserts that `error` names the ends, and looks like node's otherwise. */
function assertNamed(error, { code, syscall }, ends) {
  assert.strictEqual(error.code, code);
  assert.strictEqual(error.message, `${syscall} ${code}`);
  assert.deepStrictEqual(errorFields(error).keys, ['errno', 'code', 'syscall']);
  assert.deepStrictEqual(endsOf(error), ends);
  assert.ok(!require('node:util').inspect(error).includes('remoteAddress'));
}

const reset = { code: 'ECONNRESET', syscall: 'read' };

for (const [host, isKnown] of [
  ['127.0.0.1', false],
  ['::1', false],
  ['127.0.0.1', true],
]) {
  const how = isKnown ? 'with known ends' : 'with ends that nobody asked for';
  alone(`a reset of ${host}, ${how}`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: { port: 0, host } });
    const { localPort, remotePort } = client;
    if (isKnown) void endsOf(peer);
    peer.resume();
    client.resetAndDestroy();
    const [error] = await once(peer, 'error');
    assertNamed(error, reset, [host, remotePort, host, localPort]);
  });
}

alone('a write after the reset', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const { localPort, remotePort } = client;
  peer.pause();
  client.pause().resetAndDestroy();
  await once(client, 'close');
  const failed = once(peer, 'error');
  let inCallback;
  peer.write('x', (error) => (inCallback = error));
  const [error] = await failed;
  assert.ok(['EPIPE', 'ECONNRESET'].includes(error.code), error.code);
  const ends = ['127.0.0.1', remotePort, '127.0.0.1', localPort];
  assert.deepStrictEqual(endsOf(error), ends);
  if (inCallback) assert.deepStrictEqual(endsOf(inCallback), ends);
});

alone('a write after both ends', async (net, t) => {
  const { client, peer } = await pair(net, t, { where: tcp() });
  const ends = endsOf(peer);
  client.end();
  peer.resume();
  await once(peer, 'end');
  const failed = once(peer, 'error');
  peer.end();
  peer.write('x');
  const [error] = await failed;
  assert.strictEqual(error.code, 'EPIPE');
  assert.deepStrictEqual(Object.keys(error), ['code']);
  assert.deepStrictEqual(endsOf(error), ends);
});

alone('a Unix socket has no ends to name', async (net, t) => {
  const where = { path: freeName(t) };
  const server = await listening(net, t, where, { pauseOnConnect: true });
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server);
  const [peer] = await accepted;
  client.write('unread');
  await new Promise((resolve) => setImmediate(resolve));
  const failed = once(client, 'error');
  peer.destroy();
  await once(peer, 'close');
  client.write('x');
  const [error] = await failed;
  for (const name of names) assert.ok(!(name in error), name);
});

const traced = { env: { RUST_NET_TRACE: '1' } };

/** Prints the stack of a peer's error and of a refused connect. */
function provoke(net) {
  function makeServer() {
    return net.createServer((peer) => {
      peer.resume().on('error', ({ stack }) => console.log(stack));
    });
  }
  function makeClient(port) {
    return net.connect(port, '127.0.0.1');
  }
  const server = makeServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const client = makeClient(port).on('connect', () => {
      client.resetAndDestroy();
      server.close();
    });
    server.on('close', () => {
      makeClient(port).on('error', ({ stack }) => console.log(stack));
    });
  });
}

alone('RUST_NET_TRACE: where the socket was created', async (net) => {
  const { stdout, stderr } = await runs(net, provoke, traced);
  assert.strictEqual(stderr, '');
  const lines = stdout.trim().split('\n');
  const after = (text) => lines[lines.indexOf(text) + 1];
  const byServer = '    Accepted by a server that was created here:';
  assert.match(after(byServer), /at makeServer /);
  assert.match(after('    The socket was created here:'), /at makeClient /);
  assert.strictEqual(
    lines.filter((line) => / created here:/.test(line)).length,
    2,
  );
});

alone('without RUST_NET_TRACE stacks are as in node', async (net) => {
  const { stdout } = await runs(net, provoke);
  assert.match(stdout, /Error: read ECONNRESET/);
  assert.match(stdout, /Error: connect ECONNREFUSED/);
  assert.doesNotMatch(stdout, /created here/);
});
