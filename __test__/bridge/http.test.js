'use strict';

// node's http and http2 over connections that they did not make.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const http2 = require('node:http2');
const { alone, both, nodeIs } = require('../helpers/both');
const { isOwn } = require('../helpers/ipc');
const {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  listening,
  nextIteration,
  take,
} = require('../helpers/wire');

const rustNet = require('../..');

/** A server of the subject's in front of an http one; `sockets` are its own. */
async function fronted(net, t, server, options = {}) {
  const sockets = [];
  const front = await listening(net, t, undefined, options, (socket) => {
    sockets.push(socket);
    assert.strictEqual(isOwn(socket), net === rustNet);
    server.emit('connection', socket);
  });
  return { front, port: front.address().port, sockets };
}

// http keeps account of its connections from the time that it listens.
function tracking(server) {
  server.emit('listening');
}

async function textOf(request) {
  const [response] = await once(request, 'response');
  return String(await bytesOf(response));
}

function get(port, options) {
  return http.get({ host: '127.0.0.1', port, ...options });
}

both('http.Server keeps connections alive', async (net, t) => {
  const server = http.createServer((req, res) => {
    res.end(
      `${req.url} ${req.socket.remotePort === req.connection.remotePort}`,
    );
  });
  const { port, sockets } = await fronted(net, t, server);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  for (const path of ['/1', '/2', '/3']) {
    assert.strictEqual(
      await textOf(get(port, { agent, path })),
      `${path} true`,
    );
  }
  assert.strictEqual(sockets.length, 1);
  assert.ok(sockets[0].bytesRead > 0);
});

both('http.Server answers what was sent in one piece', async (net, t) => {
  const server = http.createServer((req, res) => res.end(req.url));
  const { front } = await fronted(net, t, server);
  const client = await connected(net, t, front);
  const head = (path, rest = '') =>
    `GET ${path} HTTP/1.1\r\nHost: a\r\n${rest}\r\n`;
  client.write(head('/one') + head('/two', 'Connection: close\r\n'));
  const text = String(await bytesOf(client));
  assert.match(text, /\/one[^]*\/two/);
  assert.strictEqual(text.match(/HTTP\/1\.1 200/g).length, 2);
});

both('http.Server reads a body and sends one', async (net, t) => {
  const server = http.createServer((req, res) => req.pipe(res));
  const { port, sockets } = await fronted(net, t, server);
  const body = Buffer.alloc(1 << 20, 'abcdefg');
  const request = http.request({ host: '127.0.0.1', port, method: 'POST' });
  request.end(body);
  const [response] = await once(request, 'response');
  assert.ok(body.equals(await bytesOf(response)));
  assert.ok(sockets[0].bytesRead > body.length);
});

both('an upgrade hands the socket over', async (net, t) => {
  const server = http.createServer();
  const seen = [];
  server.on('upgrade', (req, socket, head) => {
    seen.push(isOwn(socket), String(head));
    socket.write(
      'HTTP/1.1 101 Ok\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    );
    socket.pipe(socket);
  });
  const { port } = await fronted(net, t, server);
  const headers = { Connection: 'upgrade', Upgrade: 'x' };
  const request = get(port, { headers });
  const [, socket] = await once(request, 'upgrade');
  destroyAfter(t, socket).write('raw');
  assert.strictEqual(String(await take(socket, 3)), 'raw');
  assert.deepStrictEqual(seen, [net === rustNet, '']);
});

both('CONNECT makes a tunnel', async (net, t) => {
  const inner = await listening(net, t, undefined, {}, (s) => s.end('inner'));
  const server = http.createServer().on('connect', (req, socket) => {
    const [host, port] = req.url.split(':');
    const onward = destroyAfter(t, net.connect(Number(port), host));
    socket.write('HTTP/1.1 200 Ok\r\n\r\n');
    onward.pipe(socket).pipe(onward);
  });
  const { port } = await fronted(net, t, server);
  const path = `127.0.0.1:${inner.address().port}`;
  const request = http.request({
    host: '127.0.0.1',
    port,
    method: 'CONNECT',
    path,
  });
  request.end();
  // What came in one piece with the answer is the head.
  const [, socket, head] = await once(request, 'connect');
  const rest = await bytesOf(socket);
  assert.strictEqual(`${head}${rest}`, 'inner');
});

both('an idle connection is closed in the end', async (net, t) => {
  const server = http.createServer((req, res) => res.end('x'));
  server.keepAliveTimeout = 20;
  const { front } = await fronted(net, t, server);
  const client = await connected(net, t, front);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.match(String(await bytesOf(client)), /200 OK[^]*x$/);
});

both('server.setTimeout hears of a silent connection', async (net, t) => {
  const server = http.createServer();
  server.setTimeout(20);
  const { front } = await fronted(net, t, server);
  const timeout = once(server, 'timeout');
  await connected(net, t, front);
  const [socket] = await timeout;
  assert.strictEqual(isOwn(socket), net === rustNet);
  socket.destroy();
});

both('a malformed request is a client error', async (net, t) => {
  const server = http.createServer();
  const { front } = await fronted(net, t, server);
  const client = await connected(net, t, front);
  client.write('NONSENSE\r\n\r\n');
  assert.match(String(await bytesOf(client)), /^HTTP\/1.1 400 Bad Request/);
});

both('a request that does not come to its end', async (net, t) => {
  const server = http.createServer({
    connectionsCheckingInterval: 10,
    // Long enough for the half that does come: what came after the answer would
    // be answered by a reset.
    headersTimeout: 300,
    requestTimeout: 300,
  });
  tracking(server);
  const { front } = await fronted(net, t, server);
  const client = await connected(net, t, front);
  client.write('GET / HTTP/1.1\r\nHost:');
  assert.match(String(await bytesOf(client)), /^HTTP\/1.1 408 Request Timeout/);
});

both('closeAllConnections reaches them', async (net, t) => {
  const server = http.createServer(() => server.closeAllConnections());
  tracking(server);
  const { front } = await fronted(net, t, server);
  const client = await connected(net, t, front);
  const gone = closed(client);
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await gone;
});

both('http.request over a connection of the subject', async (net, t) => {
  const server = http.createServer((req, res) => res.end('answer'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address();
  const sockets = [];
  const createConnection = (options) => {
    const socket = destroyAfter(t, net.connect(options.port, '127.0.0.1'));
    sockets.push(socket);
    return socket;
  };
  assert.strictEqual(await textOf(get(port, { createConnection })), 'answer');

  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  /** @type {any} */ (agent).createConnection = createConnection;
  t.after(() => agent.destroy());
  for (let i = 0; i < 3; i++) {
    assert.strictEqual(await textOf(get(port, { agent })), 'answer');
    // The socket is free again a turn after the response's end.
    await nextIteration();
  }
  assert.strictEqual(sockets.length, 2);
  for (const socket of sockets) {
    assert.strictEqual(isOwn(socket), net === rustNet);
    assert.ok(socket.bytesRead > 0);
  }
});

both('an agent drops what has data nobody asked for', async (net, t) => {
  // Older releases take it for the answer to the next request.
  if (!nodeIs('22.23')) return;
  const server = await listening(net, t, undefined, {}, (socket) => {
    socket.on('data', () => {
      const text = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
      socket.write(text, () => setImmediate(() => socket.write(text)));
    });
  });
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const sockets = [];
  /** @type {any} */ (agent).createConnection = () => {
    sockets.push(destroyAfter(t, net.connect(port, '127.0.0.1')));
    return sockets.at(-1);
  };
  assert.strictEqual(await textOf(get(port, { agent })), 'ok');
  await closed(sockets[0]);
  assert.strictEqual(await textOf(get(port, { agent })), 'ok');
  assert.strictEqual(sockets.length, 2);
});

both('a request that is given up closes its connection', async (net, t) => {
  const server = http.createServer(() => request.destroy());
  const { port, sockets } = await fronted(net, t, server);
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  const request = get(port, { createConnection: () => client });
  const [error] = await once(request, 'error');
  assert.strictEqual(error.code, 'ECONNRESET');
  assert.strictEqual(sockets.length, 1);
  assert.strictEqual(client.destroyed, true);
});

both('a timeout of a request', async (net, t) => {
  const server = http.createServer();
  const { port } = await fronted(net, t, server);
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  const request = get(port, { createConnection: () => client });
  request.on('error', () => {});
  request.setTimeout(20);
  await once(request, 'timeout');
  request.destroy();
});

both('http2, both ways', async (net, t) => {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end(`${headers[':path']} from the server`);
  });
  const { port, sockets } = await fronted(net, t, server);
  const socket = net.connect(port, '127.0.0.1');
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    createConnection: () => destroyAfter(t, socket),
  });
  const texts = ['/a', '/b', '/c'].map((path) =>
    bytesOf(session.request({ ':path': path })).then(String),
  );
  assert.deepStrictEqual(await Promise.all(texts), [
    '/a from the server',
    '/b from the server',
    '/c from the server',
  ]);
  assert.strictEqual(sockets.length, 1);
  assert.ok(sockets[0].bytesRead > 0);
  assert.ok(socket.bytesRead > 0);
  const gone = closed(sockets[0]);
  session.close();
  await gone;
});

both('http2 sends a megabyte back', async (net, t) => {
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const { port } = await fronted(net, t, server);
  const session = http2.connect(`http://127.0.0.1:${port}`, {
    createConnection: () => destroyAfter(t, net.connect(port, '127.0.0.1')),
  });
  const stream = session.request({ ':method': 'POST' });
  const body = Buffer.alloc(1 << 20, 'hijklmn');
  stream.end(body);
  assert.ok(body.equals(await bytesOf(stream)));
  session.close();
});

alone('a handle does not call itself a stream of node core', async (net, t) => {
  // http and tls hand what does to C++.
  const server = await listening(net, t);
  const client = await connected(net, t, server);
  assert.strictEqual(client._handle.isStreamBase, false);
  assert.strictEqual(server._handle.isStreamBase, false);
});
