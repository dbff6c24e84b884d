'use strict';

/*
 * ioredis and redis on rust-net, against a real redis-server:
 *
 *   apt-get install redis-server      (once)
 *   node examples/compat/redis.js
 *
 * Starts a server of its own on a free port and a Unix socket, in a temporary
 * folder, and ends it. Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const common = require('./common');
const { startRedis } = require('./servers');

const MEGABYTE = 1024 * 1024;

// Not events.once(), which rejects on 'error': there are some on the way.
const ready = (client) =>
  new Promise((resolve) => client.once('ready', resolve));

/** What the two clients are asked to do, in one vocabulary. */
const clients = {
  ioredis: {
    open(where) {
      const Redis = common.load('ioredis');
      const options = { ...where, retryStrategy: () => 50 };
      const redis = new Redis(options).on('error', () => {});
      return {
        command: (...args) => redis.callBuffer(...args),
        subscribe: async (channel, listener) => {
          redis.on('messageBuffer', (_, message) => listener(message));
          await redis.subscribe(channel);
        },
        again: () => ready(redis),
        quit: () => redis.quit(),
      };
    },
  },
  redis: {
    async open(where) {
      const { RESP_TYPES, createClient } = common.load('redis');
      const client = createClient({
        socket: { ...where, reconnectStrategy: () => 50 },
        commandOptions: {
          // By default a command may wait 5 s for its turn: too short for a
          // busy machine and 20,000 of them.
          timeout: 60_000,
          typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer },
        },
      });
      client.on('error', () => {});
      await client.connect();
      return {
        command: (...args) => client.sendCommand(args),
        subscribe: (channel, listener) =>
          client.subscribe(channel, listener, true),
        again: () => ready(client),
        quit: () => client.close(),
      };
    },
  },
};

/** Thousands of commands in flight on one connection, each with its answer. */
async function pipeline(redis) {
  const count = 10_000;
  const sent = [];
  for (let i = 0; i < count; i++) {
    sent.push(redis.command('SET', `key ${i}`, `value ${i}`));
    sent.push(redis.command('GET', `key ${i}`));
  }
  const answers = await Promise.all(sent);
  for (let i = 0; i < count; i++) {
    assert.strictEqual(String(answers[2 * i]), 'OK');
    assert.strictEqual(String(answers[2 * i + 1]), `value ${i}`);
  }
  return `${sent.length} commands in flight`;
}

async function largeValues(redis) {
  const values = [1, 2, 3].map(() => common.randomBytes(10 * MEGABYTE));
  const sets = values.map((value, i) =>
    redis.command('SET', `large${i}`, value),
  );
  const gets = values.map((_, i) => redis.command('GET', `large${i}`));
  await Promise.all(sets);
  const received = await Promise.all(gets);
  values.forEach((value, i) => {
    assert.strictEqual(received[i].length, value.length);
    assert.strictEqual(common.sha256(received[i]), common.sha256(value));
  });
  return '3 of 10 MB there and back, SHA-256 equal';
}

async function publish(open, where) {
  const count = 2000;
  const [subscriber, publisher] = [await open(where), await open(where)];
  const received = [];
  const all = new Promise((resolve) => {
    subscriber.subscribed = subscriber.subscribe('news', (message) => {
      if (received.push(String(message)) === count) resolve();
    });
  });
  await subscriber.subscribed;
  for (let i = 0; i < count; i++) publisher.command('PUBLISH', 'news', `${i}`);
  await all;
  received.forEach((message, i) => assert.strictEqual(message, `${i}`));
  await Promise.all([subscriber.quit(), publisher.quit()]);
  return `${count} messages in order`;
}

async function parallel(open, where) {
  const count = 100;
  const all = await Promise.all(
    Array.from({ length: count }, () => open(where)),
  );
  await Promise.all(
    all.map(async (redis, i) => {
      for (let n = 0; n < 20; n++) {
        const text = `${i} ${n}`;
        assert.strictEqual(String(await redis.command('ECHO', text)), text);
      }
    }),
  );
  await Promise.all(all.map((redis) => redis.quit()));
  return `${count} connections, 20 requests each`;
}

/** The server goes away under an open connection, and comes back. */
async function reconnect(redis, server) {
  await redis.command('SET', 'before', 'x');
  const again = redis.again();
  await server.restart();
  await again;
  await redis.command('SET', 'after', 'y');
  assert.strictEqual(String(await redis.command('GET', 'after')), 'y');
}

async function exercise(step, name, where, server) {
  const open = async (target) => clients[name].open(target);
  const title = `${name}, ${where.path ? 'Unix' : 'TCP'}`;
  const redis = await open(where);
  await step(`${title}, ping`, async () =>
    assert.strictEqual(String(await redis.command('PING')), 'PONG'),
  );
  await step(`${title}, pipeline`, () => pipeline(redis));
  await step(`${title}, large values`, () => largeValues(redis));
  await step(`${title}, publish and subscribe`, () => publish(open, where));
  await step(`${title}, parallel`, () => parallel(open, where));
  await step(`${title}, restart`, () => reconnect(redis, server));
  await step(`${title}, pipeline again`, () => pipeline(redis));
  await step(`${title}, quit`, () => redis.quit().then(() => {}));
}

common.main(async (step) => {
  const { server, places } = await startRedis();
  for (const name of Object.keys(clients)) {
    await exercise(step, name, places.TCP, server);
    await exercise(step, name, places.Unix, server);
  }
  await server.stop();
});
