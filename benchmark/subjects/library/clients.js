'use strict';

/*
 * The clients by name. Each is opened for a row and has an operation for each
 * `mode`. An operation checks its answers and returns their number.
 */

const { once } = require('node:events');

const MIB = 1024 * 1024;
const PIPELINED = 100;

function expect(length, wanted) {
  if (length !== wanted) throw new Error(`${length} where ${wanted} should be`);
  return 1;
}

const large = Buffer.alloc(MIB, 'value');
const small = 'a small value';

async function ioredis(load, where) {
  const redis = new (load('ioredis'))(where);
  await redis.set('small', small);
  return {
    one: async () => expect((await redis.get('small')).length, small.length),
    async pipeline() {
      const pipeline = redis.pipeline();
      for (let i = 0; i < PIPELINED; i++) pipeline.get('small');
      return (await pipeline.exec()).length;
    },
    async large() {
      await redis.set('large', large);
      return expect((await redis.getBuffer('large')).length, MIB);
    },
    close: () => redis.quit(),
  };
}

async function redis(load, where) {
  const { RESP_TYPES, createClient } = load('redis');
  const client = createClient({ socket: where });
  await client.connect();
  await client.set('small', small);
  const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
  return {
    one: async () => expect((await client.get('small')).length, small.length),
    async pipeline() {
      const all = Array.from({ length: PIPELINED }, () => client.get('small'));
      return (await Promise.all(all)).length;
    },
    async large() {
      await client.set('large', large);
      return expect((await binary.get('large')).length, MIB);
    },
    close: () => client.close(),
  };
}

const lanesOf = ({ parallel = 1 }) => Array.from({ length: parallel });

async function pg(load, where, row) {
  const { Client } = load('pg');
  const lanes = lanesOf(row).map(() => new Client(where));
  await Promise.all(lanes.map((client) => client.connect()));
  const text = "SELECT repeat('x', 1048576) AS t";
  return {
    async one(lane) {
      const query = {
        name: 'one',
        text: 'SELECT $1::int AS n',
        values: [lane],
      };
      const { rows } = await lanes[lane].query(query);
      return expect(rows[0].n, lane);
    },
    async large(lane) {
      const { rows } = await lanes[lane].query(text);
      return expect(rows[0].t.length, MIB);
    },
    close: () => Promise.all(lanes.map((client) => client.end())),
  };
}

async function mysql2(load, where, row) {
  const { createConnection } = load('mysql2/promise');
  const lanes = await Promise.all(
    lanesOf(row).map(() => createConnection(where)),
  );
  const text = "SELECT REPEAT('x', 1048576) AS t";
  return {
    async one(lane) {
      const [[{ n }]] = await lanes[lane].query('SELECT ? AS n', [lane]);
      return expect(n, lane);
    },
    async large(lane) {
      const [[{ t }]] = await lanes[lane].query(text);
      return expect(t.length, MIB);
    },
    close: () => Promise.all(lanes.map((connection) => connection.end())),
  };
}

async function ws(load, { port }) {
  const { WebSocket } = load('ws');
  // Without this ws would connect through http, which uses node's internal net.
  const createConnection = () =>
    require('net').connect({ port, host: '127.0.0.1' });
  const client = new WebSocket('ws://localhost/', {
    createConnection,
    perMessageDeflate: false,
  });
  await once(client, 'open');
  const exchange = async (message) => {
    client.send(message);
    const [data] = await once(client, 'message');
    return expect(data.length, message.length);
  };
  const short = Buffer.alloc(100, 'x');
  return {
    one: () => exchange(short),
    large: () => exchange(large),
    async close() {
      client.close();
      await once(client, 'close');
    },
  };
}

async function mqtt(load, { port }) {
  const client = load('mqtt').connect({ host: '127.0.0.1', port });
  await once(client, 'connect');
  const message = Buffer.alloc(100, 'x');
  const publish = (qos) => async () => {
    await client.publishAsync('bench', message, { qos });
    return 1;
  };
  return {
    unconfirmed: publish(0),
    confirmed: publish(1),
    close: () => client.endAsync(),
  };
}

module.exports = { clients: { ioredis, mqtt, mysql2, pg, redis, ws } };
