'use strict';

// setSecure() of rust-net/legacy, both ends ours.

const assert = require('node:assert');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const tls = require('node:tls');
const { alone, subjects } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const { bytesOf, destroyAfter, freeName, take } = require('../helpers/wire');
const net = require('../../legacy');

const made = subjects.includes('rust-net') ? certificates() : undefined;

/** Two connected streams. */
async function pair(t, where = [0, '127.0.0.1']) {
  const server = net.createServer().listen(...where);
  t.after(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const at = server.address();
  const client = destroyAfter(t, net.createConnection(at.port ?? at));
  await once(client, 'connect');
  const [peer] = await accepted;
  destroyAfter(t, peer);
  return { client, peer };
}

/** Two streams after their handshake. */
async function securePair(t, options = {}) {
  const { client, peer } = await pair(t, options.where);
  const both = [once(client, 'secure'), once(peer, 'secure')];
  peer.setSecure(options.server ?? made.server);
  client.setSecure(options.client ?? { ca: made.ca });
  await Promise.all(both);
  return { client, peer };
}

const transports = {
  TCP: () => [0, '127.0.0.1'],
  Unix: (t) => [freeName(t, 'secure')],
};

for (const [name, where] of Object.entries(transports)) {
  alone(`a ${name} stream becomes secure in place`, async (_, t) => {
    const { client, peer } = await securePair(t, { where: where(t) });
    assert.ok(client instanceof net.Stream);
    assert.strictEqual(client.readyState, 'open');
    client.setEncoding('utf8');
    peer.setEncoding('base64');
    client.write('for the server!');
    peer.write('to the client');
    assert.strictEqual(`${await take(client, 13)}`, 'to the client');
    const [data] = await once(peer.resume(), 'data');
    assert.strictEqual(data, Buffer.from('for the server!').toString('base64'));
  });
}

alone('each side ends in its own time', async (_, t) => {
  const { client, peer } = await securePair(t);
  peer.resume();
  client.end('last of the client');
  await once(peer, 'end');
  assert.strictEqual(peer.readyState, 'writeOnly');
  assert.strictEqual(client.readyState, 'readOnly');
  peer.end('last of the server');
  assert.strictEqual(`${await bytesOf(client)}`, 'last of the server');
  const closed = [client, peer].map((one) => one.closed || once(one, 'close'));
  await Promise.all(closed);
});

alone('4 MiB each way', async (_, t) => {
  const { client, peer } = await securePair(t);
  const hash = (data) => createHash('sha256').update(data).digest('hex');
  const data = randomBytes(4 << 20);
  const received = [client, peer].map(bytesOf);
  for (const one of [client, peer]) {
    for (let at = 0; at < data.length; at += 50_000) {
      const chunk = data.subarray(at, at + 50_000);
      if (!one.write(chunk)) await once(one, 'drain');
    }
    one.end();
  }
  for (const bytes of await Promise.all(received)) {
    assert.strictEqual(hash(bytes), hash(data));
  }
  assert.ok(client.bytesRead >= data.length);
  assert.ok(client.bytesWritten >= data.length);
});

alone('what was written before goes out as it was', async (_, t) => {
  const { client, peer } = await pair(t);
  const big = Buffer.alloc(8 << 20, 'a');
  // More than the kernel takes at once: the rest waits in the stream.
  peer.write(big);
  peer.write('220 ready\r\n');
  peer.setSecure(made.server);
  assert.strictEqual(peer.write('secret'), false);
  const drained = once(peer, 'drain');
  const plain = await take(client, big.length + 11);
  assert.strictEqual(`${plain.subarray(-11)}`, '220 ready\r\n');
  client.setSecure({ ca: made.ca });
  assert.strictEqual(`${await take(client, 6)}`, 'secret');
  await drained;
  peer.end('over');
  assert.strictEqual(`${await bytesOf(client)}`, 'over');
});

alone('what was received before is the beginning of TLS', async (_, t) => {
  const { client, peer } = await pair(t);
  const secure = once(client, 'secure');
  client.setSecure({ ca: made.ca });
  while (peer.readableLength === 0) await new Promise(setImmediate);
  peer.on('data', () => assert.fail('TLS was shown as data'));
  peer.pause();
  peer.setSecure(made.server);
  peer.removeAllListeners('data');
  peer.resume();
  await secure;
  client.end('in secret');
  assert.strictEqual(`${await bytesOf(peer)}`, 'in secret');
});

alone(
  'what was received in two chunks is the beginning of TLS',
  async (_, t) => {
    const { client, peer } = await pair(t);
    const secure = once(client, 'secure');
    client.setSecure({ ca: made.ca });
    while (peer.readableLength === 0) await new Promise(setImmediate);
    const hello = peer.read();
    peer.unshift(hello.subarray(9));
    peer.unshift(hello.subarray(0, 9));
    peer.resume();
    peer.setSecure(made.server);
    await secure;
    client.end('in secret');
    assert.strictEqual(`${await bytesOf(peer)}`, 'in secret');
  },
);

alone('setSecure before the connection stands', async (_, t) => {
  const server = net.createServer((stream) => {
    stream.setSecure(tls.createSecureContext(made.server));
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const client = destroyAfter(t, net.createConnection(server.address().port));
  client.setSecure(tls.createSecureContext({ ca: made.ca }));
  client.write('at once');
  await once(client, 'secure');
  assert.strictEqual(`${await take(client, 7)}`, 'at once');
  client.end();
});

alone('verifyPeer and getPeerCertificate', async (_, t) => {
  const mutual = await securePair(t, {
    server: { ...made.server, ca: made.ca },
    client: { ...made.client, ca: made.ca },
  });
  assert.strictEqual(mutual.client.verifyPeer(), true);
  assert.strictEqual(mutual.peer.verifyPeer(), true);
  const { subject, issuer, ...dates } = mutual.client.getPeerCertificate();
  assert.strictEqual(subject.CN, 'server');
  assert.strictEqual(issuer.CN, 'authority');
  assert.ok(Date.parse(dates.valid_from) < Date.parse(dates.valid_to));
  const { subject: client } = mutual.peer.getPeerCertificate();
  assert.strictEqual(client.CN, 'client');

  const unknown = await securePair(t, { client: {} });
  assert.strictEqual(unknown.client.verifyPeer(), false);
  assert.strictEqual(unknown.client.getPeerCertificate().subject.CN, 'server');
  assert.strictEqual(unknown.peer.verifyPeer(), false);
  assert.deepStrictEqual(unknown.peer.getPeerCertificate(), {});

  const asked = await securePair(t, {
    server: { ...made.server, ca: made.ca },
  });
  assert.strictEqual(asked.peer.verifyPeer(), false);
});

alone('getCipher', async (_, t) => {
  const { client, peer } = await securePair(t);
  assert.match(client.getCipher().name, /AES|CHACHA/);
  assert.match(client.getCipher().version, /^TLSv1/);
  assert.deepStrictEqual(client.getCipher(), peer.getCipher());
});

alone('a stream that is not secure has no peer to verify', () => {
  const stream = new net.Stream();
  assert.strictEqual(stream.verifyPeer(), false);
  assert.deepStrictEqual(stream.getPeerCertificate(), {});
  assert.deepStrictEqual(stream.getCipher(), {});
});

alone('bad credentials throw at once', async (_, t) => {
  const { client } = await pair(t);
  assert.throws(() => client.setSecure({ key: 'no key', cert: 'none' }));
  assert.strictEqual(client.readyState, 'open');
});

alone('setSecure twice throws', async (_, t) => {
  const { client } = await securePair(t);
  assert.throws(() => client.setSecure(), { code: 'ERR_INVALID_STATE' });
});

alone('a handshake that fails is an error of the stream', async (_, t) => {
  const { client, peer } = await pair(t);
  const failed = once(peer, 'error').catch((error) => [error]);
  const closed = once(peer, 'close');
  peer.setSecure(made.server);
  client.on('error', () => {}).write('no TLS at all, but rather long a line');
  const [error] = await failed;
  assert.match(error.code, /^ERR_SSL_/);
  assert.deepStrictEqual(await closed, [true]);
  assert.strictEqual(peer.readyState, 'closed');
});

alone('a reset is an error of the stream', async (current, t) => {
  const server = net.createServer((stream) => stream.setSecure(made.server));
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const raw = current.connect(server.address().port, '127.0.0.1');
  const socket = tls.connect({ socket: raw, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const [stream] = await accepted;
  const failed = once(stream, 'error').catch((error) => [error]);
  socket.on('error', () => {});
  stream.resume();
  raw.resetAndDestroy();
  assert.strictEqual((await failed)[0].code, 'ECONNRESET');
});

alone('destroyed in the middle of the handshake', async (_, t) => {
  const { client, peer } = await pair(t);
  client.setSecure({ ca: made.ca });
  client.write('never');
  const closed = once(client, 'close');
  client.destroy();
  assert.deepStrictEqual(await closed, [false]);
  peer.resume().end();
  await once(peer, 'close');
});

alone('a connection that fails tells those who wait to write', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  const client = net.createConnection(port);
  const failed = once(client, 'error').catch((error) => [error]);
  client.setSecure();
  const written = new Promise((resolve) => client.write('never', resolve));
  const ended = new Promise((resolve) => client.end(resolve));
  assert.strictEqual((await failed)[0].code, 'ECONNREFUSED');
  assert.strictEqual((await written).code, 'ERR_SOCKET_CLOSED');
  assert.strictEqual((await ended).code, 'ERR_SOCKET_CLOSED');
});

alone('a stream that connects again can be made secure again', async (_, t) => {
  const server = net.createServer((stream) => stream.setSecure(made.server));
  server.on('connection', (stream) => stream.resume());
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const client = destroyAfter(t, new net.Stream());
  for (const round of [1, 2]) {
    client.connect(server.address().port);
    client.setSecure({ ca: made.ca });
    await once(client, 'secure');
    assert.strictEqual(client.verifyPeer(), true, `round ${round}`);
    client.destroy();
    await once(client, 'close');
    assert.strictEqual(client.readyState, 'closed');
  }
});

alone('timeouts and options work on', async (_, t) => {
  const { client, peer } = await securePair(t);
  client.setNoDelay(true).setKeepAlive(true, 1000).unref().ref();
  assert.strictEqual(client.remotePort, peer.localPort);
  client.setTimeout(20);
  await once(client, 'timeout');
});
