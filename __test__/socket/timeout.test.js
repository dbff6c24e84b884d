'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both, same } = require('../helpers/both');
const { connected, destroyAfter, listening, pair } = require('../helpers/wire');

both('an idle socket times out and stays open', async (net, t) => {
  const { client } = await pair(net, t);
  assert.strictEqual(client.setTimeout(20), client);
  assert.strictEqual(client.timeout, 20);
  await once(client, 'timeout');
  assert.strictEqual(client.destroyed, false);
  assert.strictEqual(client.readyState, 'open');
});

both('setTimeout takes a listener, and 0 removes it', async (net, t) => {
  const { client } = await pair(net, t);
  const listener = () => assert.fail('removed');
  client.setTimeout(10, listener);
  assert.strictEqual(client.listenerCount('timeout'), 1);
  client.setTimeout(0, listener);
  assert.strictEqual(client.listenerCount('timeout'), 0);
  assert.strictEqual(client.timeout, 0);
  await new Promise((resolve) => setTimeout(resolve, 40));
});

for (const [name, act] of [
  ['writes', (client) => client.write('x')],
  ['reads', (client, peer) => peer.write('x')],
]) {
  both(`${name} put the timeout off`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    client.resume();
    peer.resume();
    let fired = 0;
    // Twelve gaps fit into the timeout, for a machine that is busy, and the
    // sixteen together do not.
    client.setTimeout(600, () => fired++);
    for (let i = 0; i < 16; i++) {
      act(client, peer);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.strictEqual(fired, 0);
    await once(client, 'timeout');
  });
}

both('a timeout set before connect', async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, new net.Socket());
  client.setTimeout(15);
  client.connect(server.address().port);
  assert.strictEqual(client.timeout, 15);
  await once(client, 'timeout');
  assert.strictEqual(client.destroyed, false);
});

both('the timeout option of connect', async (net, t) => {
  const server = await listening(net, t);
  const client = await connected(net, t, server, { timeout: 15 });
  assert.strictEqual(client.timeout, 15);
  await once(client, 'timeout');
});

both('a timeout of a connect in progress', async (net, t) => {
  // The lookup never answers, so that the connection stays in progress; the
  // timer alone keeps no process alive.
  const awake = setInterval(() => {}, 1000);
  t.after(() => clearInterval(awake));
  const client = destroyAfter(
    t,
    net.connect({
      host: 'nobody.invalid',
      port: 1,
      lookup: () => {},
      timeout: 15,
    }),
  );
  await once(client, 'timeout');
  assert.strictEqual(client.connecting, true);
  client.destroy();
  await once(client, 'close');
});

both('a destroyed socket does not time out', async (net, t) => {
  const { client } = await pair(net, t);
  client.setTimeout(10, () => assert.fail('it is closed'));
  client.destroy();
  await new Promise((resolve) => setTimeout(resolve, 40));
});

same('what is no timeout is refused', (net) => {
  const socket = new net.Socket();
  const values = ['1', -1, NaN, Infinity, {}, null, undefined, 1n, true];
  return values.map((value) => {
    try {
      socket.setTimeout(value);
      return 'taken';
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  });
});

same('a callback that is no function is refused', (net) => {
  const socket = new net.Socket();
  return ['x', 1, {}, true].map((value) => {
    try {
      socket.setTimeout(1, value);
      return 'taken';
    } catch (error) {
      return [error.constructor.name, error.code, error.message];
    }
  });
});

both('a timeout while the writer waits for its peer', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.pause();
  for (let i = 0; i < 16; i++) client.write(Buffer.alloc(1 << 20));
  client.setTimeout(20);
  await once(client, 'timeout');
  assert.strictEqual(client.destroyed, false);
});
