'use strict';

/*
 * mysql2 on rust-net, against a real MariaDB:
 *
 *   apt-get install mariadb-server      (once)
 *   node examples/compat/mysql.js
 *
 * Starts a server of its own on a free port and a Unix socket, with its data in
 * a temporary folder, and ends it. Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const common = require('./common');
const { startMariadb } = require('./servers');

const MEGABYTE = 1024 * 1024;
const open = (place) => common.load('mysql2/promise').createConnection(place);

async function queries(connection) {
  await connection.query('CREATE DATABASE IF NOT EXISTS compat');
  await connection.changeUser({ database: 'compat' });
  await connection.query('DROP TABLE IF EXISTS things');
  await connection.query(
    'CREATE TABLE things (id INT PRIMARY KEY, name TEXT CHARACTER SET utf8mb4,' +
      ' data LONGBLOB)',
  );
  await connection.query('INSERT INTO things (id, name) VALUES ?', [
    [
      [1, 'grüße'],
      [2, '世界'],
    ],
  ]);
  const [rows] = await connection.query('SELECT id, name FROM things');
  assert.deepStrictEqual(
    rows.map(({ id, name }) => [id, name]),
    [
      [1, 'grüße'],
      [2, '世界'],
    ],
  );
  await assert.rejects(connection.query('SELECT * FROM nothing'), {
    code: 'ER_NO_SUCH_TABLE',
    errno: 1146,
  });
}

async function prepared(connection) {
  const sql = 'SELECT ? + ? AS sum, ? AS text';
  for (let i = 0; i < 200; i++) {
    const [[row]] = await connection.execute(sql, [i, 1, `text ${i}`]);
    assert.strictEqual(Number(row.sum), i + 1);
    assert.strictEqual(row.text, `text ${i}`);
  }
  return '200 executions of one statement';
}

async function transactions(connection) {
  const count = async () => {
    const [[{ n }]] = await connection.query('SELECT COUNT(*) n FROM things');
    return n;
  };
  await connection.beginTransaction();
  await connection.query('INSERT INTO things (id) VALUES (3)');
  assert.strictEqual(await count(), 3);
  await connection.rollback();
  assert.strictEqual(await count(), 2);
  await connection.beginTransaction();
  await connection.query('INSERT INTO things (id) VALUES (3)');
  await connection.commit();
  assert.strictEqual(await count(), 3);
}

async function blobs(connection) {
  const data = common.randomBytes(16 * MEGABYTE);
  await connection.query('UPDATE things SET data = ? WHERE id = 1', [data]);
  const [[row]] = await connection.query('SELECT data FROM things WHERE id=1');
  assert.strictEqual(common.sha256(row.data), common.sha256(data));
  return '16 MB there and back, SHA-256 equal';
}

/** Rows as a stream, with a reader that is slower than the server. */
async function rowStream(connection) {
  const count = 50_000;
  const query = connection.connection.query(
    `SELECT seq, REPEAT('x', 200) AS text FROM seq_1_to_${count}`,
  );
  let expected = 1;
  for await (const { seq, text } of query.stream({ highWaterMark: 5 })) {
    assert.deepStrictEqual([seq, text.length], [expected++, 200]);
  }
  assert.strictEqual(expected, count + 1);
  return `${count} rows`;
}

async function pools(place) {
  const pool = common.load('mysql2/promise').createPool({
    ...place,
    connectionLimit: 10,
  });
  const answers = await Promise.all(
    Array.from({ length: 500 }, (_, i) => pool.query('SELECT ? AS i', [i])),
  );
  answers.forEach(([[row]], i) => assert.strictEqual(row.i, i));
  await pool.end();
  return '500 queries over 10 connections';
}

async function killed(place) {
  const victim = await open(place);
  const killer = await open(place);
  const query = victim.query('SELECT SLEEP(30)');
  query.catch(() => {});
  await killer.query('KILL ?', [victim.threadId]);
  await assert.rejects(query, { code: 'PROTOCOL_CONNECTION_LOST' });
  await killer.end();
}

async function refused() {
  const port = await common.freePort();
  const place = { host: '127.0.0.1', port, user: 'root' };
  await assert.rejects(open(place), { code: 'ECONNREFUSED' });
}

async function exercise(step, title, place) {
  const connection = await open(place);
  await step(`${title}, queries`, () => queries(connection));
  await step(`${title}, prepared`, () => prepared(connection));
  await step(`${title}, transactions`, () => transactions(connection));
  await step(`${title}, blobs`, () => blobs(connection));
  await step(`${title}, rows as a stream`, () => rowStream(connection));
  await step(`${title}, end`, () => connection.end());
  await step(`${title}, pool`, () => pools(place));
  await step(`${title}, killed`, () => killed(place));
}

common.main(async (step) => {
  const { server, places } = await startMariadb();
  for (const [family, place] of Object.entries(places)) {
    await exercise(step, `mysql2, ${family}`, place);
  }
  await step('mysql2, refused', refused);
  const waiting = await open(places.TCP);
  const lost = once(waiting.connection, 'error');
  await step('mysql2, the server goes', async () => {
    await server.stop();
    const [error] = await lost;
    assert.match(error.code, /PROTOCOL_CONNECTION_LOST|ECONNRESET/);
  });
});
