'use strict';

/*
 * pg on rust-net, against a real PostgreSQL:
 *
 *   apt-get install postgresql        (once)
 *   node examples/compat/postgres.js
 *
 * Starts a server of its own on a free port and a Unix socket, with its data in
 * a temporary folder, and ends it. PostgreSQL refuses to run as root: for root
 * it is started as the user `postgres`. Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const common = require('./common');
const { createPostgres } = require('./servers');

const MEGABYTE = 1024 * 1024;
async function open(where) {
  const { Client } = common.load('pg');
  for (;;) {
    const client = new Client(where);
    try {
      await client.connect();
      return client;
    } catch (error) {
      // The server accepts connections a moment before it is ready for them.
      if (error.code !== '57P03') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function types(client) {
  const text = 'SELECT $1::int AS a, $2::text AS b, $3::bytea AS c';
  const values = [42, 'grüße, 世界', Buffer.from([0, 1, 255])];
  const { rows } = await client.query(text, values);
  assert.deepStrictEqual(rows, [{ a: 42, b: values[1], c: values[2] }]);
  await assert.rejects(client.query('SELECT nonsense'), { code: '42703' });
}

async function pipeline(where) {
  const count = 3000;
  const client = await open({ ...where, pipeline: true });
  await client.query('CREATE TEMP TABLE numbers (n int PRIMARY KEY, t text)');
  const sent = [];
  for (let i = 0; i < count; i++) {
    const row = [i, `row ${i}`];
    sent.push(client.query('INSERT INTO numbers VALUES ($1, $2)', row));
    sent.push(client.query('SELECT t FROM numbers WHERE n = $1', [i]));
  }
  const results = await Promise.all(sent);
  for (let i = 0; i < count; i++) {
    assert.strictEqual(results[2 * i].rowCount, 1);
    assert.strictEqual(results[2 * i + 1].rows[0].t, `row ${i}`);
  }
  await client.end();
  return `${sent.length} queries in flight`;
}

async function manyRows(client) {
  const count = 100_000;
  const text = `SELECT n, repeat('x', 50) AS t FROM generate_series(1, ${count}) n`;
  const { rows } = await client.query(text);
  assert.strictEqual(rows.length, count);
  rows.forEach((row, i) => assert.strictEqual(row.n, i + 1));
  return `${count} rows`;
}

async function largeValue(client) {
  const value = common.randomBytes(10 * MEGABYTE);
  const { rows } = await client.query(
    'SELECT $1::bytea AS v, md5($1::bytea) AS sum',
    [value],
  );
  assert.strictEqual(rows[0].v.length, value.length);
  assert.strictEqual(common.sha256(rows[0].v), common.sha256(value));
  return '10 MB there and back, SHA-256 equal';
}

async function listenAndNotify(where) {
  const count = 1000;
  const listener = await open(where);
  const teller = await open({ ...where, pipeline: true });
  const received = [];
  const all = new Promise((resolve) => {
    listener.on('notification', ({ payload }) => {
      if (received.push(payload) === count) resolve();
    });
  });
  await listener.query('LISTEN news');
  for (let i = 0; i < count; i++) teller.query(`NOTIFY news, '${i}'`);
  await all;
  received.forEach((payload, i) => assert.strictEqual(payload, `${i}`));
  await Promise.all([listener.end(), teller.end()]);
  return `${count} notifications in order`;
}

async function pool(where) {
  const { Pool } = common.load('pg');
  const many = new Pool({ ...where, max: 40 });
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      many.query('SELECT $1::int AS i, pg_backend_pid() AS pid', [i]),
    ),
  );
  results.forEach(({ rows }, i) => assert.strictEqual(rows[0].i, i));
  const backends = new Set(results.map(({ rows }) => rows[0].pid)).size;
  assert.ok(backends > 10, `${backends} backends only`);
  await many.end();
  return `1000 queries over ${backends} connections`;
}

/** The server's own end of a connection, and a new one after its return. */
async function restart(where, server) {
  const client = await open(where);
  const errors = [];
  client.on('error', (error) => errors.push(error));
  const ended = new Promise((resolve) => client.once('end', resolve));
  await server.restart();
  await ended;
  assert.strictEqual(errors[0].code, '57P01');
  await assert.rejects(client.query('SELECT 1'));
  const next = await open(where);
  assert.strictEqual((await next.query('SELECT 1 AS x')).rows[0].x, 1);
  await next.end();
}

/** Waits until the server is at work for another connection. */
async function running(client, pid) {
  const text = `SELECT 1 FROM pg_stat_activity
    WHERE pid = $1 AND wait_event = 'PgSleep'`;
  while ((await client.query(text, [pid])).rowCount === 0);
}

/** A query that the server stops when asked to over another connection. */
async function cancel(where) {
  const [sleeper, other] = [await open(where), await open(where)];
  const { rows } = await sleeper.query('SELECT pg_backend_pid() AS pid');
  const sleep = sleeper.query('SELECT pg_sleep(60)');
  const stopped = assert.rejects(sleep, { code: '57014' });
  await running(other, rows[0].pid);
  await other.query('SELECT pg_cancel_backend($1)', [rows[0].pid]);
  await stopped;
  await Promise.all([sleeper.end(), other.end()]);
}

async function exercise(step, where, server) {
  const title = where.host.startsWith('/') ? 'pg, Unix' : 'pg, TCP';
  const client = await open(where);
  await step(`${title}, types and errors`, () => types(client));
  await step(`${title}, pipeline`, () => pipeline(where));
  await step(`${title}, many rows`, () => manyRows(client));
  await step(`${title}, large value`, () => largeValue(client));
  await step(`${title}, LISTEN and NOTIFY`, () => listenAndNotify(where));
  await step(`${title}, pool`, () => pool(where));
  await step(`${title}, cancel`, () => cancel(where));
  await step(`${title}, end`, () => client.end());
  await step(`${title}, restart`, () => restart(where, server));
}

common.main(async (step) => {
  const { server, database, folder } = await createPostgres();
  await server.start();
  await exercise(step, { ...database, host: '127.0.0.1' }, server);
  await exercise(step, { ...database, host: folder }, server);
  await server.stop();
});
