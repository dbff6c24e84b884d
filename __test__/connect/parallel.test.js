'use strict';

// autoSelectFamily: 'parallel'. A slow address is one whose server does not accept,
// and has a full queue: the kernel drops what comes until the queue has room.

const assert = require('node:assert');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { alone } = require('../helpers/both');
const { runs } = require('../helpers/child');
const {
  closed,
  destroyAfter,
  listening,
  recorded,
} = require('../helpers/wire');

/** A thread that listens, fills its accept queue, and blocks until the flag is set. */
const busy = `
  const { parentPort, workerData } = require('node:worker_threads');
  const net = require('node:net');
  const { flag, host, port } = workerData;
  const clients = [];
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen({ port, host, backlog: 1 }, () => {
    for (let i = 0; i < 4; i++) {
      clients.push(net.connect(port, host).on('error', () => {}));
    }
    // They connect in the next tick, and are accepted in the next iteration.
    process.nextTick(() => {
      parentPort.postMessage('full');
      Atomics.wait(flag, 0, 0);
    });
  });
  parentPort.on('message', () => process.exit());`;

/** Makes an address at which nobody answers until \`release\` is called. */
async function slowAddress(t, port, host) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(busy, {
    eval: true,
    workerData: { flag, host, port },
  });
  const release = () => {
    Atomics.store(flag, 0, 1);
    Atomics.notify(flag, 0);
  };
  t.after(() => {
    release();
    return worker.terminate();
  });
  await once(worker, 'message');
  return { release };
}

const events = [
  ...['connectionAttempt', 'connectionAttemptFailed'],
  ...['connectionAttemptTimeout', 'connect', 'error', 'close'],
];

/** Connects to these addresses of one name, and records what happens. */
function race(net, t, port, hosts, extra = {}) {
  const addresses = hosts.map((address) => ({ address, family: 4 }));
  const client = net.connect({
    port,
    host: 'name.invalid',
    autoSelectFamily: 'parallel',
    autoSelectFamilyAttemptTimeout: 50,
    lookup: (name, options, callback) =>
      process.nextTick(callback, null, addresses),
    ...extra,
  });
  destroyAfter(t, client);
  client.on('error', () => {});
  return { client, seen: recorded(client, events) };
}

const openIn = (net) => net.getStats({ sockets: true }).open.length;

alone('the next address starts while the first goes on', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  await slowAddress(t, port, '127.0.0.3');
  const before = openIn(net);
  const { raced } = net.getStats();
  const { client, seen } = race(net, t, port, ['127.0.0.3', '127.0.0.2']);
  await once(client, 'connect');
  assert.strictEqual(client.remoteAddress, '127.0.0.2');
  assert.deepStrictEqual(client.autoSelectFamilyAttemptedAddresses, [
    `127.0.0.3:${port}`,
    `127.0.0.2:${port}`,
  ]);
  assert.deepStrictEqual(
    seen.map((event) => event.split(' ')[0]),
    ['connectionAttempt', 'connectionAttempt', 'connect'],
  );
  assert.strictEqual(net.getStats().raced, raced + 2);
  client.destroy();
  await closed(client);
  // The slow attempt is closed, too; the server's end may still be there.
  assert.ok(openIn(net) <= before + 1);
});

alone('a slow address is not given up', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  const first = await slowAddress(t, port, '127.0.0.3');
  await slowAddress(t, port, '127.0.0.4');
  const { client } = race(net, t, port, ['127.0.0.3', '127.0.0.4']);
  client.on('connectionAttempt', (address) => {
    // By now its own time is over. The kernel tries again within a second or two.
    if (address === '127.0.0.4') first.release();
  });
  await once(client, 'connect');
  assert.strictEqual(client.remoteAddress, '127.0.0.3');
  const echoed = once(client, 'close');
  client.end();
  client.resume();
  await echoed;
});

alone(
  'a refused address costs no time, and all make one error',
  async (net, t) => {
    const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
    const { port } = server.address();
    const hosts = ['127.0.0.5', '127.0.0.6'];
    const extra = { autoSelectFamilyAttemptTimeout: 60_000 };
    const good = race(net, t, port, [...hosts, '127.0.0.2'], extra);
    await once(good.client, 'connect');
    assert.strictEqual(good.client.remoteAddress, '127.0.0.2');
    good.client.destroy();

    const { client, seen } = race(net, t, port, hosts, extra);
    const [error] = await once(client, 'error');
    await closed(client);
    assert.strictEqual(error.name, 'AggregateError');
    assert.strictEqual(error.code, 'ECONNREFUSED');
    assert.deepStrictEqual(
      error.errors.map(({ message }) => message),
      hosts.map((host) => `connect ECONNREFUSED ${host}:${port}`),
    );
    assert.deepStrictEqual(
      seen.map((event) => event.split(' ')[0]),
      [
        ...['connectionAttempt', 'connectionAttemptFailed'],
        ...['connectionAttempt', 'connectionAttemptFailed'],
        ...['error', 'close'],
      ],
    );
  },
);

alone('destroy() closes every attempt', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  await slowAddress(t, port, '127.0.0.3');
  await slowAddress(t, port, '127.0.0.4');
  const before = openIn(net);
  const { client, seen } = race(net, t, port, ['127.0.0.3', '127.0.0.4']);
  await once(client, 'connectionAttempt');
  await once(client, 'connectionAttempt');
  assert.strictEqual(openIn(net), before + 2);
  client.destroy();
  await closed(client);
  assert.strictEqual(openIn(net), before);
  assert.strictEqual(seen.at(-1), 'close false');
});

alone('connectTimeout ends all attempts', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  await slowAddress(t, port, '127.0.0.3');
  await slowAddress(t, port, '127.0.0.4');
  const before = openIn(net);
  const extra = { connectTimeout: 200 };
  const hosts = ['127.0.0.3', '127.0.0.4'];
  const { client } = race(net, t, port, hosts, extra);
  const [error] = await once(client, 'error');
  assert.strictEqual(error.message, `connect ETIMEDOUT 127.0.0.4:${port}`);
  await closed(client);
  assert.strictEqual(openIn(net), before);
});

alone('a listener may destroy the socket', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  const { client, seen } = race(net, t, port, ['127.0.0.5', '127.0.0.2']);
  client.once('connectionAttemptFailed', () => client.destroy());
  await closed(client);
  assert.strictEqual(seen.at(-1), 'close false');
  assert.strictEqual(seen.length, 3);
});

alone('the option and the default take no other text', async (net, t) => {
  const wrong = { code: 'ERR_INVALID_ARG_TYPE' };
  assert.throws(
    () => net.connect({ port: 1, autoSelectFamily: 'both' }),
    wrong,
  );
  assert.throws(() => net.setDefaultAutoSelectFamily('both'), wrong);
  const before = net.getDefaultAutoSelectFamily();
  t.after(() => net.setDefaultAutoSelectFamily(before));
  net.setDefaultAutoSelectFamily('parallel');
  assert.strictEqual(net.getDefaultAutoSelectFamily(), true);
});

alone('the default may be parallel', async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.2' });
  const { port } = server.address();
  const before = net.getDefaultAutoSelectFamily();
  t.after(() => net.setDefaultAutoSelectFamily(before));
  net.setDefaultAutoSelectFamily('parallel');
  const { raced } = net.getStats();
  const extra = { autoSelectFamily: undefined };
  const { client } = race(net, t, port, ['127.0.0.5', '127.0.0.2'], extra);
  await once(client, 'connect');
  assert.strictEqual(net.getStats().raced, raced + 2);
});

alone('RUST_NET_AUTO_SELECT_FAMILY sets the default', async (net) => {
  const program = (own) => console.log(own.getDefaultAutoSelectFamily());
  for (const [value, expected] of [
    ['parallel', 'true'],
    ['1', 'true'],
    ['0', 'false'],
  ]) {
    const env = { RUST_NET_AUTO_SELECT_FAMILY: value };
    const { stdout } = await runs(net, program, { env });
    assert.strictEqual(stdout.trim(), expected);
  }
});
