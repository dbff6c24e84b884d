'use strict';

/*
 * Creates the ends of a program: clients by all forms of connect, and the
 * accepted sockets that belong to them.
 */

const path = require('node:path');

const { Endpoint, pair } = require('./endpoint');
const { handlePair } = require('./js-handle');
const own = require('./own-options');
const { onreadOption, startReading } = require('./reading');

const refused = { port: 1, host: '127.0.0.1' };

const lookups = {
  found: (_, { all }, callback) =>
    all
      ? callback(null, [{ address: '127.0.0.1', family: 4 }])
      : callback(null, '127.0.0.1', 4),
  late: (_, { all }, callback) =>
    setImmediate(() => lookups.found(_, { all }, callback)),
  // The first address is refused, where more than one is tried.
  two: (_, { all }, callback) =>
    all
      ? callback(null, [
          { address: '::1', family: 6 },
          { address: '127.0.0.1', family: 4 },
        ])
      : callback(null, '127.0.0.1', 4),
  failing: (name, _, callback) =>
    callback(
      Object.assign(new Error(`no ${name}`), {
        code: 'ENOTFOUND',
        hostname: name,
      }),
    ),
  wrong: (_, { all }, callback) =>
    all
      ? callback(null, [{ address: 'x', family: 4 }])
      : callback(null, 'x', 4),
};

/** Creates both ends at once, as there is nothing to connect. */
function startPair(game, index, connection) {
  const { client, peer } = connection;
  const handles = handlePair(connection.isAsync ?? false);
  const endpoints = [client, peer].map((plan, side) => {
    const id = side ? `peer${index}.1` : `client${index}`;
    const endpoint = new Endpoint(game, id, { ...plan, onread: undefined });
    const { options } = side ? game.program.servers[0] : client;
    const made = { ...options, handle: handles[side], readable: true };
    endpoint.listen(new game.net.Socket({ ...made, writable: true }));
    return endpoint;
  });
  pair(endpoints[0], endpoints[1]);
  for (const endpoint of endpoints) {
    startReading(endpoint);
    endpoint.fireAside('start');
  }
  const [first] = endpoints;
  first.run({ at: 'immediate', do: [{ op: 'fire', on: 'connect' }] });
}

/** Returns the address that a client of this plan connects to. */
function whereOf(game, plan) {
  const { target = 'server', lookup } = plan;
  const { folder } = game;
  const places = {
    server: () => game.servers[plan.server].where(),
    refused: () => refused,
    noPath: () => ({ path: path.join(folder, 'nothing') }),
    nulPath: () => ({ path: `${path.join(folder, 's')}\0x` }),
    longPath: () => ({ path: path.join(folder, 'long'.repeat(40)) }),
    folder: () => ({ path: folder }),
    emptyPath: () => ({ path: '' }),
    badPort: () => ({ port: 70000 }),
    badLocal: () => ({ ...refused, localAddress: '192.0.2.1' }),
    otherFamily: () => ({ ...refused, localAddress: '::1' }),
  };
  const where = places[target]();
  if (!lookup || where.path) return where;
  return { ...where, host: 'name.invalid', lookup: lookups[lookup] };
}

function optionsOf(endpoint, plan) {
  const options = { ...plan.options };
  if (plan.onread) options.onread = onreadOption(endpoint, plan.onread);
  if (plan.signal) {
    endpoint.abort = new AbortController();
    options.signal = endpoint.abort.signal;
  }
  return options;
}

/** Creates a Socket first and connects it later. */
function bySocket(endpoint, options) {
  const { game } = endpoint;
  const socket = new game.net.Socket(options);
  endpoint.listen(socket);
  endpoint.fireAside('made');
  const where = endpoint.where();
  socket.connect({ ...options, ...where });
}

function byConnect(endpoint, options) {
  const { game } = endpoint;
  const all = { ...options, ...endpoint.where() };
  endpoint.listen(game.net[endpoint.plan.via](all));
}

/**
 * @param {object} game
 * @param {number} index
 * @param {object} connection
 */
function startClient(game, index, connection) {
  const plan = connection.client;
  const endpoint = new Endpoint(game, `client${index}`, plan);
  endpoint.index = index;
  const { server } = connection;
  endpoint.where = () => ({
    ...whereOf(game, { ...plan, server }),
    ...own.client,
  });
  endpoint.connect = (socket) => {
    queueFor(game, connection, endpoint);
    socket.connect(endpoint.where());
  };
  queueFor(game, connection, endpoint);
  try {
    const options = optionsOf(endpoint, plan);
    if (plan.via === 'new') bySocket(endpoint, options);
    else byConnect(endpoint, options);
  } catch (error) {
    endpoint.note(`connect threw ${error.code}`);
    if (!endpoint.socket) game.endpoints.pop();
    return;
  }
  startReading(endpoint);
  endpoint.fireAside('start');
}

function queueFor(game, connection, endpoint) {
  const { target = 'server' } = endpoint.plan;
  if (target !== 'server') return;
  game.waiting.push({ endpoint, server: connection.server, port: 0 });
}

/** Records the port of a client while its handle is open. */
function notePort(waiter) {
  const handle = waiter.endpoint.socket?._handle;
  const name = {};
  if (waiter.port || !handle?.getsockname || handle.getsockname(name)) return;
  waiter.port = name.port || 0;
}

/**
 * @param {object} game
 * @param {import('./host').Host} host
 * @param {any} [socket] accepted; one that was dropped is not seen
 * @returns {Endpoint | undefined} the client, taken off the list
 */
function claim(game, host, socket) {
  const { waiting } = game;
  waiting.forEach(notePort);
  // Clients of a Unix socket have no name; they are matched in the order of
  // their connects.
  const isUnix = host.plan.kind === 'unix';
  const index = waiting.findIndex(
    ({ server, port }) =>
      server === host.index && (isUnix || port === socket?.remotePort),
  );
  return index < 0 ? undefined : waiting.splice(index, 1)[0].endpoint;
}

const simple = { reader: { mode: 'data' }, rules: [] };

/**
 * Creates an end for an accepted socket, and finds the other one.
 *
 * @param {object} game
 * @param {import('./host').Host} host
 * @param {any} socket
 */
function acceptSocket(game, host, socket) {
  const client = claim(game, host, socket);
  const isFirst = client?.life === 1;
  const plan = isFirst ? game.program.connections[client.index].peer : simple;
  const name = client ? `${client.index}.${client.life}` : 'stray';
  const endpoint = new Endpoint(game, `peer${name}`, plan);
  endpoint.isStray = !client;
  game.delivered(endpoint.who, 'start');
  endpoint.listen(socket);
  if (client) pair(client, endpoint);
  startReading(endpoint);
  endpoint.fire('start');
}

module.exports = { acceptSocket, claim, notePort, startClient, startPair };
