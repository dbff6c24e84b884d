'use strict';

/*
 * Debian's servers, each on a free port and a Unix socket: for the programs of this
 * folder, and for the benchmark's rows of real clients.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const common = require('./common');

const databaseUser = 'compat';

/**
 * A redis with its data in a temporary folder, started.
 *
 * @returns {Promise<{ server: common.Server, places: { TCP: any, Unix: any } }>}
 */
async function startRedis() {
  const folder = common.temporaryFolder();
  const port = await common.freePort();
  const socket = path.join(folder, 'redis.sock');
  const args = {
    bind: '127.0.0.1',
    dir: folder,
    port: String(port),
    save: '',
    unixsocket: socket,
  };
  const server = new common.Server(
    'redis-server',
    Object.entries(args).flatMap(([key, value]) => [`--${key}`, value]),
    {
      where: [{ port, host: '127.0.0.1' }, { path: socket }],
      signal: 'SIGTERM',
      abort: 'SIGKILL',
    },
  );
  await server.start();
  return {
    server,
    places: { TCP: { port, host: '127.0.0.1' }, Unix: { path: socket } },
  };
}

/** Debian keeps the server's programs out of the path. */
function program(name) {
  const root = '/usr/lib/postgresql';
  const releases = fs.existsSync(root) ? fs.readdirSync(root).sort() : [];
  const found = releases
    .reverse()
    .map((release) => path.join(root, release, 'bin', name))
    .find((file) => fs.existsSync(file));
  return found ?? name;
}

/** Whose the server is: ours, or `postgres` where we are root. */
function identity() {
  if (process.getuid() !== 0) return {};
  const id = (flag) =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function initialize(folder, owner) {
  if (owner.uid) fs.chownSync(folder, owner.uid, owner.gid);
  const data = path.join(folder, 'data');
  const args = [
    '-D',
    data,
    '-U',
    databaseUser,
    '-A',
    'trust',
    '-E',
    'UTF8',
    '-N',
  ];
  execFileSync(program('initdb'), args, {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    ...owner,
  });
  return data;
}

/**
 * A PostgreSQL with its data in a temporary folder, to be started.
 *
 * @returns {Promise<{ server: common.Server, database: any, folder: string }>}
 *   `database`: all that a client needs to know but the host, which may be `folder`
 */
async function createPostgres() {
  const folder = common.temporaryFolder();
  const owner = identity();
  const data = initialize(folder, owner);
  const port = await common.freePort();
  const settings = {
    fsync: 'off',
    listen_addresses: '127.0.0.1',
    max_connections: '100',
    port: String(port),
    unix_socket_directories: folder,
  };
  const args = Object.entries(settings).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const socket = path.join(folder, `.s.PGSQL.${port}`);
  const server = new common.Server(program('postgres'), ['-D', data, ...args], {
    where: [{ path: socket }, { port, host: '127.0.0.1' }],
    // A fast shutdown: the connections are told, and closed.
    signal: 'SIGINT',
    // An immediate one: its children end with it.
    abort: 'SIGQUIT',
    spawn: { cwd: folder, ...owner },
  });
  const database = { user: databaseUser, database: 'postgres', port };
  return { server, database, folder };
}

/**
 * A MariaDB with its data in a temporary folder, started.
 *
 * @returns {Promise<{ server: common.Server, places: { TCP: any, Unix: any } }>}
 */
async function startMariadb() {
  const folder = common.temporaryFolder();
  const data = path.join(folder, 'data');
  const shared = [
    '--no-defaults',
    `--datadir=${data}`,
    // A server that starts removes what others have there: not /tmp.
    `--tmpdir=${folder}`,
    `--user=${os.userInfo().username}`,
  ];
  execFileSync(
    'mariadb-install-db',
    [...shared, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const port = await common.freePort();
  const socketPath = path.join(folder, 'mysql.sock');
  const server = new common.Server(
    'mariadbd',
    [
      ...shared,
      `--port=${port}`,
      `--socket=${socketPath}`,
      '--bind-address=127.0.0.1',
      '--skip-grant-tables',
      '--skip-networking=0',
      '--max-allowed-packet=64M',
      '--innodb-flush-log-at-trx-commit=0',
    ],
    {
      where: [{ port, host: '127.0.0.1' }, { path: socketPath }],
      signal: 'SIGTERM',
      abort: 'SIGKILL',
    },
  );
  await server.start();
  const options = { user: 'root', multipleStatements: false };
  return {
    server,
    places: {
      TCP: { ...options, host: '127.0.0.1', port },
      Unix: { ...options, socketPath },
    },
  };
}

module.exports = { createPostgres, startMariadb, startRedis };
