'use strict';

// The PROXY protocol of servers and of clients: node has neither.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const rawNet = require('node:net');
const tls = require('node:tls');
const { promisify } = require('node:util');
const { Worker } = require('node:worker_threads');
const { setTimeout: sleep } = require('node:timers/promises');
const { alone } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  nextIteration,
  take,
  until,
  whereIs,
} = require('../helpers/wire');

const isWindows = process.platform === 'win32';
const onUnix = isWindows ? () => {} : alone;
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const line4 = 'PROXY TCP4 192.0.2.7 192.0.2.8 56324 443\r\n';
const line6 = 'PROXY TCP6 2001:db8::7 2001:db8::8 56324 443\r\n';

/** A block of version 2. */
function block(command, family, ...behind) {
  const rest = Buffer.concat(behind.map((each) => Buffer.from(each)));
  const fixed = Buffer.from([command, family, rest.length >> 8, rest.length]);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

const tlv = (type, value) =>
  Buffer.concat([
    Buffer.from([type, value.length >> 8, value.length & 255]),
    Buffer.from(value),
  ]);

const ends4 = [192, 0, 2, 7, 192, 0, 2, 8, 0xdc, 0x04, 0x01, 0xbb];
const ends6 = [
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7],
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8],
  ...[0xdc, 0x04, 0x01, 0xbb],
];
const pad = (text) => Buffer.concat([Buffer.from(text)], 108);

const from4 = { address: '192.0.2.7', family: 'IPv4', port: 56324 };
const to4 = { address: '192.0.2.8', family: 'IPv4', port: 443 };
const from6 = { address: '2001:db8::7', family: 'IPv6', port: 56324 };
const to6 = { address: '2001:db8::8', family: 'IPv6', port: 443 };

const required = { proxyProtocol: 'require' };

/** Connects with node's sockets, and sends `bytes`. */
function send(t, server, ...chunks) {
  const client = destroyAfter(t, rawNet.connect(whereIs(server)));
  client.on('error', () => {});
  client.setNoDelay(true);
  for (const chunk of chunks) client.write(chunk);
  return client;
}

/** What a socket says of its peer. */
const peerOf = ({ remoteAddress, remoteFamily, remotePort }) => ({
  address: remoteAddress,
  family: remoteFamily,
  port: remotePort,
});

const counts = (net, server) => {
  const { accepted, dropped, proxyHeaders, proxyRefused } =
    net.getStats(server);
  return { accepted, dropped, proxyHeaders, proxyRefused };
};

const local = { version: 2, command: 'LOCAL', transport: 'unknown' };
const plain = { version: 2, command: 'PROXY', transport: 'stream' };
const rest = { checksum: false, tlvs: [] };

/** Headers, and what is made of them: `peer` is undefined for the real one. */
const headers = [
  [
    'version 1, IPv4',
    Buffer.from(line4),
    { ...plain, version: 1, ...rest, source: from4, destination: to4 },
    from4,
  ],
  [
    'version 1, IPv6',
    Buffer.from(line6),
    { ...plain, version: 1, ...rest, source: from6, destination: to6 },
    from6,
  ],
  [
    'version 1, unknown',
    Buffer.from('PROXY UNKNOWN ::1 ::1 and more\r\n'),
    { version: 1, command: 'PROXY', transport: 'unknown', ...rest },
  ],
  [
    'version 2, IPv4',
    block(0x21, 0x11, ends4),
    { ...plain, ...rest, source: from4, destination: to4 },
    from4,
  ],
  [
    'version 2, IPv6 by datagrams',
    block(0x21, 0x22, ends6),
    {
      ...plain,
      transport: 'datagram',
      ...rest,
      source: from6,
      destination: to6,
    },
    from6,
  ],
  [
    'version 2, paths',
    block(0x21, 0x31, pad('/tmp/client'), pad('')),
    {
      ...plain,
      ...rest,
      source: { path: '/tmp/client' },
      destination: { path: '' },
    },
    { address: undefined, family: undefined, port: undefined },
  ],
  [
    'version 2, unknown',
    block(0x21, 0, 'whatever'),
    { version: 2, command: 'PROXY', transport: 'unknown', ...rest },
  ],
  ['version 2, local', block(0x20, 0), { ...local, ...rest }],
  [
    'version 2, local with addresses',
    block(0x20, 0x11, ends4),
    { ...local, ...rest },
  ],
];

for (const [name, bytes, proxy, peer] of headers) {
  alone(`a header is read: ${name}`, async (net, t) => {
    for (const mode of ['require', 'accept']) {
      const options = { proxyProtocol: mode };
      const server = await listening(net, t, undefined, options);
      const client = send(t, server, Buffer.concat([bytes, Buffer.from('hi')]));
      const [socket] = await once(server, 'connection');
      assert.deepStrictEqual(socket.proxy, proxy);
      const { port, address, family } = client.address();
      assert.deepStrictEqual(peerOf(socket), peer ?? { address, family, port });
      assert.strictEqual(socket.localPort, server.address().port);
      assert.strictEqual(String(await take(socket, 2)), 'hi');
      assert.strictEqual(socket.bytesRead, 2);
      socket.end('bye');
      assert.strictEqual(String(await bytesOf(client)), 'bye');
      assert.deepStrictEqual(counts(net, server), {
        accepted: 1,
        dropped: 0,
        proxyHeaders: 1,
        proxyRefused: 0,
      });
      server.close();
    }
  });
}

/** The fields of a header with all of them. */
const fields = [
  tlv(1, 'h2'),
  tlv(2, 'example.org'),
  tlv(4, 'padding'),
  tlv(5, [1, 2, 3]),
  tlv(
    0x20,
    Buffer.concat([
      Buffer.from([7, 0, 0, 0, 1]),
      tlv(0x21, 'TLSv1.3'),
      tlv(0x22, 'somebody'),
      tlv(0x23, 'TLS_AES_128_GCM_SHA256'),
      tlv(0x24, 'SHA256'),
      tlv(0x25, 'RSA2048'),
      tlv(0x28, 'new'),
    ]),
  ),
  tlv(0x30, 'blue'),
  tlv(0xea, ''),
  tlv(0xeb, [255, 254]),
];

const allFields = {
  alpn: 'h2',
  authority: 'example.org',
  uniqueId: Buffer.from([1, 2, 3]),
  ssl: {
    client: 7,
    verify: 1,
    version: 'TLSv1.3',
    commonName: 'somebody',
    cipher: 'TLS_AES_128_GCM_SHA256',
    signatureAlgorithm: 'SHA256',
    keyAlgorithm: 'RSA2048',
    tlvs: [{ type: 0x28, value: Buffer.from('new') }],
  },
  netns: 'blue',
  tlvs: [
    { type: 0xea, value: Buffer.alloc(0) },
    { type: 0xeb, value: Buffer.from([255, 254]) },
  ],
};

alone(
  'fields have names, and those that are unknown a number',
  async (net, t) => {
    const server = await listening(net, t, undefined, required);
    send(t, server, block(0x21, 0x11, ends4, ...fields));
    const [socket] = await once(server, 'connection');
    assert.deepStrictEqual(socket.proxy, {
      ...plain,
      source: from4,
      destination: to4,
      checksum: false,
      ...allFields,
    });
    send(t, server, block(0x21, 0x11, ends4, tlv(1, [255]), tlv(1, 'h2')));
    const [other] = await once(server, 'connection');
    assert.strictEqual(other.proxy.alpn, 'h2');
    assert.deepStrictEqual(other.proxy.tlvs, [
      { type: 1, value: Buffer.from([255]) },
    ]);
  },
);

for (const [name, whole] of [
  ['version 1', Buffer.from(`${line6}data`)],
  [
    'version 2',
    Buffer.concat([
      block(
        0x21,
        0x11,
        ends4,
        tlv(1, 'h2'),
        tlv(3, [0x53, 0, 0, 0]).subarray(0, 0),
      ),
      Buffer.from('data'),
    ]),
  ],
]) {
  for (const mode of ['require', 'accept']) {
    alone(
      `${name}, ${mode}: no byte is lost wherever it is cut`,
      async (net, t) => {
        const options = { proxyProtocol: mode, allowHalfOpen: true };
        const server = await listening(net, t, undefined, options);
        server.on('drop', (data) => assert.fail(data.reason));
        for (let cut = 1; cut < whole.length; cut++) {
          const client = send(t, server, whole.subarray(0, cut));
          const accepted = once(server, 'connection');
          await once(client, 'connect');
          await nextIteration();
          await nextIteration();
          client.end(whole.subarray(cut));
          const [socket] = await accepted;
          assert.strictEqual(String(await bytesOf(socket)), 'data', `${cut}`);
          assert.strictEqual(socket.proxy.source.port, 56324);
          socket.destroy();
        }
      },
    );
  }
}

alone('a header may come byte by byte, and an end at once', async (net, t) => {
  const server = await listening(net, t, undefined, {
    ...required,
    allowHalfOpen: true,
  });
  const client = send(t, server);
  const accepted = once(server, 'connection');
  for (const byte of block(0x21, 0x21, ends6, tlv(2, 'x'.repeat(40)))) {
    client.write(Buffer.from([byte]));
    await nextIteration();
  }
  client.end();
  const [socket] = await accepted;
  assert.strictEqual(String(await bytesOf(socket)), '');
  assert.deepStrictEqual(peerOf(socket), from6);
  socket.end('answer');
  assert.strictEqual(String(await bytesOf(client)), 'answer');
});

/** Headers that are wrong, and why. */
const refusals = [
  ['PROXY_INVALID', 'GET / HTTP/1.1\r\n\r\n'],
  ['PROXY_INVALID', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n'],
  ['PROXY_INVALID', 'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n'],
  ['PROXY_INVALID', block(0x31, 0x11, ends4)],
  ['PROXY_INVALID', block(0x22, 0x11, ends4)],
  ['PROXY_INVALID', block(0x21, 0x41, ends4)],
  ['PROXY_INVALID', block(0x21, 0x13, ends4)],
  ['PROXY_INVALID', block(0x21, 0x11, ends4.slice(1))],
  ['PROXY_INVALID', block(0x21, 0x11, ends4, [1, 0])],
  ['PROXY_INVALID', block(0x21, 0x11, ends4, tlv(0x20, [0]))],
  ['PROXY_TOO_LONG', `PROXY TCP4 ${'1'.repeat(100)}`],
  ['PROXY_TOO_LONG', block(0x21, 0x11, Buffer.alloc(4097)).subarray(0, 16)],
  ['PROXY_CHECKSUM', block(0x21, 0x11, ends4, tlv(3, [1, 2, 3, 4]))],
];

alone('a wrong header is a reset and a drop', async (net, t) => {
  const server = await listening(net, t, undefined, required, () =>
    assert.fail('a connection'),
  );
  for (const [reason, bytes] of refusals) {
    const client = send(t, server, bytes);
    const gone = once(client, 'error').catch(() => []);
    const [data] = await once(server, 'drop');
    const { address, port } = server.address();
    assert.deepStrictEqual(
      { ...data },
      {
        localAddress: address,
        localPort: port,
        localFamily: 'IPv4',
        remoteAddress: '127.0.0.1',
        remotePort: client.localPort,
        remoteFamily: 'IPv4',
        reason,
      },
    );
    const [error] = await gone;
    assert.strictEqual(error.code, 'ECONNRESET');
  }
  const dropped = refusals.length;
  assert.deepStrictEqual(counts(net, server), {
    accepted: 0,
    dropped,
    proxyHeaders: 0,
    proxyRefused: dropped,
  });
  server.close();
  assert.strictEqual(net.getStats(server).proxyRefused, dropped);
});

alone(
  'accept: other bytes are data, and a wrong header is dropped',
  async (net, t) => {
    const server = await listening(net, t, undefined, {
      proxyProtocol: 'accept',
      allowHalfOpen: true,
    });
    for (const bytes of ['GET / HTTP/1.1', 'PROXX', '\r\n\r\nhello', '']) {
      const client = send(t, server);
      client.end(bytes);
      const [socket] = await once(server, 'connection');
      assert.strictEqual(socket.proxy, undefined);
      assert.strictEqual(socket.remotePort, client.localPort);
      assert.strictEqual(String(await bytesOf(socket)), bytes);
      socket.destroy();
    }
    for (const [reason, bytes] of refusals.slice(1)) {
      send(t, server, bytes);
      const [data] = await once(server, 'drop');
      assert.strictEqual(data.reason, reason);
    }
  },
);

alone('a peer that ends within the header is dropped', async (net, t) => {
  for (const mode of ['require', 'accept']) {
    const options = { proxyProtocol: mode };
    const server = await listening(net, t, undefined, options);
    for (const length of [1, 6, 20]) {
      for (const bytes of [Buffer.from(line4), block(0x21, 0x11, ends4)]) {
        send(t, server).end(bytes.subarray(0, length));
        const [data] = await once(server, 'drop');
        assert.strictEqual(data.reason, 'PROXY_INCOMPLETE', `${length}`);
      }
    }
    // As a part that came before the end was known.
    const client = send(t, server, line4.slice(0, 9));
    await once(client, 'connect');
    for (let i = 0; i < 5; i++) await nextIteration();
    client.end();
    const [data] = await once(server, 'drop');
    assert.strictEqual(data.reason, 'PROXY_INCOMPLETE');
    const lost = send(t, server, line4.slice(0, 9));
    await once(lost, 'connect');
    for (let i = 0; i < 5; i++) await nextIteration();
    lost.resetAndDestroy();
    const [other] = await once(server, 'drop');
    assert.strictEqual(other.reason, 'PROXY_INCOMPLETE');
    if (process.platform === 'linux') {
      assert.strictEqual(other.remoteAddress, '127.0.0.1');
    }
  }
  const server = await listening(net, t, undefined, required);
  send(t, server).end();
  const [data] = await once(server, 'drop');
  assert.strictEqual(data.reason, 'PROXY_INCOMPLETE');
});

alone('a slow header is dropped, and holds nobody up', async (net, t) => {
  const options = { ...required, proxyTimeout: 300 };
  const server = await listening(net, t, undefined, options);
  let calls = 0;
  for (const name of ['onconnection', 'onrefused']) {
    const inner = server._handle[name];
    server._handle[name] = function (...args) {
      calls++;
      return inner.apply(this, args);
    };
  }
  const start = Date.now();
  const slow = [1, 2, 3].map(() => send(t, server, line4.slice(0, 20)));
  await Promise.all(slow.map((client) => once(client, 'connect')));
  const [socket] = await Promise.all([
    once(server, 'connection').then(([each]) => each),
    send(t, server, line4),
  ]);
  assert.strictEqual(socket.proxy.version, 1);
  assert.ok(Date.now() - start < 300);
  assert.strictEqual(calls, 1);
  for (const byte of line4.slice(20, 25)) {
    slow[0].write(byte);
    await nextIteration();
  }
  const reasons = [];
  server.on('drop', ({ reason }) => reasons.push(reason));
  await until(() => reasons.length === 3);
  assert.deepStrictEqual(reasons, Array(3).fill('PROXY_TIMEOUT'));
  const took = Date.now() - start;
  assert.ok(took >= 300 && took < 3000, `${took}`);
  assert.strictEqual(calls, 4);
});

alone(
  'accept: a silent peer is a connection after the time',
  async (net, t) => {
    const server = await listening(net, t, undefined, {
      proxyProtocol: 'accept',
      proxyTimeout: 100,
    });
    for (const bytes of ['', 'PRO', '\r\n\r\n']) {
      const client = send(t, server);
      if (bytes !== '') client.write(bytes);
      const [socket] = await once(server, 'connection');
      assert.strictEqual(socket.proxy, undefined);
      const got = take(socket, bytes.length + 1);
      await nextIteration();
      client.write('!');
      assert.strictEqual(String(await got), `${bytes}!`);
      socket.end('bye');
      assert.strictEqual(String(await bytesOf(client)), 'bye');
    }
  },
);

alone('only trusted peers may send a header', async (net, t) => {
  for (const List of [net.BlockList, rawNet.BlockList]) {
    const others = new List();
    others.addSubnet('10.0.0.0', 8);
    const own = new List();
    own.addAddress('127.0.0.1');

    const strict = await listening(net, t, undefined, {
      ...required,
      trusted: others,
    });
    send(t, strict, line4);
    const [data] = await once(strict, 'drop');
    assert.strictEqual(data.reason, 'PROXY_UNTRUSTED');

    const mild = await listening(net, t, undefined, {
      proxyProtocol: 'accept',
      trusted: others,
    });
    send(t, mild, line4);
    const [socket] = await once(mild, 'connection');
    assert.strictEqual(socket.proxy, undefined);
    assert.strictEqual(socket.remoteAddress, '127.0.0.1');
    assert.strictEqual(String(await take(socket, line4.length)), line4);
    // It does not wait for a header of a stranger.
    send(t, mild);
    await once(mild, 'connection');

    const server = await listening(net, t, undefined, {
      ...required,
      trusted: own,
    });
    send(t, server, line4);
    const [proxied] = await once(server, 'connection');
    assert.strictEqual(proxied.remoteAddress, '192.0.2.7');
  }
});

alone('the block list is for proxies and for their clients', async (net, t) => {
  const blockList = new net.BlockList();
  blockList.addAddress('192.0.2.7');
  for (const maxConnections of [undefined, 10]) {
    const server = net.createServer({ ...required, blockList });
    if (maxConnections) server.maxConnections = maxConnections;
    server.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    server.on('drop', () => assert.fail('node tells nobody either'));
    await closed(send(t, server, line4).resume());
    assert.strictEqual(counts(net, server).dropped, 1);
    send(t, server, line6);
    const [socket] = await once(server, 'connection');
    destroyAfter(t, socket);
    assert.strictEqual(socket.remoteAddress, '2001:db8::7');
    assert.strictEqual(counts(net, server).proxyHeaders, 2);
    const mapped = block(
      0x21,
      0x21,
      [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 7],
      ends6.slice(16),
    );
    await closed(send(t, server, mapped).resume());
    assert.strictEqual(counts(net, server).dropped, 2);
  }
  const own = new net.BlockList();
  own.addAddress('127.0.0.1');
  const server = await listening(net, t, undefined, {
    ...required,
    blockList: own,
  });
  await closed(send(t, server, line4).resume());
  assert.deepStrictEqual(counts(net, server), {
    accepted: 0,
    dropped: 1,
    proxyHeaders: 0,
    proxyRefused: 0,
  });
});

alone('limits are for the clients of trusted proxies', async (net, t) => {
  const trusted = new net.BlockList();
  trusted.addAddress('127.0.0.1');
  const server = await listening(net, t, undefined, {
    ...required,
    trusted,
    maxConnectionsPerAddress: 2,
  });
  const line = (i) => line4.replace('0.2.7', `0.2.${i}`);
  for (const i of [1, 1, 2, 2, 3]) {
    send(t, server, line(i));
    await once(server, 'connection');
  }
  await closed(send(t, server, line(1)).resume());
  assert.strictEqual(net.getStats(server).rejectedByAddress, 1);
  // Those without an address are the proxy's own.
  for (let i = 0; i < 3; i++) {
    send(t, server, block(0x20, 0));
    await once(server, 'connection');
  }
  assert.strictEqual(net.getStats(server).rejectedByAddress, 1);
});

alone(
  'without a list each peer has its limit while it waits',
  async (net, t) => {
    const server = await listening(net, t, undefined, {
      ...required,
      maxConnectionsPerAddress: 2,
    });
    const waiting = [send(t, server), send(t, server)];
    await Promise.all(waiting.map((client) => once(client, 'connect')));
    await until(() => net.getStats().systemCalls.accept > 1);
    await closed(send(t, server, line4).resume());
    const line = (i) => line4.replace('0.2.7', `0.2.${i}`);
    for (const [i, client] of waiting.entries()) {
      client.write(line(i));
      await once(server, 'connection');
    }
    for (const i of [3, 4, 5]) {
      send(t, server, line(i));
      await once(server, 'connection');
    }
    assert.strictEqual(net.getStats(server).rejectedByAddress, 1);
  },
);

alone('a server that closes resets those that wait', async (net, t) => {
  const server = net.createServer(required, () => assert.fail('a connection'));
  server.on('drop', () => assert.fail('a drop'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const clients = ['', line4.slice(0, 9), line4.slice(0, -1)].map((bytes) => {
    const client = send(t, server);
    if (bytes !== '') client.write(bytes);
    return client;
  });
  const accepts = net.getStats().systemCalls.accept;
  await Promise.all(clients.map((client) => once(client, 'connect')));
  await until(() => net.getStats().sockets >= 3);
  assert.ok(net.getStats().systemCalls.accept >= accepts);
  const ends = clients.map((client) => closed(client.resume()));
  const over = once(server, 'close');
  server.close();
  assert.deepStrictEqual(await Promise.all(ends), [true, true, true]);
  await over;
  assert.strictEqual(net.getStats().sockets, 0);
});

alone(
  'a header that waits does not keep the process running',
  async (net, t) => {
    const server = await listening(net, t, undefined, required);
    server.unref();
    const client = send(t, server, 'PROXY ');
    await once(client, 'connect');
    await until(() => net.getStats().sockets === 1);
    const { activeHandles } = require('../../lib/handle/dispatch');
    assert.deepStrictEqual(activeHandles(), []);
  },
);

if (!isWindows) {
  alone('a path takes headers, too', async (net, t) => {
    const where = { path: freeName(t) };
    const trusted = new net.BlockList();
    const options = { ...required, trusted };
    const server = await listening(net, t, where, options);
    for (let cut = 1; cut < line4.length; cut += 9) {
      const client = send(t, server, line4.slice(0, cut));
      await once(client, 'connect');
      await nextIteration();
      client.write(`${line4.slice(cut)}data`);
      const [socket] = await once(server, 'connection');
      assert.deepStrictEqual(peerOf(socket), from4);
      assert.strictEqual(String(await take(socket, 4)), 'data');
      assert.deepStrictEqual(socket.proxy.destination, to4);
    }
    send(t, server, 'nonsense');
    const [data] = await once(server, 'drop');
    assert.deepStrictEqual({ ...data }, { reason: 'PROXY_INVALID' });
  });
}

alone('onread and pauseOnConnect see no header', async (net, t) => {
  const server = await listening(net, t, undefined, {
    ...required,
    pauseOnConnect: true,
  });
  const client = send(t, server, `${line4}data`);
  const [socket] = await once(server, 'connection');
  await sleep(20);
  assert.strictEqual(socket.bytesRead, 0);
  client.end();
  assert.strictEqual(String(await bytesOf(socket)), 'data');
});

alone('many at once', async (net, t) => {
  const server = await listening(net, t, undefined, required, (socket) => {
    socket.end(`${socket.remoteAddress}:${socket.remotePort}`);
  });
  const ask = async (i) => {
    const line = `PROXY TCP4 10.0.${i >> 8}.${i & 255} 1.2.3.4 ${i} 1\r\n`;
    const client = send(t, server);
    const cut = i % line.length;
    if (cut > 0) client.write(line.slice(0, cut));
    if (i % 3 === 0) await nextIteration();
    client.write(line.slice(cut));
    assert.strictEqual(
      String(await bytesOf(client)),
      `10.0.${i >> 8}.${i & 255}:${i}`,
    );
  };
  await Promise.all(Array.from({ length: 500 }, (_, i) => ask(i)));
  assert.strictEqual(counts(net, server).proxyHeaders, 500);
});

alone(
  'an exception of a listener for drop is an uncaught one',
  async (net, t) => {
    const server = await listening(net, t, undefined, required);
    const failure = new Error('in drop');
    server.once('drop', () => {
      throw failure;
    });
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const caught = once(process, 'uncaughtException');
    const gone = closed(send(t, server, 'x').resume());
    assert.strictEqual((await caught)[0], failure);
    for (const each of listeners) process.on('uncaughtException', each);
    await gone;
  },
);

// Clients.

alone('a client sends a header first', async (net, t) => {
  const server = await listening(net, t, undefined, {
    ...required,
    allowHalfOpen: true,
  });
  const source = { address: '192.0.2.7', port: 56324 };
  const destination = { address: '192.0.2.8', port: 443 };
  const cases = [
    [
      { version: 1, source, destination },
      { ...plain, version: 1, ...rest },
    ],
    [
      { source, destination },
      { ...plain, ...rest },
    ],
    [
      { source, destination, checksum: true, ...allFields },
      { ...plain, checksum: true, ...allFields },
    ],
  ];
  for (const [proxyHeader, expected] of cases) {
    for (const early of [true, false]) {
      const accepted = once(server, 'connection');
      const options = { ...whereIs(server), proxyHeader };
      const client = destroyAfter(t, net.connect(options));
      if (early) client.write('da');
      else client.once('connect', () => client.write('da'));
      await once(client, 'connect');
      client.end('ta');
      const [socket] = await accepted;
      assert.deepStrictEqual(socket.proxy, {
        ...expected,
        source: from4,
        destination: to4,
      });
      assert.strictEqual(String(await bytesOf(socket)), 'data');
      assert.ok(client.bytesWritten > 28);
      // What was read can be sent on.
      const next = once(server, 'connection');
      await connected(net, t, server, { proxyHeader: socket.proxy });
      const [other] = await next;
      assert.deepStrictEqual(other.proxy, socket.proxy);
      socket.destroy();
      other.destroy();
    }
  }
});

alone('each header that is read can be sent on', async (net, t) => {
  const server = await listening(net, t, undefined, required);
  for (const [, bytes, proxy] of headers) {
    const first = once(server, 'connection');
    send(t, server, bytes);
    const [{ proxy: proxyHeader }] = await first;
    const second = once(server, 'connection');
    await connected(net, t, server, { proxyHeader });
    const [socket] = await second;
    assert.deepStrictEqual(socket.proxy, proxy);
  }
});

for (const autoSelectFamily of [true, 'parallel']) {
  alone(`a race sends one header: ${autoSelectFamily}`, async (net, t) => {
    const server = await listening(net, t, undefined, required);
    const { port } = server.address();
    const lookup = (host, options, callback) =>
      callback(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const accepted = once(server, 'connection');
    const client = net.connect({
      port,
      host: 'somewhere',
      lookup,
      autoSelectFamily,
      proxyHeader: { command: 'LOCAL' },
    });
    destroyAfter(t, client).write('data');
    const [socket] = await accepted;
    assert.deepStrictEqual(socket.proxy, { ...local, ...rest });
    assert.strictEqual(String(await take(socket, 4)), 'data');
    assert.strictEqual(client.bytesWritten, 20);
  });
}

alone('a client may send it with fast open', async (net, t) => {
  const server = await listening(net, t, undefined, required);
  const accepted = once(server, 'connection');
  let client;
  try {
    client = net.connect({
      ...whereIs(server),
      fastOpen: true,
      proxyHeader: { version: 1 },
    });
  } catch {
    t.skip('no fast open here');
    return;
  }
  destroyAfter(t, client).write('data');
  const [socket] = await accepted;
  assert.strictEqual(socket.proxy.version, 1);
  assert.strictEqual(String(await take(socket, 4)), 'data');
});

alone('TLS stands on a socket with a header', async (net, t) => {
  const { ca, server: pair } = certificates(t);
  const server = await listening(net, t, undefined, required, (socket) => {
    const secure = new tls.TLSSocket(socket, { isServer: true, ...pair });
    secure.on('error', () => {});
    secure.end(`${secure.remoteAddress} ${secure.remotePort}`);
  });
  const proxyHeader = { source: from6, destination: to6 };
  const socket = net.connect({ ...whereIs(server), proxyHeader });
  const client = tls.connect({ socket, ca, servername: 'server' });
  destroyAfter(t, client);
  assert.strictEqual(String(await bytesOf(client)), '2001:db8::7 56324');
  await connected(net, t, server, { proxyHeader });
  const later = await connected(net, t, server, { proxyHeader });
  const second = tls.connect({ socket: later, ca, servername: 'server' });
  destroyAfter(t, second);
  assert.strictEqual(String(await bytesOf(second)), '2001:db8::7 56324');
});

alone('a worker may end while headers are to come', async (net, t) => {
  const source = `
    const net = require(${JSON.stringify(require.resolve('../..'))});
    const { parentPort } = require('node:worker_threads');
    const server = net.createServer({ proxyProtocol: 'require' });
    server.listen(0, '127.0.0.1', () => {
      parentPort.postMessage(server.address().port);
    });
    setInterval(() => parentPort.postMessage(net.getStats().sockets), 5);`;
  const worker = new Worker(source, { eval: true });
  t.after(() => worker.terminate());
  const [port] = await once(worker, 'message');
  const clients = [1, 2, 3].map(() => {
    const client = destroyAfter(t, rawNet.connect(port, '127.0.0.1'));
    client.write('PROXY TCP4 ');
    return closed(client.resume());
  });
  for (;;) {
    const [sockets] = await once(worker, 'message');
    if (sockets === 3) break;
  }
  await worker.terminate();
  await Promise.all(clients);
});

alone('connections with a header are as many as before', async (net, t) => {
  const server = await listening(net, t, undefined, required, (socket) => {
    socket.pipe(socket);
  });
  const before = net.getStats().sockets;
  for (let i = 0; i < 200; i++) {
    const client = send(t, server, i % 2 ? line4 : 'nonsense');
    if (i % 2) client.end('echo');
    await closed(client.resume());
  }
  await until(() => net.getStats(server).connections === 0);
  await until(() => net.getStats().sockets === before);
});

// Options.

const failure = (act) => {
  try {
    act();
  } catch (error) {
    return errorFields(error);
  }
  throw new Error('it was taken');
};

alone('options of servers are checked', (net, t) => {
  const check = (options) => failure(() => net.createServer(options));
  assert.deepStrictEqual(check({ proxyProtocol: true }), {
    class: 'TypeError',
    name: 'TypeError',
    message:
      "The property 'options.proxyProtocol' must be 'require' or 'accept'. " +
      'Received true',
    keys: ['code'],
    code: 'ERR_INVALID_ARG_VALUE',
  });
  assert.strictEqual(check({ trusted: [] }).code, 'ERR_INVALID_ARG_TYPE');
  assert.strictEqual(check({ proxyTimeout: 0 }).code, 'ERR_OUT_OF_RANGE');
  assert.strictEqual(check({ proxyTimeout: '1' }).code, 'ERR_INVALID_ARG_TYPE');
  const bare = net.createServer();
  for (const name of ['proxyProtocol', 'proxyTimeout', 'trusted']) {
    assert.ok(!(name in bare));
  }
  bare.proxyProtocol = 'yes';
  assert.strictEqual(
    failure(() => bare.listen(0)).message,
    "The property 'server.proxyProtocol' must be 'require' or 'accept'. " +
      "Received 'yes'",
  );
  t.after(() => bare.close());
});

alone('headers of clients are checked', (net) => {
  const check = (proxyHeader) =>
    failure(() => net.connect({ port: 1, proxyHeader })).code;
  const source = { address: '::1', port: 1 };
  const wrong = [
    [null, 'ERR_INVALID_ARG_TYPE'],
    [true, 'ERR_INVALID_ARG_TYPE'],
    [{ version: 3 }, 'ERR_INVALID_ARG_VALUE'],
    [{ command: 'proxy' }, 'ERR_INVALID_ARG_VALUE'],
    [{ transport: 'tcp' }, 'ERR_INVALID_ARG_VALUE'],
    [{ transport: 'stream' }, 'ERR_INVALID_ARG_VALUE'],
    [{ checksum: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ source }, 'ERR_INVALID_ARG_TYPE'],
    [{ source, destination: {} }, 'ERR_INVALID_IP_ADDRESS'],
    [
      { source, destination: { address: '::1', port: 65536 } },
      'ERR_SOCKET_BAD_PORT',
    ],
    [
      { source, destination: { address: '127.0.0.1', port: 1 } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [
      { version: 1, source: { path: 'a' }, destination: { path: 'b' } },
      'ERR_INVALID_ARG_VALUE',
    ],
    [{ version: 1, command: 'LOCAL' }, 'ERR_INVALID_ARG_VALUE'],
    [{ version: 1, alpn: 'h2' }, 'ERR_INVALID_ARG_VALUE'],
    [{ alpn: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ uniqueId: 'text' }, 'ERR_INVALID_ARG_TYPE'],
    [{ ssl: true }, 'ERR_INVALID_ARG_TYPE'],
    [{ ssl: { client: 256 } }, 'ERR_OUT_OF_RANGE'],
    [{ ssl: { verify: -1 } }, 'ERR_OUT_OF_RANGE'],
    [{ tlvs: {} }, 'ERR_INVALID_ARG_TYPE'],
    [{ tlvs: [{ type: 256 }] }, 'ERR_OUT_OF_RANGE'],
    [{ tlvs: [{ type: 1, value: 'text' }] }, 'ERR_INVALID_ARG_TYPE'],
    [{ uniqueId: Buffer.alloc(5000) }, 'ERR_INVALID_ARG_VALUE'],
    [{ uniqueId: Buffer.alloc(70_000) }, 'ERR_INVALID_ARG_VALUE'],
  ];
  for (const [header, code] of wrong) {
    assert.strictEqual(check(header), code, JSON.stringify(header));
  }
});

alone('http: a server takes headers', async (net, t) => {
  const { install, uninstall } = require('../../http');
  install();
  t.after(uninstall);
  const server = http.createServer((request, response) => {
    const { remoteAddress, proxy } = request.socket;
    response.end(`${remoteAddress} ${proxy.destination.port}`);
  });
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.proxyProtocol = 'require';
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const get = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const client = send(t, server, line4 + get);
  assert.match(String(await bytesOf(client)), /192\.0\.2\.7 443/);
  send(t, server, get);
  const [data] = await once(server, 'drop');
  assert.strictEqual(data.reason, 'PROXY_INVALID');
  assert.strictEqual(net.getStats(server).proxyHeaders, 1);
});

// Under round robin the primary accepts, which knows nothing of headers.
for (const [policy, outcome] of Object.entries({
  rr: 'ENOTSUP',
  none: '192.0.2.7',
})) {
  onUnix(`a cluster worker, ${policy}: ${outcome}`, async () => {
    const program = require.resolve('../fixtures/proxy-cluster');
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [program, policy]);
    assert.strictEqual(stdout, `${outcome}\n`);
  });
}
