'use strict';

// The examples of node's net documentation on rust-net, one function each. Every
// function checks its result.

const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const net = require('..');

/** Collects everything that a socket receives, as text. */
async function textOf(socket) {
  let text = '';
  for await (const piece of socket.setEncoding('utf8')) text += piece;
  return text;
}

async function listen(server, where = { port: 0, host: '127.0.0.1' }) {
  await once(server.listen(where), 'listening');
  return server.address();
}

const snippets = {
  async 'a server that says goodbye'() {
    const server = net.createServer((socket) => socket.end('goodbye\n'));
    server.on('error', (error) => assert.fail(error));
    const { port, family, address } = await listen(server);
    assert.deepStrictEqual([family, address], ['IPv4', '127.0.0.1']);
    assert.strictEqual(await textOf(net.connect(port)), 'goodbye\n');
    server.close();
  },

  async 'another port if the first is taken'() {
    const first = net.createServer();
    const { port } = await listen(first);
    const second = net.createServer();
    second.on('error', (error) => {
      assert.strictEqual(error.code, 'EADDRINUSE');
      second.listen({ port: 0, host: '127.0.0.1' });
    });
    second.listen(port, '127.0.0.1');
    await new Promise((resolve) => second.on('listening', resolve));
    assert.notStrictEqual(second.address().port, port);
    first.close();
    second.close();
  },

  async 'a server that an AbortController ends'() {
    const controller = new AbortController();
    const server = net.createServer();
    const { signal } = controller;
    await listen(server, { port: 0, host: '127.0.0.1', signal });
    controller.abort();
    await once(server, 'close');
    assert.strictEqual(server.listening, false);
  },

  async 'listening on a path'() {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-'));
    const name = path.join(folder, 'socket');
    const server = net.createServer((socket) => socket.end('by path'));
    assert.strictEqual(await listen(server, { path: name }), name);
    assert.strictEqual(await textOf(net.connect(name)), 'by path');
    server.close();
    await once(server, 'close');
    fs.rmSync(folder, { recursive: true });
  },

  async 'how many are connected'() {
    const server = net.createServer();
    const { port } = await listen(server);
    const accepted = once(server, 'connection');
    const client = net.connect(port);
    await accepted;
    const count = await new Promise((resolve, reject) => {
      server.getConnections((error, n) => (error ? reject(error) : resolve(n)));
    });
    assert.strictEqual(count, 1);
    client.destroy();
    server.close();
  },

  async 'one connection at a time'() {
    const server = net.createServer();
    server.maxConnections = 1;
    const { port } = await listen(server);
    const first = net.connect(port);
    await once(server, 'connection');
    const second = net.connect(port);
    second.on('error', () => {});
    const [dropped] = await once(server, 'drop');
    assert.strictEqual(dropped.localPort, port);
    first.destroy();
    second.destroy();
    server.close();
  },

  async 'a client that asks, and is answered'() {
    const server = net.createServer((socket) => socket.pipe(socket));
    const { port } = await listen(server);
    const client = net.createConnection({ port }, () => {
      client.end('world!\r\n');
    });
    assert.strictEqual(await textOf(client), 'world!\r\n');
    server.close();
  },

  async 'one buffer for everything that is read'() {
    const server = net.createServer((socket) => socket.end('reused'));
    const { port } = await listen(server);
    const read = [];
    const client = net.connect({
      port,
      onread: {
        buffer: Buffer.alloc(4),
        callback(bytes, buffer) {
          read.push(buffer.toString('latin1', 0, bytes));
          return true;
        },
      },
    });
    await once(client, 'close');
    assert.deepStrictEqual(read, ['reus', 'ed']);
    server.close();
  },

  async 'an end that is not the end of both'() {
    const options = { allowHalfOpen: true };
    const server = net.createServer(options, (socket) => {
      socket.resume().on('end', () => socket.end('you have said it all'));
    });
    const { port } = await listen(server);
    const client = net.connect({ port, ...options });
    client.end();
    assert.strictEqual(await textOf(client), 'you have said it all');
    server.close();
  },

  async 'silence is noticed'() {
    const server = net.createServer();
    const { port } = await listen(server);
    const client = net.connect(port);
    client.setTimeout(20);
    await once(client, 'timeout');
    client.destroy();
    server.close();
  },

  async 'the address of either end'() {
    const server = net.createServer();
    const { port } = await listen(server);
    const accepted = once(server, 'connection');
    const client = net.connect(port, '127.0.0.1');
    await once(client, 'connect');
    const [peer] = await accepted;
    assert.strictEqual(peer.remotePort, client.localPort);
    assert.strictEqual(client.remoteFamily, 'IPv4');
    assert.deepStrictEqual(client.address(), {
      address: '127.0.0.1',
      family: 'IPv4',
      port: client.localPort,
    });
    client.destroy();
    server.close();
  },

  'addresses that are refused'() {
    const list = new net.BlockList();
    list.addAddress('192.0.2.1');
    list.addRange('198.51.100.1', '198.51.100.9');
    list.addSubnet('2001:db8::', 32, 'ipv6');
    assert.strictEqual(list.check('192.0.2.1'), true);
    assert.strictEqual(list.check('198.51.100.10'), false);
    assert.strictEqual(list.check('2001:db8::7', 'ipv6'), true);
    // An IPv4-mapped IPv6 address is the same address.
    assert.strictEqual(list.check('::ffff:c000:201', 'ipv6'), true);
  },

  'an address as a value'() {
    const address = net.SocketAddress.parse('[2001:db8::1]:8080');
    assert.strictEqual(address.family, 'ipv6');
    assert.strictEqual(address.port, 8080);
  },

  'is it an address?'() {
    assert.strictEqual(net.isIP('::1'), 6);
    assert.strictEqual(net.isIP('127.0.0.1'), 4);
    assert.strictEqual(net.isIP('127.000.000.001'), 0);
    assert.strictEqual(net.isIPv4('127.0.0.1/24'), false);
    assert.strictEqual(net.isIPv6('fhqwhgads'), false);
  },
};

async function main() {
  for (const [name, show] of Object.entries(snippets)) {
    await show();
    console.log(`ok ${name}`);
  }
}

main();
