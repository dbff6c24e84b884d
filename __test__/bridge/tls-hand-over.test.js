'use strict';

// TLS on a connected socket gets the connection itself: each scenario runs over
// node:net and over rust-net, and both tell the same of the socket and of TLS.

const assert = require('node:assert');
const { AsyncLocalStorage } = require('node:async_hooks');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const tls = require('node:tls');
const nodeNet = require('node:net');
const { alone, both, nodeIs, same } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const { fine, runs } = require('../helpers/child');
const {
  bytesOf,
  closed,
  destroyAfter,
  pair,
  recorded,
  take,
  transports,
} = require('../helpers/wire');

const rustNet = require('../..');

const trusting = { rejectUnauthorized: false };
const names = ['end', 'finish', 'timeout', 'error', 'close', 'pause', 'resume'];
const tick = () => new Promise((resolve) => setImmediate(resolve));
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** Two ends of a connection, each with TLS on it, and what happens on all four. */
async function secured(net, t, options = {}) {
  const { server, client, peer } = await pair(net, t, options.pair);
  await options.before?.(client, peer);
  const tlsServer = tls.createServer({
    ...certificates().server,
    ...options.server,
  });
  const accepted = once(tlsServer, 'secureConnection');
  const events = {
    client: recorded(client, names),
    peer: recorded(peer, names),
  };
  tlsServer.emit('connection', peer);
  const clientSide = tls.connect({
    socket: client,
    ...trusting,
    ...options.client,
  });
  destroyAfter(t, clientSide);
  events.clientSide = recorded(clientSide, [...names, 'secureConnect']);
  const [serverSide] = await accepted;
  events.serverSide = recorded(serverSide, names);
  if (clientSide.secureConnecting) await once(clientSide, 'secureConnect');
  return { server, client, peer, clientSide, serverSide, tlsServer, events };
}

const allClosed = (all) =>
  Promise.all(
    [all.client, all.peer, all.clientSide, all.serverSide].map(closed),
  );

/** True when TLS reads from a handle of node's. */
const isHandedOver = ({ _handle: handle }) =>
  ['TCP', 'Pipe'].includes(handle.constructor.name) &&
  !(handle instanceof rustNet.Socket) &&
  handle.isStreamBase === true;

for (const [family, where] of transports) {
  both(`TLS on ${family} has a handle of node's`, async (net, t) => {
    const all = await secured(net, t, { pair: { where: where(t) } });
    for (const side of [all.client, all.peer]) {
      // Node cannot open the descriptor of a pipe on Windows.
      const isPipe = family === 'Unix' && process.platform === 'win32';
      assert.strictEqual(isHandedOver(side), !isPipe || net === nodeNet);
    }
    const gone = allClosed(all);
    all.clientSide.end();
    await gone;
  });
}

const endings = {
  'the client ends': (all) => all.clientSide.end('bye'),
  'the server ends': (all) => all.serverSide.end('bye'),
  'both end': (all) => {
    all.clientSide.end('a');
    all.serverSide.end('b');
  },
  'TLS is destroyed': (all) => all.clientSide.destroy(),
  'TLS is destroyed with an error': (all) =>
    all.clientSide.destroy(Object.assign(new Error('mine'), { code: 'MINE' })),
  'the socket is destroyed': (all) => all.client.destroy(),
  'the socket is destroyed with an error': (all) =>
    all.peer.destroy(Object.assign(new Error('mine'), { code: 'MINE' })),
  'the socket ends': (all) => all.client.end(),
  'the socket is reset': (all) => all.client.resetAndDestroy(),
  'TLS and the socket are destroyed': (all) => {
    all.clientSide.destroy();
    all.client.destroy();
  },
};

for (const [name, act] of Object.entries(endings)) {
  // Node 18's TLS does not hear of it.
  if (!nodeIs('20') && /^the socket is/.test(name)) continue;
  same(`events when ${name}`, async (net, t) => {
    const all = await secured(net, t);
    all.clientSide.resume();
    all.serverSide.resume();
    all.serverSide.write('hello');
    await once(all.clientSide, 'data');
    const gone = allClosed(all);
    act(all);
    await gone;
    await tick();
    return all.events;
  });

  same(`the order of all events when ${name}`, async (net, t) => {
    const all = await secured(net, t);
    const seen = [];
    for (const side of ['client', 'clientSide']) {
      for (const event of ['end', 'finish', 'error', 'close']) {
        all[side].on(event, () => seen.push(`${side} ${event}`));
      }
    }
    all.clientSide.resume();
    all.serverSide.resume();
    const gone = allClosed(all);
    act(all);
    await gone;
    await tick();
    return seen;
  });
}

same('a megabyte each way, and the counters', async (net, t) => {
  const all = await secured(net, t);
  const data = randomBytes(1 << 20);
  all.serverSide.pipe(all.serverSide);
  all.clientSide.end(data);
  const echo = await bytesOf(all.clientSide);
  assert.strictEqual(hash(echo), hash(data));
  const { client, clientSide } = all;
  // A record more or less depends on how the kernel cuts the bytes.
  assert.ok(client.bytesRead > 1 << 20 && client.bytesRead < 1.1 * (1 << 20));
  assert.ok(client.bytesWritten > 1 << 20);
  return [echo.length, clientSide.bytesRead, clientSide.bytesWritten];
});

same('the properties of a socket beneath TLS', async (net, t) => {
  const all = await secured(net, t);
  const { client, peer, clientSide } = all;
  const seen = [];
  const look = (socket) =>
    seen.push({
      handle: Boolean(socket._handle),
      fd: socket._handle ? socket._handle.fd >= 0 : undefined,
      destroyed: socket.destroyed,
      readable: socket.readable,
      writable: socket.writable,
      readyState: socket.readyState,
      pending: socket.pending,
      connecting: socket.connecting,
      flowing: socket.readableFlowing,
      encoding: socket.readableEncoding,
      paused: socket.isPaused(),
      length: socket.readableLength,
      timeout: socket.timeout,
      family: socket.remoteFamily,
      address: [socket.remoteAddress, socket.localAddress],
      counts: [socket.bytesRead > 0, socket.bytesWritten > 0],
      // On Node 18, rust-net has one more for 'close'.
      listeners: ['data', 'end', 'readable', 'error', 'timeout'].map((event) =>
        socket.listenerCount(event),
      ),
      keys: Object.keys(socket).filter((key) => !key.startsWith('_')),
    });
  look(client);
  look(peer);
  assert.strictEqual(client.remotePort, peer.localPort);
  assert.strictEqual(clientSide.remotePort, client.remotePort);
  assert.strictEqual(clientSide.localPort, client.localPort);
  assert.strictEqual(clientSide._parent, client);
  client.setNoDelay(true).setKeepAlive(true, 1000).unref().ref();
  seen.push(client.address().family, typeof client._handle.getAsyncId());
  const gone = allClosed(all);
  clientSide.destroy();
  await gone;
  look(client);
  look(peer);
  return seen;
});

same('setTimeout of the socket and of TLS', async (net, t) => {
  const all = await secured(net, t);
  const { client, clientSide } = all;
  const seen = [];
  client.setTimeout(40, () => seen.push('client'));
  await once(client, 'timeout');
  client.setTimeout(0);
  clientSide.setTimeout(40, () => seen.push('clientSide'));
  await once(clientSide, 'timeout');
  seen.push(client.destroyed, clientSide.destroyed, client.timeout);
  return seen;
});

both("traffic over TLS restarts the socket's timeout", async (net, t) => {
  const all = await secured(net, t);
  all.clientSide.resume();
  all.client.setTimeout(400);
  let timedOut = false;
  all.client.on('timeout', () => (timedOut = true));
  for (let i = 0; i < 8; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    all.serverSide.write('x');
    await once(all.clientSide, 'data');
  }
  assert.strictEqual(timedOut, false);
});

same('STARTTLS in one chunk with the hello', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  const server = await new Promise((resolve) => {
    let text = Buffer.alloc(0);
    peer.on('data', function onData(chunk) {
      text = Buffer.concat([text, chunk]);
      const end = text.indexOf('\n') + 1;
      if (end === 0 || text.length === end) return;
      seen.push(String(text.subarray(0, end)));
      peer.removeListener('data', onData);
      peer.pause();
      peer.unshift(text.subarray(end));
      const options = { isServer: true, ...certificates().server };
      resolve(new tls.TLSSocket(peer, options));
    });
    // One chunk: both are written before the socket is flushed.
    client.cork();
    client.write('STARTTLS\r\n');
    tls.connect({ socket: client, ...trusting }).on('error', () => {});
    client.uncork();
  });
  server.write('hello');
  const [error] = await Promise.race([
    once(server, 'secure').then(() => [null]),
    once(server, 'error'),
  ]);
  seen.push(error && error.code);
  return seen;
});

same('bytes that were read before TLS', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.pause();
  // The client's side of a handshake, from a connection through a pipe.
  const secure = tls.connect({ socket: client, ...trusting });
  await once(peer, 'readable');
  const hello = peer.read();
  peer.unshift(hello.subarray(100));
  peer.unshift(hello.subarray(0, 100));
  assert.strictEqual(peer.readableLength, hello.length);
  const server = tls.createServer(certificates().server);
  const accepted = once(server, 'secureConnection');
  server.emit('connection', peer);
  const [serverSide] = await accepted;
  serverSide.write('hello');
  assert.strictEqual(String(await take(secure, 5)), 'hello');
  return [peer.readableLength, peer.bytesRead > hello.length];
});

// Which of two sockets is served first is not defined: in one of the two runs the
// bytes of the other have arrived, and were not delivered yet.
for (const order of [0, 1]) {
  both(`bytes that arrived before TLS, ${order}`, async (net, t) => {
    const pairs = [await pair(net, t), await pair(net, t)];
    const [first, second] = order === 0 ? pairs : pairs.reverse();
    const server = tls.createServer(certificates().server);
    const accepted = once(server, 'secureConnection');
    first.peer.once('data', () => server.emit('connection', second.peer));
    first.client.write('go');
    const secure = tls.connect({ socket: second.client, ...trusting });
    const [serverSide] = await accepted;
    serverSide.write('hello');
    assert.strictEqual(String(await take(secure, 5)), 'hello');
    assert.strictEqual(second.peer.bytesRead, second.client.bytesWritten);
    assert.strictEqual(second.client.bytesRead, second.peer.bytesWritten);
  });
}

same('TLS is paused and resumed', async (net, t) => {
  const all = await secured(net, t);
  const { clientSide, serverSide } = all;
  const data = randomBytes(1 << 20);
  const gone = allClosed(all);
  clientSide.pause();
  serverSide.resume().end(data);
  await tick();
  await tick();
  const seen = [clientSide.readableFlowing];
  const chunks = [];
  clientSide.on('data', (chunk) => {
    chunks.push(chunk);
    clientSide.pause();
    setImmediate(() => clientSide.resume());
  });
  clientSide.resume();
  await once(clientSide, 'end');
  assert.ok(Buffer.concat(chunks).equals(data));
  await gone;
  seen.push(all.events.client, all.events.peer);
  return seen;
});

// Each stops TLS where the bytes pass through the socket's stream.
/** Sends much to the client, closes both, and returns the events until then. */
async function eventsOfTransfer(all) {
  const { clientSide, serverSide } = all;
  const data = randomBytes(1 << 17);
  const gone = allClosed(all);
  serverSide.resume().end(data);
  const got = await bytesOf(clientSide);
  assert.ok(got.equals(data));
  await gone;
  await tick();
  return all.events;
}

const touches = {
  setEncoding: (socket) => socket.setEncoding('utf8'),
  pause: (socket) => socket.pause(),
  'a listener for readable': (socket) => socket.on('readable', () => {}),
  'a listener for data': (socket) => socket.on('data', () => {}),
  resume: (socket) => socket.resume(),
  read: (socket) => socket.read(),
};

for (const [name, touch] of Object.entries(touches)) {
  same(`${name} on the socket beneath TLS`, async (net, t) => {
    const all = await secured(net, t);
    touch(all.client);
    await tick();
    return eventsOfTransfer(all);
  });

  same(`${name} on the socket before TLS`, async (net, t) => {
    const all = await secured(net, t, { before: (client) => touch(client) });
    return eventsOfTransfer(all);
  });
}

same('a session ticket, ALPN and SNI', async (net, t) => {
  const asked = [];
  const server = {
    ALPNProtocols: ['two', 'one'],
    ticketKeys: Buffer.alloc(48, 1),
    SNICallback(name, callback) {
      asked.push(name);
      callback(null);
    },
  };
  const client = { ALPNProtocols: ['one'], servername: 'localhost' };
  const seen = [];
  for (const session of [undefined, 'of the first']) {
    if (session !== undefined) client.session = seen.pop();
    const { clientSide, serverSide } = await secured(net, t, {
      server,
      client,
    });
    // A ticket comes before data.
    serverSide.write('hello');
    await once(clientSide, 'data');
    seen.push(clientSide.alpnProtocol, serverSide.alpnProtocol);
    seen.push(serverSide.servername, clientSide.isSessionReused());
    seen.push(clientSide.getSession());
    const gone = closed(clientSide);
    clientSide.end();
    serverSide.end();
    await gone;
  }
  const last = seen.pop();
  return [...seen, Buffer.isBuffer(last), asked];
});

same('renegotiation that the server does not allow', async (net, t) => {
  const all = await secured(net, t, { client: { maxVersion: 'TLSv1.2' } });
  all.serverSide.disableRenegotiation();
  const gone = allClosed(all);
  all.clientSide.resume();
  all.serverSide.resume();
  const error = once(all.serverSide, 'error');
  all.clientSide.renegotiate({}, () => {});
  const [{ code }] = await error;
  all.serverSide.destroy();
  await gone;
  return code;
});

same('a certificate that is not trusted', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const server = tls.createServer(certificates().server);
  const seen = [];
  server.on('tlsClientError', (error) => seen.push(error.code));
  server.emit('connection', peer);
  const events = {
    client: recorded(client, names),
    peer: recorded(peer, names),
  };
  const secure = tls.connect({ socket: client });
  events.secure = recorded(secure, names);
  await Promise.all([closed(client), closed(peer), closed(secure)]);
  return { events, seen };
});

same('a peer that does not speak TLS', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const secure = tls.connect({ socket: client, ...trusting });
  const events = [recorded(client, names), recorded(secure, names)];
  const gone = Promise.all([closed(client), closed(secure)]);
  peer.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n'.repeat(3));
  await gone;
  return events.map((each) =>
    each.map((event) => (event.startsWith('error ERR_SSL') ? 'SSL' : event)),
  );
});

same('a reset in the middle', async (net, t) => {
  const all = await secured(net, t);
  const gone = Promise.all([closed(all.client), closed(all.clientSide)]);
  all.peer.resetAndDestroy();
  await gone;
  return [all.events.client, all.events.clientSide];
});

same('a server counts its connections until they close', async (net, t) => {
  const all = await secured(net, t);
  const { server, clientSide, serverSide } = all;
  const seen = [server._connections];
  let isClosed = false;
  server.close(() => (isClosed = true));
  await tick();
  seen.push(isClosed, server._connections);
  const gone = allClosed(all);
  clientSide.resume();
  serverSide.end();
  await gone;
  if (!isClosed) await once(server, 'close');
  seen.push(isClosed, server._connections);
  return seen;
});

same('plain writes beneath TLS', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  peer.on('data', (data) => seen.push(data.length > 0));
  const secure = tls.connect({ socket: client, ...trusting });
  secure.on('error', () => {});
  const errors = [];
  for (const [data, encoding] of [
    ['text', 'utf8'],
    ['text', 'latin1'],
    ['text', 'ascii'],
    ['text', 'ucs2'],
    ['dGV4dA==', 'base64'],
    [Buffer.alloc(1 << 20), undefined],
  ]) {
    errors.push(
      await new Promise((resolve) => client.write(data, encoding, resolve)),
    );
  }
  client.cork();
  client.write('a');
  client.write(Buffer.from('b'));
  client.uncork();
  const finished = once(client, 'finish');
  client.end();
  await finished;
  const gone = closed(client);
  client.destroy();
  await gone;
  return errors.map((error) => error ?? null);
});

same('a TLSSocket that cannot be made', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const wrong = { isServer: true, secureContext: { context: {} } };
  let code;
  try {
    void new tls.TLSSocket(peer, wrong);
  } catch (error) {
    code = error.code;
  }
  client.write('plain');
  const text = String(await take(peer, 5));
  peer.write('answer');
  const answer = String(await take(client, 6));
  const gone = closed(peer);
  peer.on('data', () => {});
  client.end();
  await gone;
  return [code, text, answer, peer.bytesRead, peer.bytesWritten];
});

both("the socket's events keep its async context", async (net, t) => {
  const storage = new AsyncLocalStorage();
  const all = await storage.run('outer', () => secured(net, t));
  const seen = [];
  storage.run('tls', () => {
    all.clientSide.on('data', () => seen.push(storage.getStore()));
    all.client.on('close', () => seen.push(storage.getStore()));
  });
  all.serverSide.end('hello');
  await allClosed(all);
  assert.deepStrictEqual(seen, ['outer', 'outer']);
});

/** The ways on which a connection stays with rust-net. */
const kept = {
  'a socket that is half-closed': (client) => client.end(),
  'a socket with data to send': (client) => {
    client.write(Buffer.alloc(32 << 20));
    assert.ok(client.writableLength > 0);
  },
};

for (const [name, act] of Object.entries(kept)) {
  alone(`TLS on ${name} goes through the stream`, async (net, t) => {
    const { client } = await pair(net, t);
    act(client);
    const { handedOver } = net.getStats();
    const secure = tls.connect({ socket: client, ...trusting });
    destroyAfter(t, secure).on('error', () => {});
    assert.strictEqual(net.getStats().handedOver, handedOver);
    // A failed write may have closed it already.
    assert.notStrictEqual(client._handle?.isStreamBase, true);
  });
}

alone('TLS on a socket with onread goes through the stream', async (net, t) => {
  const onread = { buffer: Buffer.alloc(100), callback: () => true };
  const { client } = await pair(net, t, { client: { onread } });
  const secure = tls.connect({ socket: client, ...trusting });
  destroyAfter(t, secure).on('error', () => {});
  assert.strictEqual(client._handle.isStreamBase, false);
});

alone('the option handOver', async (net, t) => {
  const options = { server: { handOver: false }, client: { handOver: false } };
  const all = await secured(net, t, { pair: options });
  assert.strictEqual(all.client._handle.isStreamBase, false);
  assert.strictEqual(all.peer._handle.isStreamBase, false);
  all.serverSide.write('hello');
  assert.strictEqual(String(await take(all.clientSide, 5)), 'hello');
});

/** Prints whether TLS got the connection. Runs in a child process. */
const program = (net) => {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1', () => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => {
      // Loaded at the last moment, as pg does.
      const tls = require('node:tls');
      const secure = tls.connect({ socket });
      console.log(socket._handle.isStreamBase, net.getStats().handedOver);
      secure.on('error', () => {}).destroy();
      server.close();
    });
  });
};

for (const [value, output] of [
  ['', 'true 1\n'],
  ['0', 'false 0\n'],
]) {
  alone(`RUST_NET_HAND_OVER=${value}`, async (net) => {
    const env = { RUST_NET_HAND_OVER: value };
    assert.deepStrictEqual(await runs(net, program, { env }), fine(output));
  });
}

alone('getStats counts what was handed over', async (net, t) => {
  const { handedOver } = net.getStats();
  const all = await secured(net, t);
  all.serverSide.write('hello');
  await once(all.clientSide, 'data');
  assert.strictEqual(net.getStats().handedOver, handedOver + 2);
  const { connections, bytesRead, bytesWritten } = net.getStats(all.server);
  assert.strictEqual(connections, 1);
  assert.strictEqual(bytesRead, all.peer.bytesRead);
  assert.strictEqual(bytesWritten, all.peer.bytesWritten);
  const { peer } = all;
  const gone = allClosed(all);
  all.clientSide.destroy();
  await gone;
  assert.strictEqual(net.getStats(all.server).bytesRead, peer.bytesRead);
});

alone('a socket beneath TLS cannot be moved again', async (net, t) => {
  const { fromNode, toNode, detach } = require('../../bridge');
  const { client } = await secured(net, t);
  assert.throws(() => toNode(client), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => fromNode(client), { code: 'ERR_INVALID_ARG_TYPE' });
  assert.throws(() => detach(client), {
    code: 'ERR_WORKER_HANDLE_NOT_TRANSFERABLE',
  });
  assert.ok(client instanceof net.Socket);
  assert.ok(!(client instanceof nodeNet.Socket));
});

alone('node lists the socket beneath TLS as active', async (net, t) => {
  const { client } = await secured(net, t);
  assert.ok(process._getActiveHandles().includes(client));
});

alone('instanceof says what it said', async (net, t) => {
  const { client } = await secured(net, t);
  class Sub extends nodeNet.Socket {}
  const { Socket } = nodeNet;
  for (const other of [undefined, null, 1, 'x', {}, client, net.Socket]) {
    assert.ok(!(other instanceof Socket));
    assert.ok(!(other instanceof Sub));
    assert.ok(!(other instanceof tls.TLSSocket));
  }
  const own = new Sub();
  assert.ok(own instanceof Socket && own instanceof Sub);
  assert.ok(!(new Socket() instanceof Sub));
});

both('a socket that connects again after TLS', async (net, t) => {
  const { server, client, clientSide } = await secured(net, t);
  const gone = closed(client);
  clientSide.destroy();
  await gone;
  const again = once(server, 'connection');
  client.connect(server.address());
  await once(client, 'connect');
  const [peer] = await again;
  peer.on('error', () => {});
  const tlsServer = tls.createServer(certificates().server);
  const accepted = once(tlsServer, 'secureConnection');
  tlsServer.emit('connection', peer);
  const secure = tls.connect({ socket: client, ...trusting });
  destroyAfter(t, secure).on('error', () => {});
  const [serverSide] = await accepted;
  serverSide.write('hello');
  assert.strictEqual(String(await take(secure, 5)), 'hello');
});

alone('what was handed over is collected', async (net) => {
  const program = async (net) => {
    const tls = require('node:tls');
    const collected = [];
    const registry = new FinalizationRegistry((name) => collected.push(name));
    const server = net.createServer((socket) => socket.destroy());
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const once = () =>
      new Promise((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => {
          const secure = tls.connect({ socket });
          secure.on('error', () => {}).on('close', resolve);
          registry.register(socket, 'socket');
          registry.register(secure, 'secure');
          registry.register(socket._handle, 'handle');
        });
      });
    for (let i = 0; i < 20; i++) await once();
    server.close();
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      globalThis.gc();
    }
    // The last of them may still be on the stack.
    console.log(collected.length > 50, net.getStats().handedOver);
  };
  const flags = ['--expose-gc'];
  const result = await runs(net, program, { flags });
  assert.deepStrictEqual(result, fine('true 20\n'));
});
