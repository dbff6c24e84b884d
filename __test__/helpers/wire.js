'use strict';

// Makes servers and connections, and reads from them. Everything opened here is
// closed when its test ends, whether or not it passed.

const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Makes an empty folder, which is removed when the test ends. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Returns a free name for a Unix-domain socket or, on Windows, a pipe. */
function freeName(t, name = 'socket') {
  const file = path.join(folder(t), name);
  if (process.platform !== 'win32') return file;
  return `\\\\.\\pipe\\${path.basename(path.dirname(file))}-${name}`;
}

/** The two kinds of address, with functions that return a free one. */
const transports = [
  ['TCP', () => ({ port: 0, host: '127.0.0.1' })],
  ['Unix', (t) => ({ path: freeName(t) })],
];
const tcp = transports[0][1];

/** Destroys a socket when the test ends, and returns it. */
function destroyAfter(t, socket) {
  t.after(() => socket.destroy());
  return socket;
}

/** Returns the options with which a client connects to a server. */
function whereIs(server) {
  const address = server.address();
  return typeof address === 'string'
    ? { path: address }
    : { port: address.port, host: address.address };
}

/** Makes a listening server. `where` is what `listen` takes. */
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

/** Makes a client that is connected to `server`. */
async function connected(net, t, server, options = {}) {
  const client = net.connect({ ...whereIs(server), ...options });
  destroyAfter(t, client);
  await once(client, 'connect');
  return client;
}

/** Makes a server and the two ends of one connection to it. */
async function pair(net, t, options = {}) {
  const where = options.where ?? tcp(t);
  const server = await listening(net, t, where, options.server);
  const accepted = once(server, 'connection');
  const client = await connected(net, t, server, options.client);
  const [peer] = await accepted;
  return { server, client, peer };
}

/** Resolves with all bytes up to 'end'. */
async function bytesOf(socket) {
  const chunks = [];
  socket.on('data', (chunk) => chunks.push(chunk)).resume();
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

/** Resolves with the next bytes, once there are at least `size`. */
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
 * Resolves with the argument of 'close', and ignores an error before it. Call it
 * before the socket closes, because the event is emitted only once.
 */
function closed(socket) {
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', resolve);
  });
}

/** Returns an array that collects the names of events in order, from now on. */
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

/** Returns what a program can observe of an error. */
function errorFields(error) {
  if (!(error instanceof Error)) return error;
  const fields = {
    class: error.constructor.name,
    name: error.name,
    message: error.message,
    // The own keys in their order, in which a printed error shows them.
    keys: Object.keys(error),
  };
  for (const key of Object.keys(error)) fields[key] = error[key];
  if (error.errors) fields.errors = error.errors.map(errorFields);
  if (error.cause) fields.cause = errorFields(error.cause);
  return fields;
}

/**
 * Replaces what differs between runs, such as ports and temporary paths, with
 * names: `masked(result, { PORT: port })`.
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

/** Resolves after the other callbacks of this loop iteration. */
const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

/** Waits for a condition that has no event. */
async function until(condition) {
  while (!condition()) await nextIteration();
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
  nextIteration,
  pair,
  recorded,
  take,
  tcp,
  transports,
  until,
  whereIs,
};
