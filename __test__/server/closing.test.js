'use strict';

// A close with a timeout, and the connections that a server closes when it is
// asked to: node's raw servers have nothing of the kind.

const assert = require('node:assert');
const { once } = require('node:events');
const http = require('node:http');
const { PassThrough } = require('node:stream');
const { promisify } = require('node:util');
const { alone } = require('../helpers/both');
const {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  errorFields,
  listening,
  nextIteration,
  pair,
  take,
  transports,
  whereIs,
} = require('../helpers/wire');

/** Longer than any test. */
const late = 60_000;
const soon = 300;

/** Resolves with how a connection ended. */
async function endOf(socket) {
  const outcome = ['open'];
  socket.on('end', () => (outcome[0] = 'end'));
  socket.on('error', ({ code }) => (outcome[0] = code));
  socket.resume();
  if (!socket.closed) await new Promise((done) => socket.on('close', done));
  return outcome[0];
}

function echoing(socket) {
  socket.on('data', (data) => socket.write(data));
}

for (const [name, make] of transports) {
  alone(`idle connections end: ${name}`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, { where: make(t) });
    const accepted = once(server, 'connection');
    const silent = await connected(net, t, server);
    await accepted;
    echoing(peer);
    client.write('ping');
    assert.strictEqual(String(await take(client, 4)), 'ping');
    const ends = [endOf(client), endOf(silent)];
    const asked = Date.now();
    server.close({ timeout: late });
    const [counts] = await once(server, 'close');
    assert.deepStrictEqual(counts, { ended: 2, reset: 0 });
    assert.deepStrictEqual(await Promise.all(ends), ['end', 'end']);
    assert.ok(Date.now() - asked < late / 2);
  });

  alone(`what waits for an answer gets it: ${name}`, async (net, t) => {
    const { server, client, peer } = await pair(net, t, { where: make(t) });
    client.write('question');
    await take(peer, 8);
    let isClosed = false;
    const end = bytesOf(client);
    server.close({ timeout: late }, () => (isClosed = true));
    await new Promise((resolve) => setTimeout(resolve, soon));
    assert.strictEqual(isClosed, false);
    peer.write('answer');
    const [counts] = await once(server, 'close');
    assert.strictEqual(String(await end), 'answer');
    assert.deepStrictEqual(counts, { ended: 1, reset: 0 });
  });
}

alone('what is unanswered at the deadline is reset', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  client.write('question');
  await take(peer, 8);
  const end = endOf(client);
  const asked = Date.now();
  server.close({ timeout: soon });
  const [counts] = await once(server, 'close');
  assert.deepStrictEqual(counts, { ended: 0, reset: 1 });
  assert.ok(Date.now() - asked >= soon - 2);
  assert.strictEqual(await end, 'ECONNRESET');
});

alone('what cannot be sent is reset at the deadline', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  peer.on('error', () => {});
  peer.write(Buffer.alloc(32 << 20));
  server.close({ timeout: soon });
  const [counts] = await once(server, 'close');
  assert.deepStrictEqual(counts, { ended: 0, reset: 1 });
  client.destroy();
});

alone('without time everything is reset at once', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  client.write('question');
  await take(peer, 8);
  const end = endOf(client);
  const counts = await promisify(server.close).call(server, { timeout: 0 });
  assert.deepStrictEqual(counts, { ended: 0, reset: 1 });
  assert.strictEqual(await end, 'ECONNRESET');
});

alone('a connection stays while more may follow', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  peer.write('first ');
  await take(client, 6);
  const source = new PassThrough();
  const isIdle = () => {
    server.closeIdleConnections();
    return peer.writableEnded;
  };
  source.pipe(peer);
  assert.strictEqual(isIdle(), false);
  source.unpipe(peer);
  peer.cork();
  assert.strictEqual(isIdle(), false);
  peer.uncork();
  client.write('question');
  // Nobody has read it.
  await once(peer, 'readable');
  assert.strictEqual(isIdle(), false);
  peer.read();
  assert.strictEqual(isIdle(), false);
  peer.write('answer');
  await take(client, 6);
  assert.strictEqual(isIdle(), true);
  assert.strictEqual(await endOf(client), 'end');
});

alone('bytes that wait in the kernel are no idleness', async (net, t) => {
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server);
  const [peer] = await accepted;
  client.write('question');
  await new Promise((resolve) => client.write('?', resolve));
  await nextIteration();
  server.closeIdleConnections();
  assert.strictEqual(peer.writableEnded, false);
  peer.destroy();
});

alone('the two ends of a proxy are idle together', async (net, t) => {
  const target = await listening(net, t, undefined, {}, echoing);
  const proxy = await listening(net, t, undefined, {}, (socket) => {
    const beyond = destroyAfter(t, net.connect(whereIs(target)));
    socket.pipe(beyond).pipe(socket);
  });
  const client = await connected(net, t, proxy);
  for (const word of ['ping', 'pong']) {
    client.write(word);
    assert.strictEqual(String(await take(client, 4)), word);
  }
  const end = endOf(client);
  proxy.close({ timeout: late });
  const [counts] = await once(proxy, 'close');
  assert.deepStrictEqual(counts, { ended: 1, reset: 0 });
  assert.strictEqual(await end, 'end');
});

alone('an echo by pipe is idle', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  peer.pipe(peer);
  for (const word of ['ping', 'pong']) {
    client.write(word);
    await take(client, 4);
  }
  server.close({ timeout: late });
  assert.deepStrictEqual(await once(server, 'close'), [{ ended: 1, reset: 0 }]);
});

alone('a second close has another deadline', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  client.write('question');
  await take(peer, 8);
  const end = endOf(client);
  const outcomes = [];
  server.close({ timeout: late }, (...args) => outcomes.push(args));
  server.close({ timeout: 0 }, (error) => outcomes.push([error.code]));
  await once(server, 'close');
  const counts = { ended: 0, reset: 1 };
  assert.deepStrictEqual(outcomes, [
    [null, counts],
    ['ERR_SERVER_NOT_RUNNING'],
  ]);
  assert.strictEqual(await end, 'ECONNRESET');
});

alone('all connections can be closed', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  client.write('question');
  await take(peer, 8);
  assert.strictEqual(server.closeAllConnections(), undefined);
  assert.strictEqual(await endOf(client), 'end');
  assert.ok(server.listening);
});

alone('without connections it closes as ever', async (net, t) => {
  const server = await listening(net, t);
  assert.strictEqual(server.close({ timeout: late }), server);
  assert.deepStrictEqual(await once(server, 'close'), [{ ended: 0, reset: 0 }]);
  // Connections of the next time are not its.
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.close();
  assert.deepStrictEqual(await once(server, 'close'), []);
});

alone('options without a timeout change nothing', async (net, t) => {
  const server = await listening(net, t);
  const outcome = new Promise((resolve) =>
    server.close({}, (...args) => resolve(args)),
  );
  assert.deepStrictEqual(await outcome, []);
});

alone('a timeout is validated as node does', async (net, t) => {
  const server = await listening(net, t);
  const failure = (timeout) => {
    try {
      server.close({ timeout });
    } catch (error) {
      return errorFields(error);
    }
    throw new Error('it was taken');
  };
  assert.deepStrictEqual(failure('5'), {
    class: 'TypeError',
    name: 'TypeError',
    message:
      'The "options.timeout" property must be of type number. ' +
      "Received type string ('5')",
    keys: ['code'],
    code: 'ERR_INVALID_ARG_TYPE',
  });
  for (const timeout of [-1, NaN, Infinity]) {
    assert.deepStrictEqual(failure(timeout), {
      class: 'RangeError',
      name: 'RangeError',
      message:
        'The value of "options.timeout" is out of range. It must be ' +
        `a non-negative finite number. Received ${timeout}`,
      keys: ['code'],
      code: 'ERR_OUT_OF_RANGE',
    });
  }
  assert.ok(server.listening);
});

/** Makes an http server on rust-net's sockets. */
async function serveHttp(t, answer) {
  const { install, uninstall } = require('../../http');
  install();
  t.after(uninstall);
  const server = http.createServer(answer);
  t.after(() => server.closeAllConnections());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const request = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n';

alone('http: requests under way are answered', async (net, t) => {
  const asked = [];
  const server = await serveHttp(t, (_, response) => asked.push(response));
  const { port } = server.address();
  const connect = () => destroyAfter(t, net.connect(port, '127.0.0.1'));
  const [busy, silent, stuck] = [connect(), connect(), connect()];
  busy.write(request);
  stuck.write(request);
  while (asked.length < 2) await once(server, 'request');
  const ends = [endOf(silent), endOf(stuck)];
  const answer = bytesOf(busy);
  const isBusy = (response) => response.socket.remotePort === busy.localPort;
  const counts = promisify(server.close).call(server, { timeout: 2 * soon });
  assert.strictEqual(await ends[0], 'end');
  asked.find(isBusy).end('hello');
  assert.match(String(await answer), /hello/);
  assert.strictEqual(await ends[1], 'ECONNRESET');
  const { ended, reset } = await counts;
  assert.strictEqual(reset, 1);
  assert.ok(ended >= 1);
});

alone('http: its own methods stay', async (net, t) => {
  const { closeAllConnections } = http.Server.prototype;
  const server = await serveHttp(t, (_, response) => response.end('hello'));
  assert.strictEqual(server.closeAllConnections, closeAllConnections);
  const client = net.connect(server.address().port, '127.0.0.1');
  client.write(request);
  await take(client, 10);
  const end = closed(client);
  server.closeIdleConnections();
  await end;
  const done = once(server, 'close');
  server.close();
  assert.deepStrictEqual(await done, []);
});
