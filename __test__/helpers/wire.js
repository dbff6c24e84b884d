'use strict';

// Servers, connections and what is read off them. Everything opened through
// here is closed when its test ends, whether or not it passed.

const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** A new empty folder that goes when the test ends. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** A free name for a Unix-domain socket, or on Windows for a pipe. */
function freeName(t, name = 'socket') {
  const file = path.join(folder(t), name);
  if (process.platform !== 'win32') return file;
  return `\\\\.\\pipe\\${path.basename(path.dirname(file))}-${name}`;
}

/** The two families of address, each a free one. */
const transports = [
  ['TCP', () => ({ port: 0, host: '127.0.0.1' })],
  ['Unix', (t) => ({ path: freeName(t) })],
];
const tcp = transports[0][1];

function destroyAfter(t, socket) {
  t.after(() => socket.destroy());
  return socket;
}

/** Where a client finds this server. */
function whereIs(server) {
  const address = server.address();
  return typeof address === 'string'
    ? { path: address }
    : { port: address.port, host: address.address };
}

/** A listening server. `where` is what `listen` takes. */
async function listening(net, t, where = tcp(t), options = {}, onConnection) {
  const server = net.createServer(options, onConnection);
  t.after(() => {
    if (server.listening) server.close();
  });
  server.on('connection', (socket) => destroyAfter(t, socket));
  server.listen(where);
  await once(server, 'listening');
  return server;
}

/** A client that has connected to `server`. */
async function connected(net, t, server, options = {}) {
  const client = net.connect({ ...whereIs(server), ...options });
  destroyAfter(t, client);
  await once(client, 'connect');
  return client;
}

/** A server and the two ends of one connection to it. */
async function pair(net, t, options = {}) {
  const where = options.where ?? tcp(t);
  const server = await listening(net, t, where, options.server);
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server, options.client);
  const [peer] = await accepted;
  return { server, client, peer };
}

/** All bytes until the end. */
async function bytesOf(socket) {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk)).resume();
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

/** The next `size` bytes. */
function take(socket, size) {
  return new Promise((resolve, reject) => {
    let got = Buffer.alloc(0);
    const onData = (chunk) => {
      got = Buffer.concat([got, Buffer.from(chunk)]);
      if (got.length >= size) done(resolve, got);
    };
    const onEnd = () => done(reject, new Error(`ended after ${got.length}`));
    const onError = (error) => done(reject, error);
    function done(settle, value) {
      socket.off('data', onData).off('end', onEnd).off('error', onError);
      settle(value);
    }
    socket.on('data', onData).on('end', onEnd).on('error', onError);
    socket.resume();
  });
}

/**
 * Resolves with what 'close' is given; an error before it is no failure. To be
 * called before what closes the socket, for the event comes once.
 */
function closed(socket) {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', resolve);
  });
}

/** The names of events in the order of their emission, from now on. */
function recorded(emitter, names) {
  const events = [];
  for (const name of names) {
    emitter.on(name, (arg) => {
      if (name === 'close') events.push(`close ${arg}`);
      else if (name === 'error') events.push(`error ${arg.code}`);
      else events.push(name);
    });
  }
  return events;
}

/** What a program can tell one error from another by. */
function errorFields(error) {
  if (!(error instanceof Error)) return error;
  const fields = {
    class: error.constructor.name,
    name: error.name,
    message: error.message,
    // Own keys in their order, which is what a printed error shows.
    keys: Object.keys(error),
  };
  for (const key of Object.keys(error)) fields[key] = error[key];
  if (error.errors) fields.errors = error.errors.map(errorFields);
  if (error.cause) fields.cause = errorFields(error.cause);
  return fields;
}

/**
 * `value` with what differs from run to run (ports, temp paths) replaced by a
 * name: `masked(result, { PORT: port })`.
 */
function masked(value, names) {
  for (const [name, secret] of Object.entries(names)) {
    if (value === secret) return name;
    if (typeof value === 'string') {
      value = value.replaceAll(String(secret), name);
    }
  }
  if (Array.isArray(value)) return value.map((one) => masked(one, names));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, masked(one, names)]),
  );
}

/** Lets the callbacks of this turn of the loop, and the next, run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Waits for something that has no event of its own. */
async function until(condition) {
  while (!condition()) await turn();
}

module.exports = {
  bytesOf,
  closed,
  connected,
  destroyAfter,
  errorFields,
  folder,
  freeName,
  listening,
  masked,
  pair,
  recorded,
  take,
  tcp,
  transports,
  turn,
  until,
  whereIs,
};
