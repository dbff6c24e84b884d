'use strict';

// Describes what a program can observe of a net module: keys, property descriptors,
// names and lengths of functions, and the events of a few connections.
//
// `node __test__/helpers/describe-net.js` describes the running Node's module in
// __test__/fixtures/net-<release>.json. __test__/project/api-comparison.test.js
// compares rust-net with Node 26's.

const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Duplex } = require('node:stream');

const classes = [
  'BlockList',
  'BoundSocket',
  'Server',
  'Socket',
  'SocketAddress',
];

/**
 * Returns true for a name, or a symbol that programs can refer to. Node's private
 * symbols differ by release.
 */
function isPublic(key) {
  if (typeof key === 'string') return true;
  return String(key).startsWith('Symbol(Symbol.') || Symbol.keyFor(key);
}

// Replaces the names of the symbols of explicit resource management that node had
// defined itself, before V8 had them.
const plainly = (text) =>
  text.replace(/nodejs\.(asyncD|d)ispose/, 'Symbol.$1ispose');

const publicKeys = (object) => Reflect.ownKeys(object).filter(isPublic);

function describeFunction(fn) {
  return `${plainly(fn.name)}(${fn.length})`;
}

function describeValue(value) {
  if (typeof value === 'function') return describeFunction(value);
  return value === null ? 'null' : typeof value;
}

/** Describes a property in one line, with its differences from `a.b = value`. */
function describeProperty(object, key) {
  const own = Object.getOwnPropertyDescriptor(object, key);
  const words = [];
  if (own.get || own.set) {
    words.push(own.get ? 'get' : '', own.set ? 'set' : '');
  } else {
    words.push(describeValue(own.value), own.writable ? '' : 'readonly');
  }
  words.push(own.enumerable ? '' : 'hidden', own.configurable ? '' : 'fixed');
  return words.filter(Boolean).join(' ');
}

function describeObject(object, except = []) {
  const keys = publicKeys(object).filter((key) => !except.includes(key));
  return Object.fromEntries(
    keys
      .map((key) => [plainly(String(key)), describeProperty(object, key)])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const makers = {
  BlockList: (net) => new net.BlockList(),
  BoundSocket: (net) => new net.BoundSocket({ host: '127.0.0.1' }),
  Server: (net) => new net.Server(),
  Socket: (net) => new net.Socket(),
  SocketAddress: (net) => new net.SocketAddress(),
};

// Own properties and internal events of streams and emitters are left out, because
// they depend on the running Node.
const bases = {
  Server: () => [...Reflect.ownKeys(new EventEmitter()), '_eventsCount'],
  Socket: () => [...Reflect.ownKeys(new Duplex()), '_eventsCount'],
};
const streamEvents = ['prefinish', 'readable', 'resume'];

function describeClass(net, name) {
  const Class = net[name];
  const instance = makers[name](net);
  const result = {
    function: describeFunction(Class),
    extends: Object.getPrototypeOf(Class).name,
    callable: isCallable(Class),
    static: describeObject(Class),
    prototype: describeObject(Class.prototype),
    instance: describeObject(instance, bases[name]?.()),
  };
  if (name === 'BoundSocket') instance.close();
  return result;
}

function isCallable(Class) {
  try {
    return Class() instanceof Class;
  } catch {
    return false;
  }
}

/** Adds the name of every event that `emitter` emits from now on to `names`. */
function record(emitter, names) {
  const { emit } = emitter;
  emitter.emit = function (event, ...args) {
    if (!streamEvents.includes(event)) names.add(event);
    return emit.call(this, event, ...args);
  };
}

/** Resolves to two addresses: the first refuses, the second is the server's. */
function lookup(host, options, callback) {
  const all = [
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ];
  process.nextTick(callback, null, all);
}

/**
 * Collects the events of a connection on which everything happens once, and of one
 * that is refused.
 */
async function collectEvents(net) {
  const seen = { server: new Set(), client: new Set(), peer: new Set() };
  const server = net.createServer({ allowHalfOpen: true });
  record(server, seen.server);
  server.on('connection', (peer) => {
    record(peer, seen.peer);
    peer.resume().on('end', () => peer.end('bye'));
  });
  server.maxConnections = 1;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  const client = new net.Socket({ highWaterMark: 1 });
  record(client, seen.client);
  const host = 'both.test';
  client.connect({ port, host, lookup, autoSelectFamily: true });
  client.write('hello');
  await once(client, 'drain');
  client.setTimeout(5);
  await once(client, 'timeout');
  const dropped = net.connect(port, '127.0.0.1');
  dropped.on('error', () => {});
  await once(server, 'drop');
  client.resume().end();
  await once(client, 'close');
  server.close();
  await once(server, 'close');

  const refused = new net.Socket();
  record(refused, seen.client);
  refused.on('error', () => {});
  refused.connect({ port, host: '127.0.0.1' });
  await new Promise((resolve) => refused.once('close', resolve));
  return Object.fromEntries(
    Object.entries(seen).map(([side, names]) => [
      side,
      [...names].sort().join(' '),
    ]),
  );
}

/**
 * Describes a net module.
 *
 * @param {any} net
 * @returns {Promise<object>} plain data
 */
async function describeNet(net) {
  // rust-net loads some on their first use, and then they are plain values.
  for (const key of Object.keys(net)) void net[key];
  return {
    module: describeObject(net),
    ...Object.fromEntries(
      classes
        .filter((name) => net[name])
        .map((name) => [name, describeClass(net, name)]),
    ),
    events: await collectEvents(net),
  };
}

async function main() {
  const release = process.versions.node.split('.')[0];
  const file = path.join(__dirname, `../fixtures/net-${release}.json`);
  const facts = {
    node: process.versions.node,
    ...(await describeNet(require('node:net'))),
  };
  fs.writeFileSync(file, `${JSON.stringify(facts, null, 2)}\n`);
}

if (require.main === module) main();

module.exports = { describeNet };
