'use strict';

// What the kernel measures about a connection.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const { once } = require('node:events');
const { alone } = require('../helpers/both');
const {
  closed,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  pair,
  take,
  whereIs,
} = require('../helpers/wire');

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? alone : () => {};

/** Those that every kernel since 3.15 has. */
const always = [
  'state',
  'retransmits',
  'probes',
  'rtoUs',
  'sendMssBytes',
  'recvMssBytes',
  'unackedSegments',
  'lostSegments',
  'pathMtuBytes',
  'rttUs',
  'rttVarUs',
  'congestionWindowSegments',
  'totalRetransmittedSegments',
];

function assertRefused(call, code, method) {
  assert.throws(call, (error) => {
    const { message, keys, syscall } = errorFields(error);
    assert.strictEqual(message, `${method} ${code}`);
    assert.deepStrictEqual(keys, ['errno', 'code', 'syscall']);
    assert.deepStrictEqual([error.code, syscall], [code, method]);
    return true;
  });
}

for (const host of ['127.0.0.1', '::1']) {
  onLinux(`getTcpInfo of ${host}`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: { port: 0, host } });
    client.write(Buffer.alloc(5000));
    await take(peer, 5000);
    const info = client.getTcpInfo();
    assert.strictEqual(info.state, 'ESTABLISHED');
    for (const name of always) assert.ok(name in info, name);
    for (const [name, value] of Object.entries(info)) {
      if (name !== 'state') assert.ok(value >= 0, `${name} is ${value}`);
    }
    assert.ok(info.rttUs > 0);
    if ('bytesSent' in info) assert.strictEqual(info.bytesSent, 5000);
    assert.strictEqual(peer.getTcpInfo().bytesReceived, 5000);
  });
}

onLinux('getTcpInfo says what ss says', async (net, t) => {
  const { client } = await pair(net, t);
  const { localPort } = client;
  const ss = spawnSync('ss', ['-Htin', `sport = :${localPort}`]);
  if (ss.status !== 0) return;
  const text = String(ss.stdout);
  const info = client.getTcpInfo();
  const read = (pattern) => Number(pattern.exec(text)[1]);
  assert.strictEqual(info.sendMssBytes, read(/ mss:(\d+)/));
  assert.strictEqual(info.pathMtuBytes, read(/ pmtu:(\d+)/));
  assert.strictEqual(info.congestionWindowSegments, read(/ cwnd:(\d+)/));
  assert.strictEqual(info.rttUs, Math.round(read(/ rtt:([\d.]+)/) * 1000));
});

onLinux('getTcpInfo while the peer has ended', async (net, t) => {
  const options = { allowHalfOpen: true };
  const { client, peer } = await pair(net, t, { server: options });
  client.resume().end();
  peer.resume();
  await once(peer, 'end');
  assert.strictEqual(peer.getTcpInfo().state, 'CLOSE_WAIT');
});

alone('getTcpInfo without a TCP connection', async (net, t) => {
  const fresh = new net.Socket();
  assertRefused(() => fresh.getTcpInfo(), 'ENOTCONN', 'getTcpInfo');
  const server = await listening(net, t);
  const client = destroyAfter(t, net.connect(whereIs(server)));
  assertRefused(() => client.getTcpInfo(), 'ENOTCONN', 'getTcpInfo');
  await once(client, 'connect');
  const closing = closed(client);
  client.destroy();
  await closing;
  assertRefused(() => client.getTcpInfo(), 'ENOTCONN', 'getTcpInfo');

  const unix = await pair(net, t, { where: { path: freeName(t) } });
  assertRefused(() => unix.client.getTcpInfo(), 'ENOTSUP', 'getTcpInfo');
});

onLinux('getTcpInfo of a bound socket', (net, t) => {
  const handle = new net.BoundSocket({ host: '127.0.0.1' });
  const socket = destroyAfter(t, new net.Socket({ handle }));
  assertRefused(() => socket.getTcpInfo(), 'ENOTCONN', 'getTcpInfo');
});

if (!isLinux) {
  alone('getTcpInfo on another system', async (net, t) => {
    const { client } = await pair(net, t);
    assertRefused(() => client.getTcpInfo(), 'ENOTSUP', 'getTcpInfo');
  });
}
