'use strict';

/*
 * mqtt against aedes, both on rust-net (aedes wants Node 20):
 *
 *   node examples/compat/mqtt.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;
const host = '127.0.0.1';

async function startBroker(port = 0) {
  const { Aedes } = common.load('aedes');
  const broker = await Aedes.createBroker();
  const open = new Set();
  const server = rustNet.createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    broker.handle(socket);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const stop = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
    await new Promise((resolve) => broker.close(resolve));
  };
  return { port: server.address().port, stop };
}

async function connect(port, options = {}) {
  const mqtt = common.load('mqtt');
  const client = mqtt.connect({ host, port, reconnectPeriod: 50, ...options });
  client.on('error', () => {});
  await once(client, 'connect');
  return client;
}

async function message(client) {
  const [topic, payload, packet] = await once(client, 'message');
  return { topic, payload, qos: packet.qos, retain: packet.retain };
}

async function qualities({ port }) {
  const [from, to] = await Promise.all([connect(port), connect(port)]);
  await to.subscribeAsync('quality/#', { qos: 2 });
  for (const qos of [0, 1, 2]) {
    const arrived = message(to);
    await from.publishAsync(`quality/${qos}`, `with ${qos}`, { qos });
    const { topic, payload, qos: seen } = await arrived;
    assert.deepStrictEqual(
      [topic, String(payload), seen],
      [`quality/${qos}`, `with ${qos}`, qos],
    );
  }
  await Promise.all([from.endAsync(), to.endAsync()]);
}

async function retained({ port }) {
  const from = await connect(port);
  await from.publishAsync('kept', 'for later', { qos: 1, retain: true });
  const to = await connect(port);
  const arrived = message(to);
  await to.subscribeAsync('kept');
  const { payload, retain } = await arrived;
  assert.deepStrictEqual([String(payload), retain], ['for later', true]);
  await Promise.all([from.endAsync(), to.endAsync()]);
}

async function large({ port }) {
  const client = await connect(port);
  await client.subscribeAsync('large', { qos: 1 });
  const bytes = common.randomBytes(10 * MEGABYTE);
  const arrived = message(client);
  await client.publishAsync('large', bytes, { qos: 1 });
  const { payload } = await arrived;
  assert.strictEqual(common.sha256(payload), common.sha256(bytes));
  await client.endAsync();
  return '10 MB, SHA-256 equal';
}

async function inOrder({ port }) {
  const count = 5000;
  const [from, to] = await Promise.all([connect(port), connect(port)]);
  await to.subscribeAsync('count', { qos: 1 });
  let next = 0;
  const all = new Promise((resolve, reject) => {
    to.on('message', (_, payload) => {
      if (Number(payload) !== next) {
        reject(new Error(`${payload}, not ${next}`));
      }
      if (++next === count) resolve();
    });
  });
  for (let i = 0; i < count; i++) from.publish('count', `${i}`, { qos: 1 });
  await all;
  await Promise.all([from.endAsync(), to.endAsync()]);
  return `${count} messages in flight`;
}

async function reconnect(broker) {
  const client = await connect(broker.port);
  await client.subscribeAsync('again');
  const lost = once(client, 'close');
  await broker.stop();
  await lost;
  const back = once(client, 'connect');
  const next = await startBroker(broker.port);
  await back;
  await client.subscribeAsync('again');
  const arrived = message(client);
  await client.publishAsync('again', 'and again');
  assert.strictEqual(String((await arrived).payload), 'and again');
  await client.endAsync();
  return next;
}

common.main(async (step) => {
  let broker = await startBroker();
  await step('mqtt, QoS 0, 1 and 2', () => qualities(broker));
  await step('mqtt, retained', () => retained(broker));
  await step('mqtt, large payload', () => large(broker));
  await step('mqtt, in order', () => inOrder(broker));
  await step('mqtt, broker restarted', async () => {
    broker = await reconnect(broker);
  });
  await step('mqtt, stop', () => broker.stop());
});
