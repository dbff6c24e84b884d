'use strict';

/*
 * Rows of real clients, and the servers that they connect to. These are
 * Debian's, started as `examples/compat` starts them. For ws and mqtt they are
 * the packages' own servers, in another process on node:net.
 */

const path = require('node:path');

const { Program } = require('../harness/program');

const peer = path.join(__dirname, '../subjects/library/peer.js');

/**
 * Start a server, and return its address for a client and a function that stops
 * it.
 */
const servers = {
  async redis({ servers }) {
    const { server, places } = await servers.startRedis();
    return { where: places.TCP, stop: () => server.stop() };
  },

  async postgres({ servers }) {
    const { server, database } = await servers.createPostgres();
    await server.start();
    return {
      where: { ...database, host: '127.0.0.1' },
      stop: () => server.stop(),
    };
  },

  async mariadb({ servers }) {
    const { server, places } = await servers.startMariadb();
    return { where: places.TCP, stop: () => server.stop() };
  },

  ws: (context) => startPeer('ws', context),
  aedes: (context) => startPeer('aedes', context),
};

async function startPeer(kind, { node }) {
  const program = await Program.start([node, peer, kind]);
  return { where: program.ready, stop: () => program.stop() };
}

const row = (client, server, mode, title, count, more = {}) => ({
  name: `${client}-${mode}${more.parallel ? `-${more.parallel}` : ''}`,
  title: `${client}: ${title}`,
  under: 'is the client',
  work: 'library',
  listens: 'subject',
  client,
  server,
  mode,
  count,
  warmUp: 0.5,
  ...more,
});

const redisRows = (client) => [
  row(client, 'redis', 'one', 'GET one by one', 8000),
  row(client, 'redis', 'pipeline', 'pipeline of 100', 800),
  row(client, 'redis', 'large', 'SET and GET of 1 MiB', 200),
];

const databaseRows = (client, server) => [
  row(client, server, 'one', 'one query at a time', 5000),
  row(client, server, 'one', 'ten at a time', 10_000, { parallel: 10 }),
  row(client, server, 'large', 'a row of 1 MiB', 150),
];

const clientRows = [
  ...redisRows('ioredis'),
  ...redisRows('redis'),
  ...databaseRows('pg', 'postgres'),
  ...databaseRows('mysql2', 'mariadb'),
  row('ws', 'ws', 'one', 'echo of 100 B', 10_000),
  row('ws', 'ws', 'large', 'echo of 1 MiB', 200),
  row('mqtt', 'aedes', 'unconfirmed', 'publish, QoS 0', 20_000, {
    parallel: 100,
  }),
  row('mqtt', 'aedes', 'confirmed', 'publish, QoS 1', 10_000, {
    parallel: 100,
  }),
];

/**
 * Starts the servers that the rows need, and leaves out rows whose server is
 * not installed.
 *
 * @param {any[]} rows of `clientRows`
 * @param {{ node: string }} options
 * @returns {Promise<{ rows: any[], skipped: string[], stop: () => Promise<void> }>}
 *   the rows with the places of their servers
 */
async function startServers(rows, { node }) {
  // Required late, because it loads rust-net.
  const common = require('../../examples/compat/common');
  const context = { node, servers: require('../../examples/compat/servers') };
  for (const { client } of rows) common.install(client);
  const running = new Map();
  const skipped = [];
  for (const name of new Set(rows.map(({ server }) => server))) {
    try {
      running.set(name, await servers[name](context));
    } catch (error) {
      const [reason] = error.message.split('\n');
      skipped.push(name);
      console.error(`skipped, no ${name}: ${reason}`);
    }
  }
  return {
    rows: rows
      .filter(({ server }) => running.has(server))
      .map((row) => ({ ...row, where: running.get(row.server).where })),
    skipped,
    async stop() {
      for (const server of running.values()) await server.stop();
    },
  };
}

module.exports = { clientRows, startServers };
