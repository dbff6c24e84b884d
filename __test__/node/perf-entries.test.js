'use strict';

// The 'net' entries of perf_hooks, and that nothing else is seen of how they
// come about.

const assert = require('node:assert');
const channels = require('node:diagnostics_channel');
const { once } = require('node:events');
const { PerformanceObserver, performance } = require('node:perf_hooks');
const { setImmediate } = require('node:timers/promises');
const { alone, both } = require('../helpers/both');
const { destroyAfter, listening, transports } = require('../helpers/wire');

function observe(t) {
  const entries = [];
  const observer = new PerformanceObserver((list) =>
    entries.push(...list.getEntries()),
  );
  observer.observe({ type: 'net' });
  t.after(() => observer.disconnect());
  return { entries, observer };
}

async function connected(t, socket) {
  destroyAfter(t, socket);
  await once(socket, 'ready');
  // Observers are told in a turn of their own.
  await setImmediate();
  await setImmediate();
}

both('an entry for a connection over TCP', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const { entries } = observe(t);
  const before = performance.now();
  await connected(t, net.connect(port, '127.0.0.1'));
  assert.strictEqual(entries.length, 1);
  const [{ name, entryType, startTime, duration, detail }] = entries;
  assert.deepStrictEqual(
    { name, entryType, detail },
    { name: 'connect', entryType: 'net', detail: { host: '127.0.0.1', port } },
  );
  assert.ok(startTime >= before, `${startTime} < ${before}`);
  assert.ok(duration > 0 && startTime + duration <= performance.now());
});

both('an entry for the address that won a race', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const { entries } = observe(t);
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  const options = {
    port,
    host: 'somewhere',
    autoSelectFamily: true,
    lookup: (host, query, found) => found(null, addresses),
  };
  await connected(t, net.connect(options));
  assert.deepStrictEqual(
    entries.map(({ detail }) => detail),
    [{ host: '127.0.0.1', port }],
  );
});

both('none for a path, nor for a connect that fails', async (net, t) => {
  const [, where] = transports.find(([name]) => /unix|pipe/i.test(name));
  const server = await listening(net, t, where(t));
  const { entries } = observe(t);
  await connected(t, net.connect(server.address()));
  const refused = net.connect(1, '127.0.0.1');
  await once(refused, 'error');
  await setImmediate();
  assert.deepStrictEqual(entries, []);
});

both('none once nobody observes', async (net, t) => {
  const server = await listening(net, t);
  const { port } = server.address();
  const { entries, observer } = observe(t);
  await connected(t, net.connect(port, '127.0.0.1'));
  assert.strictEqual(entries.length, 1);
  observer.disconnect();
  await connected(t, net.connect(port, '127.0.0.1'));
  assert.strictEqual(entries.length, 1);
});

alone('subscribers hear of the one socket only', async (net, t) => {
  const server = await listening(net, t);
  const seen = [];
  const listener = ({ socket }) => seen.push(socket);
  channels.subscribe('net.client.socket', listener);
  t.after(() => channels.unsubscribe('net.client.socket', listener));
  observe(t);
  const client = net.connect(server.address().port, '127.0.0.1');
  await connected(t, client);
  assert.deepStrictEqual(seen, [client]);
});
