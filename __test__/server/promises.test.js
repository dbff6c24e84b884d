'use strict';

// `net.promises`, and a server as an iterator of its connections. Where the
// running Node has them, node:net is tested too: both came with the same release.

const assert = require('node:assert');
const { once } = require('node:events');
const nodeNet = require('node:net');
const { alone, both } = require('../helpers/both');
const {
  bytesOf,
  closed,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  nextIteration,
  whereIs,
} = require('../helpers/wire');

const host = '127.0.0.1';
const since = { since: 'promises' in nodeNet ? '18' : '999' };

/** Makes a listening server by its promise. */
async function served(net, t, options = { host, port: 0 }) {
  const server = await net.promises.listen(options);
  server.on('connection', (socket) => destroyAfter(t, socket));
  t.after(() => server.close());
  return server;
}

both('connect and listen over TCP', since, async (net, t) => {
  const { connect } = net.promises;
  const server = await served(net, t, {
    host,
    port: 0,
    noDelay: true,
    connectionListener: (socket) => socket.end('welcome'),
  });
  assert.ok(server instanceof net.Server);
  assert.strictEqual(server.noDelay, true);
  assert.ok(server.listening);
  const { port } = server.address();
  for (const args of [[{ port, host }], [port, host]]) {
    const socket = destroyAfter(t, await connect(...args));
    assert.ok(socket instanceof net.Socket);
    assert.strictEqual(socket.connecting, false);
    assert.strictEqual(String(await bytesOf(socket)), 'welcome');
  }
});

both('connect and listen on a path', since, async (net, t) => {
  const path = freeName(t);
  const server = await served(net, t, { path });
  assert.strictEqual(server.address(), path);
  const socket = destroyAfter(t, await net.promises.connect(path));
  assert.strictEqual(socket.connecting, false);
});

both('listen needs no options', since, async (net, t) => {
  for (const args of [[], [{ noDelay: true }], [undefined]]) {
    const server = await net.promises.listen(...args);
    t.after(() => server.close());
    assert.ok(server.address().port > 0);
  }
});

both('a connect that fails rejects', since, async (net, t) => {
  const server = await served(net, t);
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  await assert.rejects(net.promises.connect(port, host), (error) => {
    assert.deepStrictEqual(Object.keys(error), [
      'errno',
      'code',
      'syscall',
      'address',
      'port',
    ]);
    assert.strictEqual(error.code, 'ECONNREFUSED');
    return true;
  });
});

both('a listen that fails rejects', since, async (net, t) => {
  const { port } = (await served(net, t)).address();
  await assert.rejects(net.promises.listen({ host, port }), {
    code: 'EADDRINUSE',
    syscall: 'listen',
  });
});

both('wrong arguments reject', since, async (net) => {
  const { connect, listen } = net.promises;
  const code = 'ERR_INVALID_ARG_TYPE';
  await assert.rejects(listen(null), { name: 'TypeError', code });
  await assert.rejects(listen([]), { code });
  await assert.rejects(listen({ signal: null }), {
    code,
    message:
      'The "options.signal" property must be an instance of AbortSignal. ' +
      'Received null',
  });
  await assert.rejects(connect({ port: 1, signal: 7 }), { code });
  await assert.rejects(connect(), { code: 'ERR_MISSING_ARGS' });
  await assert.rejects(connect(65536, host), { code: 'ERR_SOCKET_BAD_PORT' });
  await assert.rejects(listen({ port: 65536 }), {
    code: 'ERR_SOCKET_BAD_PORT',
  });
});

both('a signal that is aborted before', since, async (net) => {
  const reason = new Error('changed my mind');
  const signal = AbortSignal.abort(reason);
  const is = (error) => error === reason;
  await assert.rejects(net.promises.connect({ port: 1, signal }), is);
  await assert.rejects(net.promises.listen({ signal }), is);
});

both('a signal that is aborted meanwhile', since, async (net, t) => {
  const { port } = (await served(net, t)).address();
  const aborted = { name: 'AbortError', code: 'ABORT_ERR' };
  for (const start of [
    (signal) => net.promises.connect({ port, host, signal }),
    (signal) => net.promises.listen({ port: 0, host, signal }),
  ]) {
    const controller = new AbortController();
    const outcome = assert.rejects(start(controller.signal), aborted);
    controller.abort(new Error('changed my mind'));
    await outcome;
  }
});

both('a signal that is aborted later', since, async (net, t) => {
  const controller = new AbortController();
  const { signal } = controller;
  const server = await served(net, t, { port: 0, host, signal });
  const accepted = once(server, 'connection');
  const socket = await net.promises.connect({ ...whereIs(server), signal });
  destroyAfter(t, socket);
  const [peer] = await accepted;
  controller.abort();
  assert.strictEqual(server.listening, false);
  await nextIteration();
  // It was the connect that could be aborted, not the socket.
  assert.strictEqual(socket.destroyed, false);
  peer.destroy();
});

both('the rest of the namespace is that of net', since, (net) => {
  const { promises } = net;
  assert.deepStrictEqual(Object.keys(promises), [
    'connect',
    'listen',
    'isIP',
    'isIPv4',
    'isIPv6',
    'BlockList',
    'SocketAddress',
  ]);
  for (const name of Object.keys(promises).slice(2)) {
    assert.strictEqual(promises[name], net[name]);
  }
  for (const name of ['connect', 'listen']) {
    assert.strictEqual(promises[name].name, name);
    assert.strictEqual(promises[name].length, 0);
  }
  assert.strictEqual(net.promises, promises);
  const keys = Object.keys(net);
  assert.strictEqual(keys[keys.indexOf('createServer') + 1], 'promises');
});

alone('rust-net/promises is the same object', (net) => {
  assert.strictEqual(require('../../promises'), net.promises);
});

both('a loop over connections', since, async (net, t) => {
  const server = await listening(net, t);
  const seen = [];
  const loop = (async () => {
    for await (const socket of server) {
      seen.push(socket);
      socket.end(String(seen.length));
      if (seen.length === 3) server.close();
    }
  })();
  for (let i = 1; i <= 3; i++) {
    const socket = await net.promises.connect(whereIs(server));
    assert.strictEqual(String(await bytesOf(socket)), String(i));
  }
  await loop;
  assert.strictEqual(server.listenerCount('close'), 0);
  assert.ok(seen.every((socket) => socket instanceof net.Socket));
});

both(
  'a loop that is left leaves the server as it is',
  since,
  async (net, t) => {
    const server = await listening(net, t);
    const names = ['connection', 'error', 'close'];
    const count = () => names.map((name) => server.listenerCount(name));
    const before = count();
    const first = destroyAfter(t, net.connect(whereIs(server)));
    for await (const socket of server) {
      assert.notDeepStrictEqual(count(), before);
      socket.destroy();
      break;
    }
    assert.deepStrictEqual(count(), before);
    assert.ok(server.listening);
    first.destroy();
  },
);

both(
  'connections wait for the loop, also when it is closed',
  since,
  async (net, t) => {
    const server = await listening(net, t);
    const connections = server[Symbol.asyncIterator]();
    assert.strictEqual(connections[Symbol.asyncIterator](), connections);
    for (let i = 0; i < 2; i++) {
      const client = destroyAfter(t, net.connect(whereIs(server)));
      await once(server, 'connection');
      client.destroy();
    }
    server.close();
    const first = await connections.next();
    assert.ok(first.value instanceof net.Socket);
    assert.strictEqual(first.done, false);
    const second = await connections.next();
    for (const { value } of [first, second]) value.destroy();
    const end = { value: undefined, done: true };
    assert.deepStrictEqual(await connections.next(), end);
    assert.deepStrictEqual(await connections.next(), end);
  },
);

both('calls of next are answered in order', since, async (net, t) => {
  const server = await listening(net, t);
  const connections = server[Symbol.asyncIterator]();
  const asked = [1, 2, 3].map(() => connections.next());
  const clients = [1, 2].map(() => net.connect(whereIs(server)));
  const [first, second] = await Promise.all(asked.slice(0, 2));
  assert.notStrictEqual(first.value, second.value);
  const ends = [...clients, first.value, second.value].map(closed);
  for (const socket of [...clients, first.value, second.value]) {
    socket.destroy();
  }
  await Promise.all(ends);
  server.close();
  assert.deepStrictEqual(await asked[2], { value: undefined, done: true });
});

both("a server's error rejects once", since, async (net, t) => {
  const server = await listening(net, t);
  const error = new Error('of the server');
  const connections = server[Symbol.asyncIterator]();
  const asked = connections.next();
  server.emit('error', error);
  await assert.rejects(asked, (seen) => seen === error);
  assert.strictEqual((await connections.next()).done, true);
  const others = server[Symbol.asyncIterator]();
  server.emit('error', error);
  await assert.rejects(others.next(), (seen) => seen === error);
  assert.strictEqual((await others.next()).done, true);
});

both('throw ends an iterator with an error', since, async (net) => {
  const server = new net.Server();
  const connections = server[Symbol.asyncIterator]();
  const error = new Error('thrown');
  assert.deepStrictEqual(
    thrown(() => connections.throw(7)),
    {
      class: 'TypeError',
      name: 'TypeError',
      message:
        'The "EventEmitter.AsyncIterator" property must be an instance of ' +
        'Error. Received type number (7)',
      keys: ['code'],
      code: 'ERR_INVALID_ARG_TYPE',
    },
  );
  assert.strictEqual(connections.throw(error), undefined);
  assert.strictEqual(server.listenerCount('connection'), 0);
  await assert.rejects(connections.next(), (seen) => seen === error);
  const end = { value: undefined, done: true };
  assert.deepStrictEqual(await connections.next(), end);
  assert.deepStrictEqual(await connections.return(), end);
});

function thrown(act) {
  try {
    return act();
  } catch (error) {
    return errorFields(error);
  }
}
