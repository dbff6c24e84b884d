'use strict';

const assert = require('node:assert');
const dns = require('node:dns');
const { once } = require('node:events');
const node = require('node:net');
const { alone, both, nodeIs, same } = require('../helpers/both');
const {
  destroyAfter,
  errorFields,
  listening,
  masked,
  recorded,
  take,
} = require('../helpers/wire');

const answering =
  (...addresses) =>
  (name, options, callback) => {
    const all = addresses.map((address) => ({
      address,
      family: address.includes(':') ? 6 : 4,
    }));
    if (options.all) process.nextTick(callback, null, all);
    else process.nextTick(callback, null, all[0].address, all[0].family);
  };

/** Returns a port on which nobody listens. */
async function refusingPort(net, t) {
  const probe = await listening(net, t);
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

same('lookup is asked with these options', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const asked = [];
  for (const extra of [
    {},
    { family: 4 },
    { hints: dns.ADDRCONFIG },
    { autoSelectFamily: false },
    { autoSelectFamily: true },
  ]) {
    const client = net.connect({
      port,
      host: 'name.invalid',
      ...extra,
      lookup(name, options, callback) {
        asked.push([name, { ...options }]);
        answering('127.0.0.1')(name, options, callback);
      },
    });
    destroyAfter(t, client);
    await once(client, 'connect');
    client.destroy();
  }
  return asked;
});

// Node 18 wraps it in an AggregateError.
both(
  'the only address of a look-up fails with its own error',
  { since: '20' },
  async (net, t) => {
    const server = await listening(net, t);
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    const client = net.connect({
      port,
      host: 'name.invalid',
      autoSelectFamily: true,
      lookup: answering('127.0.0.1'),
    });
    const [error] = await once(client, 'error');
    const { message, code } = error;
    assert.strictEqual(message, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.strictEqual(code, 'ECONNREFUSED');
  },
);

both('an address is not looked up', async (net, t) => {
  const server = await listening(net, t);
  const client = net.connect({
    port: server.address().port,
    host: '127.0.0.1',
    lookup: () => assert.fail('it is an address'),
  });
  await once(destroyAfter(t, client), 'connect');
});

both('a patched dns.lookup is the one used', async (net, t) => {
  const server = await listening(net, t);
  const { lookup } = dns;
  t.after(() => (dns.lookup = lookup));
  const asked = [];
  dns.lookup = (name, options, callback) => {
    asked.push(name);
    answering('127.0.0.1')(name, options, callback);
  };
  const client = net.connect(server.address().port, 'patched.invalid');
  await once(destroyAfter(t, client), 'connect');
  assert.deepStrictEqual(asked, ['patched.invalid']);
});

const badAnswers = {
  'an error': (name, options, callback) =>
    callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' })),
  'no address': (name, options, callback) => callback(null, undefined, 4),
  'a bad address': (name, options, callback) =>
    callback(null, options.all ? [{ address: 'x', family: 4 }] : 'x', 4),
  'a bad family': (name, options, callback) => callback(null, '127.0.0.1', 100),
  'an empty list': (name, options, callback) => callback(null, []),
};
for (const [name, lookup] of Object.entries(badAnswers)) {
  for (const autoSelectFamily of [false, true]) {
    // node:net itself falls over these: a TypeError of its own code.
    if (autoSelectFamily && ['no address', 'an empty list'].includes(name)) {
      continue;
    }
    same(`lookup gives ${name} (${autoSelectFamily})`, async (net, t) => {
      const client = net.connect({
        port: 1,
        host: 'name.invalid',
        autoSelectFamily,
        lookup: (...args) => process.nextTick(lookup, ...args),
      });
      destroyAfter(t, client);
      const events = recorded(client, ['lookup', 'error', 'connect']);
      const [error] = await once(client, 'error');
      const fields = errorFields(error);
      // Node 18 gives its own errors their code last; ours is first, as in 20.
      if (!nodeIs('20')) fields.keys.sort();
      return { error: fields, events };
    });
  }
}

both('a socket destroyed during the lookup', async (net) => {
  let answer;
  const client = net.connect({
    port: 1,
    host: 'name.invalid',
    lookup: (name, options, callback) => (answer = callback),
  });
  const events = recorded(client, ['connect', 'error', 'close']);
  client.destroy();
  await once(client, 'close');
  answer(null, [{ address: '127.0.0.1', family: 4 }]);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepStrictEqual(events, ['close false']);
});

const events = { since: '20.12' };
both('autoSelectFamily goes on to the next', events, async (net, t) => {
  const server = await listening(net, t, { port: 0, host: '127.0.0.1' });
  const { port } = server.address();
  const client = net.connect({
    port,
    host: 'name.invalid',
    autoSelectFamily: true,
    lookup: answering('::1', '127.0.0.1'),
  });
  destroyAfter(t, client);
  const attempts = [];
  for (const name of ['connectionAttempt', 'connectionAttemptFailed']) {
    client.on(name, (address, given, family, error) => {
      assert.strictEqual(given, port);
      attempts.push([name, address, family, error?.code]);
    });
  }
  await once(client, 'connect');
  assert.strictEqual(client.remoteAddress, '127.0.0.1');
  assert.deepStrictEqual(client.autoSelectFamilyAttemptedAddresses, [
    `::1:${port}`,
    `127.0.0.1:${port}`,
  ]);
  assert.strictEqual(attempts.length, 3);
  assert.deepStrictEqual(attempts[0].slice(0, 3), [
    'connectionAttempt',
    '::1',
    6,
  ]);
  assert.strictEqual(attempts[1][0], 'connectionAttemptFailed');
  assert.deepStrictEqual(attempts[2], [
    'connectionAttempt',
    '127.0.0.1',
    4,
    undefined,
  ]);
});

same('autoSelectFamily over addresses that all refuse', async (net, t) => {
  const port = await refusingPort(net, t);
  const client = net.connect({
    port,
    host: 'name.invalid',
    autoSelectFamily: true,
    lookup: answering('127.0.0.1', '127.0.0.2', '127.0.0.3'),
  });
  destroyAfter(t, client);
  const attempts = [
    'connectionAttempt',
    'connectionAttemptFailed',
    'connectionAttemptTimeout',
  ];
  const events = recorded(client, [
    'lookup',
    ...(nodeIs('20.12') ? attempts : []),
    'error',
    'close',
  ]);
  const closing = new Promise((resolve) => client.on('close', resolve));
  const [error] = await once(client, 'error');
  await closing;
  const result = {
    error: errorFields(error),
    events,
    attempted: client.autoSelectFamilyAttemptedAddresses,
  };
  return masked(result, { PORT: port });
});

both('written data goes to the address that answered', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.pipe(c));
  const client = net.connect({
    port: server.address().port,
    host: 'name.invalid',
    autoSelectFamily: true,
    lookup: answering('127.0.0.9', '127.0.0.1'),
  });
  destroyAfter(t, client);
  client.write('kept');
  assert.strictEqual(String(await take(client, 4)), 'kept');
});

both('defaults of autoSelectFamily can be set', (net, t) => {
  const before = net.getDefaultAutoSelectFamily();
  const timeout = net.getDefaultAutoSelectFamilyAttemptTimeout();
  t.after(() => {
    net.setDefaultAutoSelectFamily(before);
    net.setDefaultAutoSelectFamilyAttemptTimeout(timeout);
  });
  net.setDefaultAutoSelectFamily(!before);
  assert.strictEqual(net.getDefaultAutoSelectFamily(), !before);
  net.setDefaultAutoSelectFamilyAttemptTimeout(1234);
  assert.strictEqual(net.getDefaultAutoSelectFamilyAttemptTimeout(), 1234);
  net.setDefaultAutoSelectFamilyAttemptTimeout(3);
  assert.strictEqual(net.getDefaultAutoSelectFamilyAttemptTimeout(), 10);
  for (const bad of [0, -1, 'x', null]) {
    assert.throws(() => net.setDefaultAutoSelectFamilyAttemptTimeout(bad));
  }
  for (const bad of [0, 'x', null]) {
    assert.throws(() => net.setDefaultAutoSelectFamily(bad));
  }
});

same('the defaults', (net) => [
  net.getDefaultAutoSelectFamily(),
  net.getDefaultAutoSelectFamilyAttemptTimeout(),
]);

for (const flag of [
  '--no-network-family-autoselection',
  '--network-family-autoselection-attempt-timeout=777',
]) {
  // Node 18 has no such flag.
  if (!nodeIs('20')) continue;
  same(`the defaults with ${flag}`, (net) => {
    const { idOf } = require('../helpers/both');
    const program = `
      const net = require(${JSON.stringify(idOf(net))});
      console.log(net.getDefaultAutoSelectFamily(),
        net.getDefaultAutoSelectFamilyAttemptTimeout());`;
    const { spawnSync } = require('node:child_process');
    const { stdout } = spawnSync(process.execPath, [flag, '-e', program], {
      encoding: 'utf8',
    });
    assert.match(stdout, /^(true|false) \d+\n$/);
    return stdout;
  });
}

// The end that connects is ready a moment before the listener is.
for (const [whose, module] of [
  ["node's", () => node],
  ['the same kind', (net) => net],
]) {
  both(`a listener of ${whose} is told before 'connect'`, async (net, t) => {
    for (let i = 0; i < 20; i++) {
      const server = module(net).createServer((socket) => socket.end('hello'));
      await once(server.listen(0, '127.0.0.1'), 'listening');
      const { port } = server.address();
      const host = 'localhost';
      const client = net.connect({ port, host, family: 4 });
      // Resets what it has not accepted.
      client.once('connect', () => server.close());
      assert.strictEqual(
        String(await take(destroyAfter(t, client), 5)),
        'hello',
      );
    }
  });
}

both("a listener is told before 'connect', from a callback", async (net, t) => {
  const echo = net.createServer((socket) => socket.pipe(socket));
  await once(echo.listen(0, '127.0.0.1'), 'listening');
  t.after(() => echo.close());
  const other = net.connect(echo.address().port, '127.0.0.1');
  destroyAfter(t, other);
  await once(other, 'connect');
  for (let i = 0; i < 60; i++) {
    const server = net.createServer((socket) => socket.end('hello'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address();
    const text = await new Promise((resolve, reject) => {
      other.once('data', () => {
        const client = net.connect(port, '127.0.0.1', () => server.close());
        take(destroyAfter(t, client), 5).then(resolve, reject);
      });
      other.write('x');
    });
    assert.strictEqual(String(text), 'hello');
  }
});

// In node, a socket destroyed by 'connectionAttempt' is a TypeError that nobody catches.
for (const addresses of [['127.0.0.9'], ['127.0.0.8', '127.0.0.9']]) {
  for (const name of ['connectionAttempt', 'connectionAttemptFailed']) {
    const count = addresses.length;
    const title = `${name} may destroy the socket, addresses: ${count}`;
    alone(title, async (net, t) => {
      const port = await refusingPort(net, t);
      const client = net.connect({
        port,
        host: 'name.invalid',
        autoSelectFamily: true,
        lookup: answering(...addresses),
      });
      destroyAfter(t, client);
      client.once(name, () => client.destroy());
      const seen = recorded(client, ['connectionAttempt', 'error', 'close']);
      await once(client, 'close');
      assert.deepStrictEqual(seen, ['connectionAttempt', 'close false']);
      assert.strictEqual(client._handle, null);
    });
  }
}
