'use strict';

// What net.Server and its companions have in Node 26 and not in 18.

const assert = require('node:assert');
const { once } = require('node:events');
const nodeNet = require('node:net');
const path = require('node:path');
const { alone, both, idOf } = require('../helpers/both');
const { program } = require('../helpers/project');
const {
  closed,
  destroyAfter,
  folder,
  listening,
  whereIs,
} = require('../helpers/wire');

const blockList = { since: '22.13' };
const host = '127.0.0.1';

function listOf(net, ...rules) {
  const list = new net.BlockList();
  for (const rule of rules) list.addAddress(...rule);
  return list;
}

/** Whether a connection to `server` stays open for the server to greet it. */
async function isGreeted(net, t, port, options = {}) {
  const client = destroyAfter(t, net.connect({ port, host, ...options }));
  let greeting = '';
  client.on('data', (data) => (greeting += data));
  await closed(client);
  return greeting === 'welcome';
}

const greet = (socket) => socket.end('welcome');

both('a server turns an address away', blockList, async (net, t) => {
  const options = { blockList: listOf(net, [host]) };
  const server = await listening(net, t, { port: 0, host }, options, greet);
  const { port } = server.address();
  assert.strictEqual(await isGreeted(net, t, port), false);
  options.blockList = listOf(net, ['127.0.0.2']);
  const open = await listening(net, t, { port: 0, host }, options, greet);
  assert.strictEqual(await isGreeted(net, t, open.address().port), true);
});

both('a server turns a mapped address away', blockList, async (net, t) => {
  // On a socket for both families an IPv4 client is ::ffff:127.0.0.1.
  const options = { blockList: listOf(net, [host]) };
  const server = await listening(net, t, { port: 0 }, options, greet);
  assert.strictEqual(server.address().family, 'IPv6');
  assert.strictEqual(await isGreeted(net, t, server.address().port), false);
});

// A blocked connection, and then one that is let through and ends the test.
async function countAccepted(net, t, list, options) {
  const server = await listening(net, t, { port: 0, host }, options, greet);
  const { port } = server.address();
  const { onconnection } = server._handle;
  let accepted = 0;
  server._handle.onconnection = function (...args) {
    accepted++;
    return onconnection.apply(this, args);
  };
  assert.strictEqual(await isGreeted(net, t, port), false);
  list.clear();
  list.addAddress('127.0.0.9');
  assert.strictEqual(await isGreeted(net, t, port), true);
  return accepted;
}

alone('a blocked connection never reaches JavaScript', async (net, t) => {
  const list = listOf(net, [host]);
  assert.strictEqual(await countAccepted(net, t, list, { blockList: list }), 1);
});

alone(
  'a list that answers by itself is asked in JavaScript',
  async (net, t) => {
    const list = listOf(net, [host]);
    const asked = [];
    list.check = function (address, family) {
      asked.push(address);
      return net.BlockList.prototype.check.call(this, address, family);
    };
    assert.strictEqual(
      await countAccepted(net, t, list, { blockList: list }),
      2,
    );
    assert.deepStrictEqual(asked, [host, host]);
  },
);

alone('a list that was cloned goes on blocking', async (net, t) => {
  const list = listOf(net, [host]);
  const server = await listening(
    net,
    t,
    { port: 0, host },
    { blockList: list },
    greet,
  );
  const { port } = server.address();
  assert.strictEqual(await isGreeted(net, t, port), false);
  structuredClone(list);
  assert.strictEqual(await isGreeted(net, t, port), false);
});

for (const [name, to, rule] of [
  ['an address', host, [host]],
  ['a mapped address', `::ffff:${host}`, [host]],
  ['an IPv6 address', '::1', ['::1', 'ipv6']],
]) {
  both(`a client does not connect to ${name}`, blockList, async (net, t) => {
    const client = new net.Socket({ blockList: listOf(net, rule) });
    destroyAfter(t, client);
    const failed = once(client, 'error').catch((error) => [error]);
    client.connect({ host: to, port: 9 });
    assert.strictEqual((await failed)[0].code, 'ERR_IP_BLOCKED');
  });
}

both('a client goes on to the next address', blockList, async (net, t) => {
  const server = await listening(net, t, { port: 0, host }, {}, greet);
  const lookup = (_, options, callback) =>
    process.nextTick(callback, null, [
      { address: '127.0.0.2', family: 4 },
      { address: host, family: 4 },
    ]);
  const list = listOf(net, ['127.0.0.2']);
  const greeted = await isGreeted(net, t, server.address().port, {
    host: 'both.test',
    lookup,
    autoSelectFamily: true,
    blockList: list,
  });
  assert.strictEqual(greeted, true);
});

alone("node's own BlockList will do", async (net, t) => {
  const options = { blockList: listOf(nodeNet, [host]) };
  const server = await listening(net, t, { port: 0, host }, options, greet);
  assert.strictEqual(await isGreeted(net, t, server.address().port), false);
  const client = destroyAfter(t, new net.Socket(options));
  const failed = once(client, 'error').catch((error) => [error]);
  client.connect(whereIs(server));
  assert.strictEqual((await failed)[0].code, 'ERR_IP_BLOCKED');
});

both('blockList takes a BlockList', blockList, (net) => {
  const code = 'ERR_INVALID_ARG_TYPE';
  for (const bad of [1, 'list', [], {}]) {
    const options = { blockList: bad };
    assert.throws(() => new net.Socket(options), { code });
    assert.throws(() => new net.Server(options), { code });
  }
});

both('reusePort', { since: '23.1' }, async (net, t) => {
  const where = { port: 0, host, reusePort: true };
  const first = await listening(net, t, where);
  const { port } = first.address();
  await listening(net, t, { ...where, port });
  const other = net.createServer();
  const failed = once(other, 'error').catch((error) => [error]);
  other.listen({ port, host });
  assert.strictEqual((await failed)[0].code, 'EADDRINUSE');
});

if (Symbol.asyncDispose) {
  both('Symbol.asyncDispose', { since: '20.5' }, async (net, t) => {
    const server = await listening(net, t);
    await server[Symbol.asyncDispose]();
    assert.strictEqual(server.listening, false);
    await server[Symbol.asyncDispose]();
  });
}

// A cluster's worker hands a connection above its mark back to the primary,
// which asks the next; with dropMaxConnection the worker closes it instead.
both('dropMaxConnection', { since: '23.1' }, async (net, t) => {
  const file = path.join(__dirname, '../fixtures/cluster-drop.js');
  const { lines } = await program(folder(t), [file, idOf(net)]);
  assert.deepStrictEqual(lines.sort(), ['closed', 'drop']);
});
