'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both, same } = require('../helpers/both');
const {
  connected,
  errorFields,
  listening,
  nextIteration,
  pair,
  transports,
  whereIs,
} = require('../helpers/wire');

for (const [name, where] of transports) {
  both(`${name}: close waits for its connections`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, { where: where(t) });
    let closed = false;
    server.close(() => (closed = true));
    assert.strictEqual(server.listening, false);
    for (let i = 0; i < 5; i++) await nextIteration();
    assert.strictEqual(closed, false);
    client.write('still here');
    await once(peer, 'data');
    client.end();
    await once(server, 'close');
    assert.strictEqual(closed, true);
  });

  both(`${name}: a closed server refuses`, async (net, t) => {
    const server = await listening(net, t, where(t));
    const address = whereIs(server);
    await new Promise((resolve) => server.close(resolve));
    const client = net.connect(address);
    t.after(() => client.destroy());
    const [error] = await once(client, 'error');
    assert.match(error.code, /ECONNREFUSED|ENOENT/);
  });
}

same('close of a server that does not listen', async (net) => {
  const server = net.createServer();
  const error = await new Promise((resolve) => server.close(resolve));
  assert.ok(error);
  return errorFields(error);
});

same('close twice', async (net, t) => {
  const server = await listening(net, t);
  const results = [];
  await Promise.all([
    new Promise((resolve) =>
      server.close((error) => resolve(results.push(['first', error?.code]))),
    ),
    new Promise((resolve) =>
      server.close((error) => resolve(results.push(['second', error?.code]))),
    ),
  ]);
  return results;
});

both('close returns the server and clears its address', async (net, t) => {
  const server = await listening(net, t);
  assert.strictEqual(server.close(), server);
  assert.strictEqual(server.address(), null);
  assert.strictEqual(server.listening, false);
  await once(server, 'close');
});

both('Symbol.asyncDispose closes', async (net, t) => {
  const server = await listening(net, t);
  await server[Symbol.asyncDispose]();
  assert.strictEqual(server.listening, false);
  await server[Symbol.asyncDispose]();
});

both('close in a connection handler', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => {
    server.close();
    c.end('last');
  });
  const client = await connected(net, t, server);
  client.resume();
  await once(server, 'close');
});

both('getConnections counts', async (net, t) => {
  const server = await listening(net, t);
  const count = () =>
    new Promise((resolve, reject) => {
      const returned = server.getConnections((error, n) =>
        error ? reject(error) : resolve(n),
      );
      assert.strictEqual(returned, server);
    });
  assert.strictEqual(await count(), 0);
  const clients = [];
  for (let i = 1; i <= 3; i++) {
    const accepted = once(server, 'connection');
    clients.push(await connected(net, t, server));
    const [peer] = await accepted;
    peer.resume();
    assert.strictEqual(await count(), i);
  }
  const gone = [];
  for (const client of clients) {
    client.end();
    gone.push(once(client, 'close'));
  }
  await Promise.all(gone);
  while ((await count()) !== 0) await nextIteration();
});

both('connections waiting at close are not accepted', async (net, t) => {
  const server = await listening(net, t);
  const { port, host } = whereIs(server);
  let accepted = 0;
  server.on('connection', (c) => {
    accepted++;
    c.destroy();
  });
  await new Promise((resolve) => server.close(resolve));
  const client = net.connect(port, host);
  t.after(() => client.destroy());
  await once(client, 'error');
  assert.strictEqual(accepted, 0);
});
