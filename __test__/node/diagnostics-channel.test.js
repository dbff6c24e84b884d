'use strict';

const assert = require('node:assert');
const channels = require('node:diagnostics_channel');
const { once } = require('node:events');
const { both, nodeIs, same } = require('../helpers/both');
const { destroyAfter, listening } = require('../helpers/wire');

function subscribed(t, name, listener) {
  channels.subscribe(name, listener);
  t.after(() => channels.unsubscribe(name, listener));
}

both('net.client.socket and net.server.socket', async (net, t) => {
  const seen = {};
  for (const side of ['client', 'server']) {
    seen[side] = [];
    subscribed(t, `net.${side}.socket`, ({ socket }) =>
      seen[side].push(socket),
    );
  }
  const server = await listening(net, t);
  const accepted = once(server, 'connection');
  const client = destroyAfter(t, net.connect(server.address().port));
  const [peer] = await accepted;
  assert.ok(seen.client.includes(client));
  assert.ok(seen.server.includes(peer));
  assert.ok(seen.client.every((socket) => socket instanceof net.Socket));
});

both('nothing is published for a plain new Socket', (net, t) => {
  const seen = [];
  subscribed(t, 'net.client.socket', ({ socket }) => seen.push(socket));
  const socket = new net.Socket();
  assert.ok(!seen.includes(socket));
});

async function tracedListen(net, t) {
  const server = net.createServer();
  const seen = [];
  for (const stage of ['asyncStart', 'asyncEnd', 'error']) {
    subscribed(t, `tracing:net.server.listen:${stage}`, (message) => {
      if (message.server !== server) return;
      const rest = { ...message };
      delete rest.server;
      seen.push([stage, Object.keys(rest), rest.error?.code]);
    });
  }
  server.listen({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const taken = net.createServer();
  taken.listen(server.address().port, '127.0.0.1');
  await once(taken, 'error');
  await new Promise((resolve) => server.close(resolve));
  return seen;
}

// Node 18 has no such channel.
if (nodeIs('20')) same('tracing:net.server.listen', tracedListen);
