'use strict';

/*
 * The steps of a program that use net. Each step ends by itself, closes what it has
 * opened, and returns its observations as plain data.
 */

const fs = require('node:fs');

const LIMIT = 3000;
const SECRET = Buffer.from('0123456789abcdef');

/** Loaded before the program changes its modules. */
let tls;

function prepare() {
  tls = require('node:tls');
}

/** Returns the fields of an error that are the same in every run. */
function errorFacts(error) {
  if (!(error instanceof Error)) return error;
  const { name, code, syscall, errno, permission, resource } =
    /** @type {any} */ (error);
  const number = typeof errno === 'object' ? errorFacts(errno) : errno;
  const message = error.message.replace(/:\d{4,5}\b/g, ':N');
  return { name, code, syscall, errno: number, permission, resource, message };
}

/** Logs these events of an emitter. */
function watch(emitter, log, prefix, names) {
  for (const name of names) {
    emitter.on(name, (value) => {
      const fact = value instanceof Error ? errorFacts(value) : undefined;
      log.push(fact === undefined ? `${prefix} ${name}` : [prefix, name, fact]);
    });
  }
  return emitter;
}

const ofServers = ['listening', 'error', 'close'];
const ofSockets = ['connect', 'end', 'error', 'close', 'timeout'];

/** Resolves with the first of these events. */
const oneOf = (emitter, ...names) =>
  new Promise((resolve) => {
    for (const name of names) emitter.once(name, () => resolve(name));
  });

function realPlace(where) {
  if (where.path === undefined) return where;
  return { ...where, path: where.path.replace('PID', String(process.pid)) };
}

/** Returns a server's address without its port, which the system chooses. */
function addressFacts(address) {
  if (address === null || typeof address !== 'object') return address;
  return { ...address, port: address.port > 0 };
}

async function listen(net, { where }) {
  const log = [];
  const server = watch(net.createServer(), log, 'server', ofServers);
  server.listen(realPlace(where));
  const first = await oneOf(server, 'listening', 'error');
  if (first === 'error') return log;
  log.push(addressFacts(server.address()), server instanceof net.Server);
  const { path } = where;
  if (path && !path.startsWith('\0')) log.push(fs.existsSync(path));
  server.close();
  await oneOf(server, 'close');
  if (path && !path.startsWith('\0')) log.push(fs.existsSync(path));
  return log;
}

async function connect(net, { where: { fd, ...where } }) {
  const log = [];
  const socket = fd === undefined ? new net.Socket() : new net.Socket({ fd });
  watch(socket, log, 'socket', ofSockets);
  if (fd === undefined) {
    // No server listens there.
    socket.connect(
      realPlace({ ...where, ...(where.port === 0 && { port: 1 }) }),
    );
  } else {
    log.push(socket.readyState, socket.readable, socket.writable);
    socket.end();
    socket.destroy();
  }
  await oneOf(socket, 'close');
  return log;
}

/** Sends bytes to an echo server, and ends. */
function exchange(net, server, size, log) {
  const address = server.address();
  const to =
    typeof address === 'string' ? { path: address } : { port: address.port };
  const client = watch(net.connect(to), log, 'client', ['end', 'error']);
  let got = 0;
  client.on('data', (chunk) => {
    got += chunk.length;
    if (got === size) client.end();
  });
  client.write(Buffer.alloc(size, 'x'));
  return oneOf(client, 'close').then(() => log.push(got));
}

async function echo(net, { where, size, again }) {
  const log = [];
  const server = net.createServer((peer) => {
    log.push(peer instanceof net.Socket, peer.constructor === net.Socket);
    watch(peer, log, 'peer', ['error']).pipe(peer);
  });
  watch(server, log, 'server', ofServers).listen(realPlace(where));
  const first = await oneOf(server, 'listening', 'error');
  if (first === 'error') return log;
  for (let left = again ? 2 : 1; left > 0; left--) {
    await exchange(net, server, size, log);
  }
  server.close();
  await oneOf(server, 'close');
  return log;
}

function serverHandle(net, { args: [address, ...rest] }) {
  const place = realPlace({ path: address }).path;
  const made = net._createServerHandle(place, ...rest);
  if (typeof made === 'number') return made;
  const { name } = made.constructor;
  made.close();
  return name;
}

/** Listens, or reads and writes, on an inherited descriptor. */
async function handle(net, { fd, isListening }) {
  const log = [];
  if (!isListening) return connect(net, { where: { fd } });
  const server = watch(net.createServer(), log, 'server', ofServers);
  server.listen({ fd });
  if ((await oneOf(server, 'listening', 'error')) === 'error') return log;
  log.push(addressFacts(server.address()));
  server.close();
  await oneOf(server, 'close');
  return log;
}

function bound(net, { options }) {
  const made = new net.BoundSocket(realPlace(options));
  const address = addressFacts(made.address());
  made.close();
  return address;
}

/** By name: operations on a socket under another layer. */
const meddlers = {
  setEncoding: (socket) => socket.setEncoding('utf8'),
  data: (socket, log) => socket.on('data', () => log.add('data')),
  pause: (socket) => socket.pause(),
  resume: (socket) => socket.resume(),
  setTimeout: (socket) => socket.setTimeout(60_000),
  cork: (socket) => {
    socket.cork();
    socket.uncork();
  },
  emit: (socket) => socket.emit('data', Buffer.from('of the program')),
  removeData: (socket) => socket.removeAllListeners('data'),
  unref: (socket) => socket.unref(),
};

// Without a certificate: both ends have a shared key.
const common = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  maxVersion: /** @type {const} */ ('TLSv1.2'),
  checkServerIdentity: () => undefined,
};

function secureEnds(client, server) {
  const there = new tls.TLSSocket(server, {
    ...common,
    isServer: true,
    pskCallback: () => SECRET,
  });
  const here = tls.connect({
    ...common,
    socket: client,
    pskCallback: () => ({ psk: SECRET, identity: 'program' }),
  });
  return { here, there };
}

/** Runs TLS over sockets that the program goes on using. */
async function secure(net, { before, after, sizes }) {
  const log = [];
  const heard = new Set();
  const server = net.createServer().listen(0, '127.0.0.1');
  if ((await oneOf(server, 'listening', 'error')) === 'error') return 'none';
  const accepted = new Promise((resolve) => server.once('connection', resolve));
  const client = net.connect(server.address().port, '127.0.0.1');
  await oneOf(client, 'connect');
  const peer = await accepted;
  const meddle = (names) => {
    for (const name of names) meddlers[name](client, heard);
    for (const name of names) meddlers[name](peer, heard);
  };
  meddle(before);
  const { here, there } = secureEnds(client, peer);
  meddle(after);
  watch(here, log, 'client', ['secureConnect', 'error', 'end']);
  watch(there, log, 'peer', ['error', 'end']);
  there.pipe(there);
  let got = 0;
  const total = sizes[0] + sizes[1];
  here.on('data', (chunk) => {
    got += chunk.length;
    if (got === total) here.end();
  });
  for (const size of sizes) here.write(Buffer.alloc(size, 'y'));
  await late(oneOf(here, 'close'), 1500);
  for (const one of [here, there, client, peer]) one.destroy();
  server.close();
  return [
    got,
    [...heard].sort(),
    ...log.map((one) => JSON.stringify(one)).sort(),
  ];
}

function addresses(net, { text }) {
  const list = new net.BlockList();
  list.addSubnet('127.0.0.0', 8);
  const facts = [net.isIP(text), list.rules, list.check(text)];
  const address = new net.SocketAddress({ address: '127.0.0.1', port: 7 });
  return [...facts, address.address, address.port, list.check(address)];
}

/** Makes a socket and a server that are not open. */
function objects(net) {
  const [socket, server] = [new net.Socket(), net.createServer()];
  const facts = [socket.readyState, socket.bytesRead, server.listening];
  socket.destroy();
  server.unref();
  return [...facts, server.address(), socket.destroyed];
}

/** Drops a permission, where the running Node can. */
function give(_net, { scope }) {
  const { permission } = /** @type {any} */ (process);
  if (permission?.drop === undefined) return 'no';
  return permission.drop(scope) ?? null;
}

/** Closes several sockets at once, and logs the order of their 'close' events. */
async function several(net, { count }) {
  const order = [];
  const peers = [];
  const server = net.createServer((peer) => peers.push(peer.resume()));
  server.listen(0, '127.0.0.1');
  if ((await oneOf(server, 'listening', 'error')) === 'error') return 'none';
  const sockets = [];
  for (let i = 0; i < count; i++) {
    const socket = net.connect(server.address().port, '127.0.0.1');
    await oneOf(socket, 'connect');
    socket.once('close', () => order.push(i));
    sockets.push(socket);
  }
  for (const socket of sockets) socket.destroy();
  while (order.length < count) await new Promise(setImmediate);
  for (const peer of peers) peer.destroy();
  server.close();
  return order;
}

/** Writes much at once to a peer that does not read. */
async function queue(net, { count, size, isSame, encoding }) {
  const log = [];
  const server = net.createServer((peer) => {
    peer.on('error', () => {});
    setTimeout(() => peer.destroy(), 20);
  });
  server.listen(0, '127.0.0.1');
  if ((await oneOf(server, 'listening', 'error')) === 'error') return 'none';
  const client = net.connect(server.address().port, '127.0.0.1');
  await oneOf(client, 'connect');
  client.on('error', ({ syscall }) => log.push(syscall !== undefined));
  const make = () => {
    const bytes = Buffer.alloc(size, 'q');
    return encoding ? bytes.toString(encoding) : bytes;
  };
  const same = make();
  for (let i = 0; i < count; i++) {
    client.write(isSame ? same : make(), encoding);
  }
  await oneOf(client, 'close');
  server.close();
  return log;
}

/**
 * Reads into the program's own buffers, one for each socket or one for all. Each
 * socket sends its own letter, and counts the bytes it received of others.
 */
function readerInto({ sizes, isShared, stops }, letter, tally, pool) {
  const own = isShared ? pool : sizes.map((size) => Buffer.alloc(size));
  let calls = 0;
  const callback = (size, buffer) => {
    tally.got += size;
    for (const byte of buffer.subarray(0, size)) {
      if (byte !== letter) tally.strange++;
    }
    if (!stops || calls % 3 !== 0) return true;
    setImmediate(() => tally.socket.resume());
    return false;
  };
  return { buffer: () => own[calls++ % own.length], callback };
}

async function into(net, step) {
  const { count, sizes, bytes } = step;
  const pool = sizes.map((size) => Buffer.alloc(size));
  const peers = [];
  const server = net.createServer((peer) =>
    peers.push(peer.on('error', () => {})),
  );
  server.listen(0, '127.0.0.1');
  if ((await oneOf(server, 'listening', 'error')) === 'error') return 'none';
  const tallies = [];
  for (let i = 0; i < count; i++) {
    const tally = { got: 0, strange: 0, socket: undefined };
    const onread = readerInto(step, 65 + i, tally, pool);
    const { port } = server.address();
    tally.socket = net.connect({ port, host: '127.0.0.1', onread });
    tally.socket.on('error', (error) => (tally.error = errorFacts(error)));
    await oneOf(tally.socket, 'connect', 'close');
    while (peers.length <= i) await new Promise(setImmediate);
    tallies.push(tally);
  }
  for (const [i, peer] of peers.entries()) {
    peer.end(Buffer.alloc(bytes, 65 + i));
  }
  await Promise.all(tallies.map(({ socket }) => oneOf(socket, 'close')));
  server.close();
  return tallies.map(({ got, strange, error }) => [got, strange, error]);
}

/** Resolves with the promise's value, or 'late'. */
function late(promise, limit = LIMIT) {
  let timer;
  const over = new Promise((resolve) => {
    timer = setTimeout(resolve, limit, 'late');
  });
  return Promise.race([promise, over]).finally(() => clearTimeout(timer));
}

const steps = {
  ...{ addresses, bound, connect, echo, give, handle, listen, secure },
  ...{ into, objects, queue, serverHandle, several },
};

/**
 * @param {any} net
 * @param {{ name: string }} step
 * @returns {Promise<any>} what it has seen
 */
async function takeStep(net, step) {
  try {
    return await late(Promise.resolve(steps[step.name](net, step)));
  } catch (error) {
    return { thrown: errorFacts(error) };
  }
}

module.exports = { prepare, takeStep };
