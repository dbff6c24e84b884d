'use strict';

// The options that node does not have, as the kernel has them.

const assert = require('node:assert');
const { once } = require('node:events');
const { alone } = require('../helpers/both');
const { fullPort } = require('../helpers/full-port');
const { runs } = require('../helpers/child');
const { getsockopt } = require('../helpers/sockopt');
const {
  connected,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  pair,
  whereIs,
} = require('../helpers/wire');

const isLinux = process.platform === 'linux';
const onLinux = isLinux ? alone : () => {};

/** Those that need no right. Linux doubles the sizes of buffers. */
const values = {
  sendBufferSize: 50_000,
  recvBufferSize: 60_000,
  congestion: 'reno',
  notSentLowat: 4096,
  userTimeout: 5000,
};
const inSystem = {
  ...values,
  sendBufferSize: 100_000,
  recvBufferSize: 120_000,
};
/** Those that a process in a container may not set. */
const privileged = { interface: 'lo', mark: 7, transparent: true };

/** What the socket says, and what a child process reads from the descriptor. */
function assertOptions(socket, expected) {
  for (const [name, value] of Object.entries(expected)) {
    assert.strictEqual(socket.getSocketOption(name), value, name);
    const raw = typeof value === 'boolean' ? Number(value) : value;
    assert.strictEqual(getsockopt(socket, name), raw, name);
  }
}

onLinux('options by name of a client', async (net, t) => {
  const { client, peer } = await pair(net, t, { client: values });
  assertOptions(client, inSystem);
  assert.strictEqual(peer.getUserTimeout(), 0);
});

onLinux(
  'options by name of a server hold for what it accepts',
  async (net, t) => {
    const options = { ...values, fastOpen: true };
    const { server, client, peer } = await pair(net, t, { server: options });
    assertOptions(server, inSystem);
    assert.strictEqual(server.getSocketOption('fastOpen'), true);
    assert.strictEqual(getsockopt(server, 'fastOpenQueue'), 256);
    assertOptions(peer, inSystem);
    assert.strictEqual(client.getUserTimeout(), 0);
  },
);

for (const host of ['127.0.0.1', '::1', undefined]) {
  onLinux(`options that need a right, on ${host}`, async (net, t) => {
    for (const [name, value] of Object.entries(privileged)) {
      const server = net.createServer({ [name]: value });
      server.listen({ port: 0, host });
      t.after(() => server.close());
      try {
        await once(server, 'listening');
      } catch (error) {
        assert.deepStrictEqual(
          [error.code, error.message],
          ['EPERM', `setsockopt EPERM ${name}`],
        );
        continue;
      }
      assert.strictEqual(server.getSocketOption(name), value);
      const { port } = server.address();
      const where = { port, host: host ?? '127.0.0.1', [name]: value };
      const client = destroyAfter(t, net.connect(where));
      await once(client, 'connect');
      assert.strictEqual(client.getSocketOption(name), value);
      // IPV6_TRANSPARENT is another option.
      if (host === '127.0.0.1') assertOptions(client, { [name]: value });
    }
  });
}

onLinux('fastOpen of a client', async (net, t) => {
  const server = await listening(net, t, undefined, { fastOpen: true });
  server.on('connection', (peer) => peer.pipe(peer));
  for (let i = 0; i < 3; i++) {
    const client = net.connect({ ...whereIs(server), fastOpen: true });
    destroyAfter(t, client).end('hello');
    await once(client, 'connect');
    assertOptions(client, { fastOpen: true });
    const [data] = await once(client, 'data');
    assert.strictEqual(String(data), 'hello');
  }
});

onLinux('multipath', async (net, t) => {
  const server = net.createServer({ multipath: true });
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  try {
    await once(server, 'listening');
  } catch (error) {
    assert.match(
      error.message,
      /^socket E(PROTONOSUPPORT|NOPROTOOPT|INVAL) multipath$/,
    );
    return;
  }
  server.on('connection', (peer) => peer.pipe(peer));
  assert.strictEqual(getsockopt(server, 'multipath'), 262);
  const client = await connected(net, t, server, { multipath: true });
  assert.strictEqual(client.getSocketOption('multipath'), true);
  assert.strictEqual(getsockopt(client, 'multipath'), 262);
  client.end('hello');
  assert.strictEqual(String((await once(client, 'data'))[0]), 'hello');
  const plain = await connected(net, t, server);
  assert.strictEqual(plain.getSocketOption('multipath'), false);
});

onLinux('every attempt of a race has the options', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '::' });
  const client = destroyAfter(
    t,
    net.connect({
      port: server.address().port,
      host: 'two.invalid',
      autoSelectFamily: true,
      mark: undefined,
      ...values,
      lookup: (name, options, callback) =>
        callback(null, [
          { address: '::2', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ]),
    }),
  );
  await once(client, 'connect');
  assert.strictEqual(client.remoteAddress, '127.0.0.1');
  assertOptions(client, inSystem);
});

alone('buffer sizes before and after connect', async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, new net.Socket());
  assert.strictEqual(client.getSendBufferSize(), undefined);
  assert.strictEqual(client.setSendBufferSize(20_000), client);
  assert.strictEqual(client.setRecvBufferSize(30_000), client);
  assert.strictEqual(client.getSendBufferSize(), 20_000);
  assert.strictEqual(client.getRecvBufferSize(), 30_000);
  client.connect(whereIs(server));
  // The handle has no socket yet.
  client.setRecvBufferSize(40_000);
  assert.strictEqual(client.getRecvBufferSize(), 40_000);
  await once(client, 'connect');
  const times = isLinux ? 2 : 1;
  assert.strictEqual(client.getSendBufferSize(), 20_000 * times);
  assert.strictEqual(client.getRecvBufferSize(), 40_000 * times);
  client.setSendBufferSize(50_000);
  assert.strictEqual(client.getSendBufferSize(), 50_000 * times);
  client.destroy();
  assert.strictEqual(client.getSendBufferSize(), 50_000);
});

onLinux('userTimeout before and after connect', async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, new net.Socket());
  assert.strictEqual(client.getUserTimeout(), 0);
  assert.strictEqual(client.setUserTimeout(1234), client);
  assert.strictEqual(client.getUserTimeout(), 1234);
  client.connect(whereIs(server));
  await once(client, 'connect');
  assertOptions(client, { userTimeout: 1234 });
  client.setUserTimeout(4321);
  assertOptions(client, { userTimeout: 4321 });
  client.setUserTimeout(0);
  assertOptions(client, { userTimeout: 0 });
});

onLinux('userTimeout: nothing is taken', async (net, t) => {
  const userTimeout = 300;
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const client = await connected(net, t, server, { userTimeout });
  const start = Date.now();
  client.write(Buffer.alloc(32 << 20));
  const [error] = await once(client, 'error');
  assert.strictEqual(error.code, 'ETIMEDOUT');
  const passed = Date.now() - start;
  assert.ok(passed >= userTimeout, `${passed} ms`);
});

onLinux('options by name on a Unix socket', async (net, t) => {
  const where = { path: freeName(t) };
  const all = { ...values, mark: 1, fastOpen: true, multipath: true };
  const { client, peer } = await pair(net, t, {
    where,
    server: all,
    client: all,
  });
  for (const socket of [client, peer]) {
    const { sendBufferSize, recvBufferSize } = inSystem;
    assertOptions(socket, { sendBufferSize, recvBufferSize });
    assert.strictEqual(socket.setUserTimeout(1), socket);
  }
});

onLinux('options by name on what is adopted', async (net, t) => {
  const bound = new net.BoundSocket({ host: '127.0.0.1' });
  const server = net.createServer(values).listen(bound);
  t.after(() => server.close());
  await once(server, 'listening');
  assertOptions(server, inSystem);
  const handle = new net.BoundSocket({ host: '127.0.0.1' });
  const client = destroyAfter(t, new net.Socket({ handle, ...values }));
  assertOptions(client, inSystem);
  client.connect(whereIs(server));
  await once(client, 'connect');
  assertOptions(client, inSystem);
});

onLinux('an option that the system refuses', async (net, t) => {
  const expected = {
    class: 'Error',
    name: 'Error',
    message: 'setsockopt ENOENT congestion',
    keys: ['errno', 'code', 'syscall'],
    errno: -2,
    code: 'ENOENT',
    syscall: 'setsockopt',
  };
  const congestion = 'nonesuch';
  const server = net.createServer({ congestion }).listen(0, '127.0.0.1');
  const [refused] = await once(server, 'error');
  assert.deepStrictEqual(errorFields(refused), expected);
  assert.strictEqual(server.listening, false);

  const client = net.connect({ port: 1, host: '127.0.0.1', congestion });
  client.on('connectionAttempt', assert.fail);
  const [error] = await once(destroyAfter(t, client), 'error');
  assert.deepStrictEqual(errorFields(error), expected);

  const handle = new net.BoundSocket({ host: '127.0.0.1' });
  const adopted = destroyAfter(t, new net.Socket({ handle, congestion }));
  const [late] = await once(adopted, 'error');
  assert.deepStrictEqual(errorFields(late), expected);
});

onLinux('userTimeout while it connects', async (net, t) => {
  const port = await fullPort(t);
  const client = net.connect({ port, host: '127.0.0.1' });
  destroyAfter(t, client);
  await once(client, 'connectionAttempt');
  client.setUserTimeout(777);
  assertOptions(client, { userTimeout: 777 });
});

const type = (name, expected, received) =>
  `The "options.${name}" property must be of type ${expected}. Received ${received}`;
const range = (name, expected, received) =>
  `The value of "options.${name}" is out of range. It must be ${expected}. ` +
  `Received ${received}`;
const positive = '>= 1 && <= 2147483647';
const size = '>= 0 && <= 2147483647';

const wrong = [
  [
    'sendBufferSize',
    '1',
    type('sendBufferSize', 'number', "type string ('1')"),
  ],
  ['sendBufferSize', 0, range('sendBufferSize', positive, 0)],
  ['recvBufferSize', 1.5, range('recvBufferSize', 'an integer', 1.5)],
  ['userTimeout', null, type('userTimeout', 'number', 'null')],
  ['userTimeout', -1, range('userTimeout', size, -1)],
  ['notSentLowat', -1, range('notSentLowat', size, -1)],
  ['mark', -1, range('mark', '>= 0 && <= 4294967295', -1)],
  ['interface', 1, type('interface', 'string', 'type number (1)')],
  ['interface', 'x'.repeat(16), range('interface.length', '<= 15', 16)],
  ['congestion', '', /'options.congestion' must be a non-empty string/],
  ['congestion', 'a\0b', /'options.congestion' must be a non-empty string/],
  ['transparent', 1, type('transparent', 'boolean', 'type number (1)')],
  ['fastOpen', 'on', type('fastOpen', 'boolean', "type string ('on')")],
  ['multipath', 0, type('multipath', 'boolean', 'type number (0)')],
];
alone('options by name that are invalid', (net) => {
  for (const [name, value, message] of wrong) {
    const options = { [name]: value };
    assert.throws(() => new net.Socket(options), { message });
    assert.throws(() => net.createServer(options), { message });
    assert.throws(() => net.connect({ port: 1, ...options }), { message });
  }
  const socket = new net.Socket();
  assert.throws(() => socket.setUserTimeout(-1), {
    code: 'ERR_OUT_OF_RANGE',
    message: `The value of "msecs" is out of range. It must be ${size}. Received -1`,
  });
  assert.throws(() => socket.setSendBufferSize('1'), {
    code: 'ERR_INVALID_ARG_TYPE',
  });
  for (const each of [socket, net.createServer()]) {
    assert.throws(() => each.getSocketOption('linger'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /^The argument 'name' must be one of: 'multipath', .*'linger'$/,
    });
  }
});

alone('options that the platform does not have', async (net) => {
  const program = (net) => {
    new net.Socket();
    Object.defineProperty(process, 'platform', { value: 'plan9' });
    for (const name of ['userTimeout', 'mark', 'fastOpen', 'congestion']) {
      const value = { fastOpen: true, congestion: 'reno' }[name] ?? 1;
      try {
        net.createServer({ [name]: value });
      } catch (error) {
        console.log(error.name, error.code, error.message);
      }
    }
    new net.Socket({ sendBufferSize: 1, fastOpen: false });
    try {
      new net.Socket().setUserTimeout(1);
    } catch (error) {
      console.log(error.message);
    }
  };
  const { stdout } = await runs(net, program);
  const line = (name) =>
    `The feature ${name} is unavailable on the current platform, ` +
    'which is being used to run Node.js';
  const code = 'TypeError ERR_FEATURE_UNAVAILABLE_ON_PLATFORM';
  assert.deepStrictEqual(stdout.trim().split('\n'), [
    `${code} ${line('userTimeout')}`,
    `${code} ${line('mark')}`,
    `${code} ${line('fastOpen')}`,
    `${code} ${line('congestion')}`,
    line('userTimeout'),
  ]);
});
