'use strict';

// TLS on top of a socket, which node's tls does not know the class of.

const assert = require('node:assert');
const { createHash, randomBytes } = require('node:crypto');
const { once } = require('node:events');
const https = require('node:https');
const tls = require('node:tls');
const { alone, both } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const { fine, runs } = require('../helpers/child');
const { isOwn } = require('../helpers/ipc');
const {
  bytesOf,
  closed,
  destroyAfter,
  listening,
  pair,
  take,
  tcp,
  transports,
} = require('../helpers/wire');

const rustNet = require('../..');

const trusting = { rejectUnauthorized: false };

/** No bytes reach TLS that did not pass through a socket of the subject's. */
function assertCarried(net, ...sockets) {
  for (const socket of sockets) {
    assert.strictEqual(isOwn(socket), net === rustNet);
    assert.ok(socket.bytesRead > 0, 'it has read');
    assert.ok(socket.bytesWritten > 0, 'it has written');
  }
}

/** A TLS server of node's own, which greets and then echoes. */
async function greeting(t, where = tcp(t)) {
  const server = tls.createServer(certificates().server, (socket) => {
    destroyAfter(t, socket).write('hello');
    socket.on('error', () => {}).pipe(socket);
  });
  t.after(() => server.close());
  server.listen(where);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'string'
    ? { path: address }
    : { port: address.port, host: '127.0.0.1' };
}

async function talk(secure) {
  assert.strictEqual(String(await take(secure, 5)), 'hello');
  secure.write('echo');
  assert.strictEqual(String(await take(secure, 4)), 'echo');
}

for (const [family, where] of transports) {
  both(`tls.connect on a connected ${family} socket`, async (net, t) => {
    const socket = destroyAfter(t, net.connect(await greeting(t, where(t))));
    await once(socket, 'connect');
    const secure = tls.connect({ socket, ...trusting });
    const secured = once(secure, 'secureConnect');
    assert.strictEqual(secure.connecting, false);
    await secured;
    await talk(secure);
    assert.strictEqual(secure.remoteAddress, socket.remoteAddress);
    assert.strictEqual(secure.remotePort, socket.remotePort);
    assert.strictEqual(secure.localPort, socket.localPort);
    assertCarried(net, socket);
    const gone = closed(socket);
    secure.end();
    await gone;
  });
}

both('tls.connect on a socket that connects later', async (net, t) => {
  const target = await greeting(t);
  const socket = destroyAfter(t, new net.Socket());
  const secure = tls.connect({ socket, ...trusting });
  assert.strictEqual(secure.connecting, true);
  secure.write('early');
  const connected = once(secure, 'connect');
  socket.connect(target);
  await connected;
  assert.strictEqual(String(await take(secure, 10)), 'helloearly');
  assertCarried(net, socket);
});

both('tls.connect on a socket that is connecting', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  const secure = tls.connect({ socket, ...trusting });
  await once(secure, 'secureConnect');
  await talk(secure);
  assertCarried(net, socket);
});

both('a TLS server that is handed a connection', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const server = tls.createServer(certificates().server);
  const accepted = once(server, 'secureConnection');
  server.emit('connection', peer);
  const clientSide = tls.connect({ socket: client, ...trusting });
  const [serverSide] = await accepted;
  serverSide.write('hello');
  serverSide.pipe(serverSide);
  await talk(clientSide);
  assert.strictEqual(serverSide.remotePort, peer.remotePort);
  assertCarried(net, client, peer);
});

both('STARTTLS: text first, TLS after it', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.write('STARTTLS\r\n');
  assert.strictEqual(String(await take(peer, 10)), 'STARTTLS\r\n');
  peer.pause();
  peer.write('220 go\r\n');
  assert.strictEqual(String(await take(client, 8)), '220 go\r\n');
  client.pause();
  const serverSide = new tls.TLSSocket(peer, {
    isServer: true,
    ...certificates().server,
  });
  const clientSide = tls.connect({ socket: client, ...trusting });
  serverSide.write('hello');
  serverSide.pipe(serverSide);
  await talk(clientSide);
  assert.strictEqual(clientSide.encrypted, true);
  assertCarried(net, client, peer);
});

both('STARTTLS on sockets with an encoding', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  for (const socket of [client, peer]) {
    socket.setEncoding('utf8').on('data', (text) => seen.push(text));
  }
  peer.write('220 go\r\n');
  await once(client, 'data');
  for (const socket of [client, peer]) socket.removeAllListeners('data');
  const serverSide = new tls.TLSSocket(peer, {
    isServer: true,
    ...certificates().server,
  });
  const clientSide = tls.connect({ socket: client, ...trusting });
  // Not text in any encoding.
  const data = randomBytes(1 << 16);
  serverSide.pipe(serverSide);
  clientSide.end(data);
  assert.ok(data.equals(await bytesOf(clientSide)));
  assert.deepStrictEqual(seen, ['220 go\r\n']);
  assertCarried(net, client, peer);
});

for (const event of ['data', 'readable']) {
  both(`tls.connect below a listener for '${event}'`, async (net, t) => {
    const socket = destroyAfter(t, net.connect(await greeting(t)));
    await once(socket, 'connect');
    const seen = [];
    socket.on(event, () => seen.push(event));
    const secure = tls.connect({ socket, ...trusting });
    await once(secure, 'secureConnect');
    await talk(secure);
    assert.deepStrictEqual(seen, []);
    assertCarried(net, socket);
  });
}

both('a socket below TLS whose listeners are removed', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  await once(socket, 'connect');
  const secure = tls.connect({ socket, ...trusting });
  await once(secure, 'secureConnect');
  socket.removeAllListeners('data').removeAllListeners('readable');
  await new Promise((resolve) => setImmediate(resolve));
  await talk(secure);
  assertCarried(net, socket);
});

// A server of FTP does, for listeners that know no other socket.
both('what is emitted on a socket below TLS', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  await once(socket, 'connect');
  const seen = [];
  socket.on('data', (data) => seen.push(String(data)));
  const secure = tls.connect({ socket, ...trusting });
  secure.on('data', (data) => socket.emit('data', data));
  await talk(secure);
  assert.deepStrictEqual(seen, ['hello', 'echo']);
  assertCarried(net, socket);
});

both('a megabyte each way', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const server = tls.createServer(certificates().server);
  server.once('secureConnection', (socket) => socket.pipe(socket));
  server.emit('connection', peer);
  const secure = tls.connect({ socket: client, ...trusting });
  const data = randomBytes(1 << 20);
  secure.end(data);
  const echo = await bytesOf(secure);
  const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');
  assert.strictEqual(hash(echo), hash(data));
  assertCarried(net, client, peer);
});

// Node 18's own does not hear of it.
both(
  'the end of the socket is the end of TLS',
  { since: '20' },
  async (net, t) => {
    const socket = destroyAfter(t, net.connect(await greeting(t)));
    const secure = tls.connect({ socket, ...trusting });
    await talk(secure);
    const gone = closed(secure);
    socket.destroy();
    await gone;
    assert.strictEqual(secure.destroyed, true);
  },
);

both('the end of TLS is the end of the socket', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  const secure = tls.connect({ socket, ...trusting });
  await talk(secure);
  const gone = closed(socket);
  secure.destroy();
  await gone;
});

both('what fails below is an error of TLS', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  const socket = destroyAfter(t, net.connect(port, '127.0.0.1'));
  const secure = tls.connect({ socket, ...trusting });
  const [error] = await once(secure, 'error');
  assert.strictEqual(error.code, 'ECONNREFUSED');
});

both('a peer that ends before TLS is there', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const secure = tls.connect({ socket: client, ...trusting });
  peer.end();
  const [error] = await once(secure, 'error');
  assert.strictEqual(error.code, 'ECONNRESET');
});

both('unref lets the process exit', async (net, t) => {
  const target = await greeting(t);
  const result = await runs(
    net,
    (net) => {
      const tls = require('node:tls');
      const { port, host } = JSON.parse(process.env.TARGET);
      const socket = net.connect(port, host, () => {
        const options = { socket, rejectUnauthorized: false };
        const secure = tls.connect(options, () => {
          secure.unref();
          process.stdout.write('secured');
        });
      });
    },
    { env: { TARGET: JSON.stringify(target) } },
  );
  assert.deepStrictEqual(result, fine('secured'));
});

both('a timeout of the TLS socket', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  const secure = tls.connect({ socket, ...trusting });
  await talk(secure);
  secure.setTimeout(20);
  await once(secure, 'timeout');
});

both('https over connections of the subject', async (net, t) => {
  const server = https.createServer(certificates().server, (_, res) => {
    res.end('secret');
  });
  let accepted = 0;
  const outer = await listening(net, t, undefined, {}, (socket) => {
    accepted++;
    server.emit('connection', socket);
  });
  const { port } = outer.address();
  const sockets = [];
  const createConnection = () => {
    const socket = destroyAfter(t, net.connect(port, '127.0.0.1'));
    sockets.push(socket);
    return tls.connect({ socket, ...trusting });
  };
  const request = https.get({ port, createConnection });
  const [response] = await once(request, 'response');
  assert.strictEqual(String(await bytesOf(response)), 'secret');
  assert.strictEqual(accepted, 1);
  assertCarried(net, ...sockets);
});

alone('options go down to the socket', async (net, t) => {
  const socket = destroyAfter(t, net.connect(await greeting(t)));
  const secure = tls.connect({ socket, ...trusting });
  await talk(secure);
  const calls = [];
  const { setNoDelay, setKeepAlive } = socket._handle;
  socket._handle.setNoDelay = function (...args) {
    calls.push(['setNoDelay', ...args]);
    return setNoDelay.apply(this, args);
  };
  socket._handle.setKeepAlive = function (...args) {
    calls.push(['setKeepAlive', ...args.slice(0, 2)]);
    return setKeepAlive.apply(this, args);
  };
  secure.setNoDelay(true);
  secure.setKeepAlive(true, 5000);
  assert.deepStrictEqual(calls, [
    ['setNoDelay', true],
    ['setKeepAlive', true, 5],
  ]);
});
