'use strict';

// The limits of a server for each address, and what it leaves in the kernel: node
// has neither.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { alone } = require('../helpers/both');
const {
  closed,
  connected,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  nextIteration,
  until,
  whereIs,
} = require('../helpers/wire');

/** All of 127.0.0.0/8 are addresses of this machine there. */
const hasMany = process.platform === 'linux';

const from = (net, t, server, localAddress) =>
  destroyAfter(t, net.connect({ ...whereIs(server), localAddress }));

/** The counts of who was rejected, and why. */
function rejections(net, server) {
  const { dropped, rejectedByAddress, rejectedByRate } = net.getStats(server);
  return { dropped, rejectedByAddress, rejectedByRate };
}

const hold = (socket) => socket.on('error', () => {});

alone('an address has so many connections open', async (net, t) => {
  const options = { maxConnectionsPerAddress: 2 };
  const server = await listening(net, t, undefined, options, hold);
  server.on('drop', () => assert.fail('it has woken JavaScript'));
  const [first] = [
    await connected(net, t, server),
    await connected(net, t, server),
  ];
  await until(() => net.getStats(server).connections === 2);
  await closed(from(net, t, server));
  assert.deepStrictEqual(rejections(net, server), {
    dropped: 1,
    rejectedByAddress: 1,
    rejectedByRate: 0,
  });
  if (hasMany) {
    await once(from(net, t, server, '127.0.3.4'), 'connect');
    await until(() => net.getStats(server).connections === 3);
  }
  // The server's end counts until it is closed.
  first.destroy();
  const open = net.getStats(server).connections;
  await until(() => net.getStats(server).connections < open);
  from(net, t, server);
  await once(server, 'connection');
  server.close();
  assert.strictEqual(rejections(net, server).rejectedByAddress, 1);
});

alone('an address opens so many a second', async (net, t) => {
  const server = await listening(
    net,
    t,
    undefined,
    { acceptRate: 3 },
    (socket) => socket.end(),
  );
  const ends = Array.from({ length: 10 }, () =>
    closed(from(net, t, server).resume()),
  );
  await Promise.all(ends);
  const { rejectedByRate, rejectedByAddress } = rejections(net, server);
  // As many more as thirds of a second have passed.
  assert.ok(rejectedByRate > 0 && rejectedByRate <= 7, `${rejectedByRate}`);
  assert.strictEqual(rejectedByAddress, 0);
  const { accepted } = net.getStats(server);
  assert.strictEqual(accepted + rejectedByRate, 10);
});

if (hasMany) {
  alone('a flood wakes JavaScript for who is let in', async (net, t) => {
    const options = { maxConnectionsPerAddress: 2 };
    const server = await listening(net, t, undefined, options, hold);
    const { onconnection } = server._handle;
    let calls = 0;
    server._handle.onconnection = function (...args) {
      calls++;
      return onconnection.apply(this, args);
    };
    const addresses = Array.from(
      { length: 200 },
      (_, i) => `127.0.${1 + (i >> 5)}.${1 + (i & 31)}`,
    );
    const clients = addresses.flatMap((address) =>
      [1, 2, 3, 4, 5].map(() => from(net, t, server, address)),
    );
    for (const client of clients) hold(client).resume();
    await until(() => net.getStats(server).dropped === 600);
    await until(() => calls === 400);
    assert.deepStrictEqual(rejections(net, server), {
      dropped: 600,
      rejectedByAddress: 600,
      rejectedByRate: 0,
    });
    assert.strictEqual(net.getStats(server).accepted, 400);
  });
}

alone('a path has no addresses', async (net, t) => {
  const options = { maxConnectionsPerAddress: 1, acceptRate: 1 };
  const where = { path: freeName(t) };
  const server = await listening(net, t, where, options);
  for (let i = 0; i < 3; i++) {
    const accepted = once(server, 'connection');
    await connected(net, t, server);
    await accepted;
  }
  assert.strictEqual(net.getStats(server).dropped, 0);
});

alone('both limits are properties, too', async (net, t) => {
  const plain = net.createServer();
  assert.ok(!('maxConnectionsPerAddress' in plain || 'acceptRate' in plain));
  const server = net.createServer({
    maxConnectionsPerAddress: 7,
    acceptRate: 8,
  });
  assert.strictEqual(server.maxConnectionsPerAddress, 7);
  assert.strictEqual(server.acceptRate, 8);
  server.acceptRate = 'many';
  assert.throws(() => server.listen(0), {
    code: 'ERR_INVALID_ARG_TYPE',
    message:
      'The "server.acceptRate" property must be of type number. ' +
      "Received type string ('many')",
  });
  t.after(() => server.close());
});

alone('a limit is an integer from 1', (net) => {
  const failure = (options) => {
    try {
      net.createServer(options);
    } catch (error) {
      return errorFields(error);
    }
    throw new Error('it was taken');
  };
  for (const name of ['maxConnectionsPerAddress', 'acceptRate']) {
    assert.deepStrictEqual(failure({ [name]: '5' }), {
      class: 'TypeError',
      name: 'TypeError',
      message:
        `The "options.${name}" property must be of type number. ` +
        "Received type string ('5')",
      keys: ['code'],
      code: 'ERR_INVALID_ARG_TYPE',
    });
    for (const [value, range] of [
      [0, '>= 1 && <= 2147483647'],
      [1.5, 'an integer'],
    ]) {
      assert.deepStrictEqual(failure({ [name]: value }), {
        class: 'RangeError',
        name: 'RangeError',
        message:
          `The value of "options.${name}" is out of range. ` +
          `It must be ${range}. Received ${value}`,
        keys: ['code'],
        code: 'ERR_OUT_OF_RANGE',
      });
    }
  }
});

alone('connections wait while accepting is paused', async (net, t) => {
  const server = net.createServer(hold);
  assert.strictEqual(server.pauseAccepting(), server);
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.on('connection', (socket) => destroyAfter(t, socket));
  const clients = [
    await connected(net, t, server),
    await connected(net, t, server),
  ];
  for (let i = 0; i < 20; i++) await nextIteration();
  assert.strictEqual(net.getStats(server).accepted, 0);
  assert.strictEqual(server.resumeAccepting(), server);
  await until(() => net.getStats(server).accepted === 2);
  server.pauseAccepting();
  clients.push(await connected(net, t, server));
  for (let i = 0; i < 20; i++) await nextIteration();
  assert.strictEqual(net.getStats(server).accepted, 2);
  server.resumeAccepting();
  await until(() => net.getStats(server).accepted === 3);
});

alone('http: a server has limits and a pause', async (net, t) => {
  const { install, uninstall } = require('../../http');
  install();
  t.after(uninstall);
  const server = http.createServer((_, response) => response.end('hello'));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.maxConnectionsPerAddress = 1;
  server.pauseAccepting().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const first = await connected(net, t, server);
  for (let i = 0; i < 20; i++) await nextIteration();
  assert.strictEqual(net.getStats(server).accepted, 0);
  server.resumeAccepting();
  await until(() => net.getStats(server).accepted === 1);
  await closed(hold(from(net, t, server)).resume());
  assert.strictEqual(rejections(net, server).rejectedByAddress, 1);
  first.destroy();
});
