'use strict';

// rust-net/legacy: what the documentation of node 0.1 to 0.4 says of net.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const nodeNet = require('node:net');
const { alone } = require('../helpers/both');
const { bytesOf, destroyAfter, freeName } = require('../helpers/wire');
const net = require('../../legacy');

async function listening(t, listener, options = {}) {
  const server = net.createServer(options, listener).listen(0, '127.0.0.1');
  t.after(() => server.listening && server.close());
  server.on('connection', (stream) => destroyAfter(t, stream));
  await once(server, 'listening');
  return server;
}

async function pair(t, options) {
  const server = await listening(t, undefined, options);
  const accepted = once(server, 'connection');
  const client = net.createConnection(server.address().port);
  destroyAfter(t, client);
  await once(client, 'connect');
  const [peer] = await accepted;
  return { server, client, peer };
}

/** Runs `program(legacy)` in a process whose descriptor 3 listens. */
async function listeningInChild(t, program) {
  const server = nodeNet.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const legacy = JSON.stringify(require.resolve('../../legacy'));
  const source = `(${program})(require(${legacy}))`;
  const child = spawn(process.execPath, ['-e', source], {
    stdio: ['ignore', 'inherit', 'inherit', server._handle.fd],
  });
  t.after(() => child.kill());
  // The child's descriptor is a copy.
  server.close();
  return { port, child };
}

// The server of the old documentation, but for its port.
function documentedServer() {
  const server = net.createServer(function (stream) {
    stream.setEncoding('utf8');
    stream.on('connect', function () {
      stream.write('hello\r\n');
    });
    stream.on('data', function (data) {
      stream.write(data);
    });
    stream.on('end', function () {
      stream.write('goodbye\r\n');
      stream.end();
    });
  });
  return server;
}

alone("the old documentation's echo server", async (_, t) => {
  const server = documentedServer();
  server.listen(0, 'localhost');
  await once(server, 'listening');
  t.after(() => server.close());
  const { address, port } = server.address();
  const client = destroyAfter(t, net.createConnection(port, address));
  await once(client, 'connect');
  client.end('echo\r\n');
  const received = await bytesOf(client);
  assert.strictEqual(`${received}`, 'hello\r\necho\r\ngoodbye\r\n');
});

alone('the same on a Unix socket', async (_, t) => {
  const server = documentedServer();
  const name = freeName(t, 'echo');
  server.listen(name);
  await once(server, 'listening');
  t.after(() => server.close());
  const client = destroyAfter(t, net.createConnection(name));
  await once(client, 'connect');
  client.end('echo\r\n');
  const received = await bytesOf(client);
  assert.strictEqual(`${received}`, 'hello\r\necho\r\ngoodbye\r\n');
});

alone('net.Stream is the class of every stream', async (current, t) => {
  assert.strictEqual(net.Socket, net.Stream);
  assert.strictEqual(net.Stream.name, 'Stream');
  const { client, peer } = await pair(t);
  for (const stream of [client, peer, new net.Stream(), net.Stream()]) {
    assert.ok(stream instanceof net.Stream);
    assert.ok(stream instanceof current.Socket);
  }
  assert.ok(net.Server() instanceof current.Server);
});

alone('it has every key of net, and net has none of its own', (current) => {
  assert.deepStrictEqual(Object.keys(net), Object.keys(current));
  assert.ok(!('listenFD' in current.Server.prototype));
  assert.ok(!('setSecure' in current.Socket.prototype));
  assert.strictEqual(net.isIP, current.isIP);
  assert.strictEqual(net.BlockList, current.BlockList);
  assert.notStrictEqual(net.createServer, current.createServer);
});

alone("'connect' comes after 'connection'", async (_, t) => {
  const events = [];
  const server = await listening(t, (stream) => {
    events.push('listener');
    stream.on('connect', () => events.push('connect'));
  });
  server.on('connection', () => events.push('second listener'));
  destroyAfter(t, net.createConnection(server.address().port));
  await once(server, 'connection');
  assert.deepStrictEqual(events, ['listener', 'second listener', 'connect']);
});

alone('connect and createConnection go to 127.0.0.1', async (_, t) => {
  const server = await listening(t);
  const { port } = server.address();
  const ways = [
    () => net.createConnection(port),
    () => net.connect({ port }),
    () => new net.Stream().connect(port),
    () => new net.Stream().connect(`${port}`),
  ];
  for (const way of ways) {
    const stream = destroyAfter(t, way());
    assert.strictEqual(stream.readyState, 'opening');
    stream.on('lookup', () => assert.fail('an address was looked up'));
    await once(stream, 'connect');
    assert.strictEqual(stream.remoteAddress, '127.0.0.1');
  }
});

alone('readyState has five values', async (_, t) => {
  assert.strictEqual(new net.Stream().readyState, 'closed');
  const { client, peer } = await pair(t);
  assert.strictEqual(client.readyState, 'open');
  assert.strictEqual(peer.readyState, 'open');
  client.end();
  assert.strictEqual(client.readyState, 'readOnly');
  peer.resume();
  await once(peer, 'end');
  assert.strictEqual(peer.readyState, 'writeOnly');
  peer.end('bye');
  assert.strictEqual(`${await bytesOf(client)}`, 'bye');
  await Promise.all(
    [client, peer].map((one) => one.closed || once(one, 'close')),
  );
  assert.strictEqual(client.readyState, 'closed');
  assert.strictEqual(peer.readyState, 'closed');
});

alone('allowHalfOpen: false, as 0.4 has it', async (_, t) => {
  const { client, peer } = await pair(t, { allowHalfOpen: false });
  peer.resume();
  client.resume().end();
  await once(peer, 'close');
});

alone("write defaults to 'ascii'", async (_, t) => {
  const { client, peer } = await pair(t);
  client.write('\u00e9\u00ff');
  client.write('\u00e9', 'utf8');
  client.write('4142', 'hex');
  client.write('AAE=', 'base64');
  client.end('\u00fe');
  const received = await bytesOf(peer);
  assert.strictEqual(received.toString('hex'), 'e9ffc3a941420001fe');
});

for (const [encoding, text] of [
  ['ascii', 'i\u0001'],
  ['utf8', '\u00e9\u0001'],
  ['base64', 'w6kB'],
  ['binary', '\u00c3\u00a9\u0001'],
]) {
  alone(`setEncoding('${encoding}')`, async (_, t) => {
    const { client, peer } = await pair(t);
    peer.setEncoding(encoding);
    client.end(Buffer.from('c3a901', 'hex'));
    let received = '';
    peer.on('data', (data) => (received += data));
    await once(peer, 'end');
    const expected = encoding === 'ascii' ? 'C)\u0001' : text;
    assert.strictEqual(received, expected);
  });
}

alone('setEncoding() gives Buffers again', async (_, t) => {
  const { client, peer } = await pair(t);
  peer.setEncoding('utf8');
  client.write('text');
  assert.strictEqual((await once(peer, 'data'))[0], 'text');
  peer.setEncoding();
  client.write('bytes');
  assert.ok(Buffer.isBuffer((await once(peer, 'data'))[0]));
});

alone('server.connections', async (_, t) => {
  const { server, client, peer } = await pair(t);
  assert.strictEqual(server.connections, 1);
  client.destroy();
  peer.resume().end();
  await once(peer, 'close');
  assert.strictEqual(server.connections, 0);
});

alone('server.listenFD', async (_, t) => {
  const { port, child } = await listeningInChild(t, (net) => {
    const server = net.createServer((stream) => {
      stream.end('here');
      server.close();
    });
    server.listenFD(3);
  });
  const client = destroyAfter(t, net.createConnection(port, '127.0.0.1'));
  assert.strictEqual(`${await bytesOf(client)}`, 'here');
  client.end();
  const [code] = await once(child, 'close');
  assert.strictEqual(code, 0);
});
