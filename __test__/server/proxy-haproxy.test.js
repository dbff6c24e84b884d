'use strict';

// Headers of real proxies: HAProxy, and curl as a client that is one.

const assert = require('node:assert');
const { execFile, execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const rawNet = require('node:net');
const path = require('node:path');
const tls = require('node:tls');
const { promisify } = require('node:util');
const { alone } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const {
  bytesOf,
  destroyAfter,
  folder,
  freeName,
  listening,
  nextIteration,
} = require('../helpers/wire');

/** Returns true when a program can be run. */
function isThere(program, option) {
  try {
    execFileSync(program, [option], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Registers a test that is skipped where a program is missing. */
function withProgram(program, option, name, act) {
  const has = isThere(program, option);
  alone(`${program}: ${name}`, async (net, t) => {
    if (has) await act(net, t);
    else t.skip(`there is no ${program} here`);
  });
}

/** Returns a port that is free now. */
async function freePort() {
  const server = rawNet.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves with true when somebody listens at a port. */
function answers(port) {
  return new Promise((resolve) => {
    const probe = rawNet.connect(port, '127.0.0.1');
    probe
      .once('connect', () => resolve(true))
      .once('error', () => {
        resolve(false);
      });
    probe.once('connect', () => probe.destroy());
  });
}

/** Starts HAProxy, and returns its port. */
async function startProxy(t, { target, option, bind = '' }) {
  const port = await freePort();
  const file = path.join(folder(t), 'haproxy.cfg');
  fs.writeFileSync(
    file,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen one
  bind 127.0.0.1:${port} ${bind}
  server one ${target} ${option}
`,
  );
  const child = spawn('haproxy', ['-db', '-q', '-f', file], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const gone = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  while (!(await answers(port))) await nextIteration();
  return port;
}

/** A server that tells what it knows of the client, as JSON. */
const telling = (net, t, where, options = {}) =>
  listening(
    net,
    t,
    where,
    { proxyProtocol: 'require', ...options },
    (socket) => {
      const { remoteAddress, remotePort, remoteFamily, proxy } = socket;
      socket
        .on('error', () => {})
        .on('data', (data) => {
          const told = { remoteAddress, remotePort, remoteFamily, proxy };
          socket.end(JSON.stringify({ ...told, data: String(data) }));
        });
    },
  );

async function ask(t, client) {
  destroyAfter(t, client).write('hello');
  return JSON.parse(String(await bytesOf(client)));
}

const localhost = '127.0.0.1';

for (const [option, version] of [
  ['send-proxy', 1],
  ['send-proxy-v2', 2],
]) {
  withProgram('haproxy', '-v', option, async (net, t) => {
    const server = await telling(net, t);
    const target = `${localhost}:${server.address().port}`;
    const port = await startProxy(t, { target, option });
    const before = net.getStats(server).proxyHeaders;
    for (let i = 0; i < 20; i++) {
      const client = rawNet.connect(port, localhost);
      await once(client, 'connect');
      const { localPort } = client;
      const told = await ask(t, client);
      assert.deepStrictEqual(told, {
        remoteAddress: localhost,
        remotePort: localPort,
        remoteFamily: 'IPv4',
        proxy: {
          version,
          command: 'PROXY',
          transport: 'stream',
          source: { address: localhost, family: 'IPv4', port: localPort },
          destination: { address: localhost, family: 'IPv4', port },
          checksum: false,
          tlvs: [],
        },
        data: 'hello',
      });
    }
    assert.ok(net.getStats(server).proxyHeaders >= before + 20);
    assert.strictEqual(net.getStats(server).proxyRefused, 0);
  });
}

withProgram('haproxy', '-v', 'TLS, and fields', async (net, t) => {
  const { key, cert } = certificates(t).server;
  const pem = path.join(folder(t), 'both.pem');
  fs.writeFileSync(pem, `${cert}\n${key}\n`);
  const server = await telling(net, t);
  const target = `${localhost}:${server.address().port}`;
  const option =
    'send-proxy-v2 proxy-v2-options ' +
    'ssl,cert-key,cert-sig,ssl-cipher,authority,crc32c,unique-id';
  const port = await startProxy(t, {
    target,
    option,
    bind: `ssl crt ${pem} alpn h2,http/1.1\n  unique-id-format %pid`,
  });
  const client = tls.connect({
    port,
    host: localhost,
    servername: 'proxied.example',
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  const { proxy, data } = await ask(t, client);
  assert.strictEqual(data, 'hello');
  assert.strictEqual(proxy.checksum, true);
  assert.strictEqual(proxy.alpn, 'h2');
  assert.strictEqual(proxy.authority, 'proxied.example');
  assert.ok(Buffer.from(proxy.uniqueId.data).length > 0);
  const { ssl } = proxy;
  assert.strictEqual(ssl.client, 1);
  assert.match(ssl.version, /^TLSv1\.[23]$/);
  assert.match(ssl.cipher, /AES|CHACHA/);
  assert.match(ssl.keyAlgorithm, /^(RSA|EC)\d+$/);
  assert.match(ssl.signatureAlgorithm, /SHA256/);
});

withProgram('haproxy', '-v', 'health checks are local', async (net, t) => {
  const options = { proxyProtocol: 'require' };
  const server = await listening(net, t, undefined, options);
  const checked = new Promise((resolve) => {
    server.on('connection', (socket) => {
      const { proxy, remoteAddress } = socket.on('error', () => {});
      // The probe for the proxy itself is a connection, too.
      if (proxy.command === 'LOCAL') resolve({ proxy, remoteAddress });
    });
  });
  const target = `${localhost}:${server.address().port}`;
  const option = 'send-proxy-v2 check inter 200ms check-send-proxy';
  await startProxy(t, { target, option });
  const { proxy, remoteAddress } = await checked;
  assert.strictEqual(proxy.source, undefined);
  // A check ends with a reset, after which the system may know no peer.
  assert.ok([localhost, undefined].includes(remoteAddress));
});

withProgram('haproxy', '-v', 'a path', async (net, t) => {
  const name = freeName(t);
  const server = await telling(net, t, { path: name });
  const port = await startProxy(t, {
    target: `unix@${server.address()}`,
    option: 'send-proxy-v2',
  });
  const client = rawNet.connect(port, localhost);
  await once(client, 'connect');
  const { localPort } = client;
  const told = await ask(t, client);
  assert.strictEqual(told.remoteAddress, localhost);
  assert.strictEqual(told.remotePort, localPort);
});

withProgram('curl', '--version', '--haproxy-protocol', async (net, t) => {
  const server = await listening(
    net,
    t,
    undefined,
    { proxyProtocol: 'require' },
    (socket) => {
      socket.once('data', () => {
        const body = `${socket.remotePort === socket.proxy.source.port}`;
        const head = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}`;
        socket.end(`${head}\r\nConnection: close\r\n\r\n${body}`);
      });
    },
  );
  const { port } = server.address();
  const url = `http://${localhost}:${port}/`;
  const run = promisify(execFile);
  const { stdout } = await run('curl', ['-s', '--haproxy-protocol', url]);
  assert.strictEqual(stdout, 'true');
  await assert.rejects(run('curl', ['-s', url]));
  assert.strictEqual(net.getStats(server).proxyRefused, 1);
});

withProgram('haproxy', '-v', 'it reads what a client sends', async (net, t) => {
  // HAProxy passes the client on in another header.
  const server = await telling(net, t);
  const target = `${localhost}:${server.address().port}`;
  for (const version of [1, 2]) {
    const port = await startProxy(t, {
      target,
      option: 'send-proxy-v2 proxy-v2-options authority',
      bind: 'accept-proxy',
    });
    const proxyHeader = {
      version,
      source: { address: '2001:db8::7', port: 7 },
      destination: { address: '2001:db8::8', port: 8 },
      ...(version === 2 && { authority: 'example.org', checksum: true }),
    };
    const client = net.connect({ port, host: localhost, proxyHeader });
    const { remoteAddress, proxy } = await ask(t, client);
    assert.strictEqual(remoteAddress, '2001:db8::7');
    assert.strictEqual(proxy.destination.port, 8);
    assert.strictEqual(
      proxy.authority,
      version === 2 ? 'example.org' : undefined,
    );
  }
});
