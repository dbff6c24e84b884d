'use strict';

// rust-net/http without register: what it takes over, and what it gives back.

const assert = require('node:assert');
const http = require('node:http');
const https = require('node:https');
const http2 = require('node:http2');
const nodeNet = require('node:net');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const { promisify } = require('node:util');
const { alone } = require('../helpers/both');
const ours = require('../../http');

/** The methods that are looked at before and after. */
const snapshot = () => ({
  connect: nodeNet.connect,
  createConnection: nodeNet.createConnection,
  Server: Object.getOwnPropertyDescriptor(nodeNet, 'Server'),
  server: Object.getOwnPropertyDescriptors(http.Server.prototype),
  agent: Object.getOwnPropertyDescriptors(http.Agent.prototype),
});

/** Returns true for a socket that rust-net has made. */
const isOurs = (net, socket) =>
  !(socket instanceof nodeNet.Socket) && socket instanceof net.Socket;

/** Answers one request; returns whose sockets its two ends had. */
async function exchange(net, server, request) {
  const serverSide = once(server, 'connection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clientSide = request(server.address().port);
  const [socket] = await serverSide;
  const client = await clientSide;
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  return { server: isOurs(net, socket), client };
}

const makeServer = () =>
  http.createServer((request, response) => response.end('answer'));

const byAgent = (net, agent) => async (port) => {
  const request = http.get({ port, host: '127.0.0.1', agent });
  const [answer] = await once(request, 'response');
  answer.resume();
  const { socket } = answer;
  await once(answer, 'end');
  return isOurs(net, socket);
};

function installed(t) {
  ours.install();
  t.after(() => ours.uninstall());
}

alone('uninstall() leaves node as it was', async (net) => {
  const before = snapshot();
  ours.install();
  ours.install();
  assert.notDeepStrictEqual(snapshot(), before);
  ours.uninstall();
  ours.uninstall();
  const after = snapshot();
  assert.deepStrictEqual(after, before);
  const both = await exchange(net, makeServer(), byAgent(net));
  assert.deepStrictEqual(both, { server: false, client: false });
});

for (const [name, agent] of Object.entries({
  'the global agent': undefined,
  'no agent': false,
  'an agent of its own': new http.Agent(),
})) {
  alone(`both ends with ${name}`, async (net, t) => {
    installed(t);
    const both = await exchange(net, makeServer(), byAgent(net, agent));
    assert.deepStrictEqual(both, { server: true, client: true });
  });
}

alone('fetch connects by rust-net', async (net, t) => {
  installed(t);
  const { connected } = net.getStats();
  const result = await exchange(net, makeServer(), async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}`);
    return answer.text();
  });
  assert.deepStrictEqual(result, { server: true, client: 'answer' });
  assert.strictEqual(net.getStats().connected, connected + 1);
});

alone('useNode() leaves a server on node', async (net, t) => {
  installed(t);
  const server = makeServer();
  ours.useNode(server);
  const both = await exchange(net, server, byAgent(net, false));
  assert.deepStrictEqual(both, { server: false, client: true });
  for (const wrong of [
    undefined,
    {},
    net.createServer(),
    https.createServer(),
  ]) {
    assert.throws(() => ours.useNode(wrong), { code: 'ERR_INVALID_ARG_TYPE' });
  }
});

alone("createServer() takes options of http and rust-net's", async (net, t) => {
  installed(t);
  const trusted = new net.BlockList();
  const options = {
    keepAliveTimeout: 1234,
    proxyProtocol: 'accept',
    trusted,
    maxConnectionsPerAddress: 1,
    offload: true,
  };
  const server = ours.createServer(options, (request, response) =>
    response.end('answer'),
  );
  assert.strictEqual(server.keepAliveTimeout, 1234);
  assert.strictEqual(server.proxyProtocol, 'accept');
  assert.strictEqual(server.trusted, trusted);
  const accepted = once(server, 'connection');
  const both = await exchange(net, server, async (port) => {
    const first = net.connect(port, '127.0.0.1');
    await accepted;
    const second = net.connect(port, '127.0.0.1');
    second.on('error', () => {});
    await once(second, 'close');
    const { rejectedByAddress } = net.getStats(server);
    first.destroy();
    return rejectedByAddress;
  });
  assert.deepStrictEqual(both, { server: true, client: 1 });
});

alone('createServer() checks its options', (net, t) => {
  const made = { code: 'ERR_INVALID_STATE' };
  assert.throws(() => ours.createServer(), made);
  installed(t);
  const listener = () => {};
  for (const args of [[listener], [{}, listener], [undefined, listener]]) {
    const server = ours.createServer(...args);
    assert.ok(server instanceof http.Server);
    assert.deepStrictEqual(server.listeners('request'), [listener]);
  }
  for (const [options, code] of [
    [{ proxyProtocol: true }, 'ERR_INVALID_ARG_VALUE'],
    [{ acceptRate: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ blockList: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ insecureHTTPParser: 'yes' }, 'ERR_INVALID_ARG_TYPE'],
    [1, 'ERR_INVALID_ARG_TYPE'],
  ]) {
    assert.throws(() => ours.createServer(options), { code });
  }
});

alone('a server that listens stays where it is', async (net, t) => {
  const onNode = makeServer().listen(0, '127.0.0.1');
  await once(onNode, 'listening');
  const address = onNode.address();
  installed(t);
  const onRust = makeServer().listen(0, '127.0.0.1');
  await once(onRust, 'listening');
  ours.useNode(onRust);
  assert.deepStrictEqual(onNode.address(), address);
  assert.throws(() => onNode.listen(0), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  assert.throws(() => onRust.listen(0), { code: 'ERR_SERVER_ALREADY_LISTEN' });
  for (const [server, isRust] of [
    [onNode, false],
    [onRust, true],
  ]) {
    const serverSide = once(server, 'connection');
    await byAgent(net, false)(server.address().port);
    const [socket] = await serverSide;
    assert.strictEqual(isOurs(net, socket), isRust);
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
});

alone('open connections live on after uninstall()', async (net) => {
  ours.install();
  const server = makeServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const agent = new http.Agent({ keepAlive: true });
  assert.strictEqual(await byAgent(net, agent)(port), true);
  ours.uninstall();
  assert.strictEqual(server.address().port, port);
  assert.strictEqual(await byAgent(net, agent)(port), true);
  assert.strictEqual(await byAgent(net, false)(port), false);
  agent.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

alone("a patch of node's listen is still called", async (net, t) => {
  installed(t);
  const { listen } = nodeNet.Server.prototype;
  let calls = 0;
  nodeNet.Server.prototype.listen = function (...args) {
    calls++;
    return Reflect.apply(listen, this, args);
  };
  t.after(() => (nodeNet.Server.prototype.listen = listen));
  const both = await exchange(net, makeServer(), byAgent(net, false));
  assert.deepStrictEqual(both, { server: false, client: true });
  assert.strictEqual(calls, 1);
});

alone('https, http2 and node:net keep their own sockets', async (net, t) => {
  installed(t);
  const { accepted, connected } = net.getStats();
  const secure = https.createServer().listen(0, '127.0.0.1');
  await once(secure, 'listening');
  secure.close();
  const server = http2.createServer((request, response) => response.end('h2'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = http2.connect(`http://127.0.0.1:${server.address().port}`);
  const stream = client.request({ ':path': '/' });
  stream.resume();
  await once(stream, 'end');
  client.close();
  server.close();
  await once(server, 'close');
  const plain = nodeNet.createServer((socket) => socket.end());
  plain.listen(0, '127.0.0.1');
  await once(plain, 'listening');
  const socket = nodeNet.connect(plain.address().port, '127.0.0.1');
  assert.ok(socket instanceof nodeNet.Socket);
  socket.resume();
  await once(socket, 'close');
  plain.close();
  await once(plain, 'close');
  const after = net.getStats();
  assert.strictEqual(after.accepted, accepted);
  assert.strictEqual(after.connected, connected);
});

const inCluster = `
  const cluster = require('node:cluster');
  const http = require('node:http');
  if (cluster.isPrimary) {
    cluster.fork().on('message', ({ port, http: counts }) => {
      if (port) http.get({ port, host: '127.0.0.1' }).end();
      else console.log(JSON.stringify(counts));
    });
  } else {
    const server = http.createServer((request, response) => {
      response.end(() => {
        process.send(require('net').getStats());
        process.disconnect();
        server.close();
      });
    });
    server.listen(0, '127.0.0.1', () => process.send(server.address()));
  }`;

alone('getStats() counts connections of http in a cluster', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-http-'));
  const file = path.join(folder, 'cluster.js');
  fs.writeFileSync(file, inCluster);
  const args = ['-r', require.resolve('../../register'), file];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  fs.rmSync(folder, { recursive: true });
  const expected = {
    ...{ isInstalled: true, accepted: 1, opened: 0 },
    ...{ idleDropped: 0 },
  };
  assert.deepStrictEqual(JSON.parse(stdout), expected);
});

alone('getStats() of a server of node:http', async (net, t) => {
  installed(t);
  const server = makeServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  await byAgent(net, false)(server.address().port);
  const { accepted, dropped } = net.getStats(server);
  assert.deepStrictEqual({ accepted, dropped }, { accepted: 1, dropped: 0 });
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  const closed = net.getStats(server);
  assert.strictEqual(closed.connections, 0);
  assert.ok(closed.bytesRead > 0 && closed.bytesWritten > 0);
  assert.throws(() => net.getStats(http.createServer()), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
});
