'use strict';

// Everything that can be seen of net from outside, against Node 26's, on every
// Node: helpers/describe-net.js made the fixture. What we have beyond it, or
// have otherwise, is the list below and nothing else.

const assert = require('node:assert');
const node = require('node:net');
const { Duplex } = require('node:stream');
const { alone, nodeIs } = require('../helpers/both');
const { describeNet } = require('../helpers/describe-net');
const newest = require('../fixtures/net-26.json');

const hasInstance = 'value(1) readonly hidden';

/**
 * Path -> what stands there in ours, and why. `undefined` where we have nothing.
 */
const differences = {
  'module.getStats': {
    ours: 'getStats(1)',
    why: 'what has been counted; node has nothing of the kind',
  },
  'module.promises': {
    ours: 'get',
    why: "node's from release 27 on",
  },
  'Server.prototype.Symbol(Symbol.asyncIterator)': {
    ours: '(0)',
    why: "node's from release 27 on",
  },
  'Server.prototype.closeIdleConnections': {
    ours: '(0)',
    why: 'as http.Server has it',
  },
  'Server.prototype.closeAllConnections': {
    ours: '(0)',
    why: 'as http.Server has it',
  },
  'Server.prototype.pauseAccepting': {
    ours: '(0)',
    why: 'limits of a server; node has nothing of the kind',
  },
  'Server.prototype.resumeAccepting': {
    ours: '(0)',
    why: 'limits of a server; node has nothing of the kind',
  },
  'Socket.static.Symbol(Symbol.hasInstance)': {
    ours: hasInstance,
    why: "node's own sockets, a TLSSocket for one, are instances for users",
  },
  'Server.static.Symbol(Symbol.hasInstance)': {
    ours: hasInstance,
    why: "node's own servers, http's for one, are instances for users",
  },
  'BlockList.static.Symbol(Symbol.hasInstance)': {
    ours: hasInstance,
    why: "node's own lists are accepted wherever ours are",
  },
  'SocketAddress.static.Symbol(Symbol.hasInstance)': {
    ours: hasInstance,
    why: "node's own addresses are accepted wherever ours are",
  },
  'BlockList.extends': {
    ours: 'BlockList',
    why: "only node's class survives a structured clone",
  },
  'SocketAddress.extends': {
    ours: 'SocketAddress',
    why: "only node's class survives a structured clone",
  },
  'Socket.prototype.write': {
    ours: '(3)',
    why: 'the short way past the Duplex; node has the inherited one alone',
  },
};

for (const [path, ours] of [
  ['addListener', 'on(2)'],
  ['on', 'on(2)'],
  ['prependListener', 'prependListener(2)'],
]) {
  differences[`Socket.prototype.${path}`] = {
    ours,
    why: 'switches to taking descriptors; node has the inherited one alone',
  };
}

/** The methods of a connection's options and facts, which node does not have. */
const systemMethods = {
  getRecvBufferSize: 0,
  getSendBufferSize: 0,
  getSocketOption: 1,
  getTcpInfo: 0,
  getUserTimeout: 0,
  peerCredentials: 0,
  setRecvBufferSize: 1,
  setSendBufferSize: 1,
  setUserTimeout: 1,
  writeDescriptors: 3,
};
for (const [name, length] of Object.entries(systemMethods)) {
  differences[`Socket.prototype.${name}`] = {
    ours: `${name}(${length})`,
    why: 'what the system has set and knows; node has none of it',
  };
}
differences['Server.prototype.getSocketOption'] = {
  ours: '(1)',
  why: 'socket options by name; node has none of them',
};

/** Kept for as long as the running Node has it itself. */
if ('_setSimultaneousAccepts' in node) {
  differences['module._setSimultaneousAccepts'] = {
    ours: '_setSimultaneousAccepts(0)',
    why: 'gone from node after release 22; programs of then may call it',
  };
}

/** Nested plain data as one flat object of paths. */
function flat(value, path = '', result = {}) {
  if (typeof value !== 'object' || Array.isArray(value)) {
    result[path] = value;
    return result;
  }
  for (const [key, one] of Object.entries(value)) {
    flat(one, path ? `${path}.${key}` : key, result);
  }
  return result;
}

/** `theirs`, altered by what we are known to have otherwise. */
function expected(theirs) {
  const result = flat(theirs);
  for (const [path, { ours }] of Object.entries(differences)) {
    assert.notStrictEqual(result[path], ours, `${path} is no difference`);
    if (ours === undefined) delete result[path];
    else result[path] = ours;
  }
  return result;
}

const sorted = (object) =>
  Object.fromEntries(
    Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

alone('what is loaded on use can be replaced before that, too', () => {
  const { net: fresh } = (() => {
    const file = require.resolve('../../lib/net');
    const { [file]: kept } = require.cache;
    delete require.cache[file];
    try {
      return require('../../lib/net');
    } finally {
      require.cache[file] = kept;
    }
  })();
  const keys = Object.keys(fresh);
  const own = Object.getOwnPropertyDescriptor(fresh, 'Socket');
  assert.strictEqual(typeof own?.get, 'function');
  const Mine = class {};
  fresh.Server = Mine;
  assert.strictEqual(fresh.Server, Mine);
  assert.strictEqual(fresh.Socket, fresh.Stream);
  const plain = { configurable: true, enumerable: true, writable: true };
  for (const name of ['Server', 'Socket', 'Stream']) {
    assert.deepStrictEqual(Object.getOwnPropertyDescriptor(fresh, name), {
      value: fresh[name],
      ...plain,
    });
  }
  assert.deepStrictEqual(Object.keys(fresh), keys);
});

alone("all of it is as Node 26's", async (net) => {
  const { node: release, ...theirs } = newest;
  assert.match(release, /^26\./);
  const ours = flat(await describeNet(net));
  assert.deepStrictEqual(sorted(ours), sorted(expected(theirs)));
});

if (nodeIs('26')) {
  alone("all of it is as the running Node's", async (net) => {
    const [ours, theirs] = [await describeNet(net), await describeNet(node)];
    assert.deepStrictEqual(sorted(flat(ours)), sorted(expected(theirs)));
  });
}

alone("nothing is missing of the running Node's", async (net) => {
  const ours = flat(await describeNet(net));
  const theirs = Object.keys(flat(await describeNet(node)));
  assert.deepStrictEqual(
    theirs.filter((path) => !(path in ours)),
    [],
  );
});

alone('aliases are the same function', (net) => {
  assert.strictEqual(net.Stream, net.Socket);
  assert.strictEqual(net.connect, net.createConnection);
});

alone('a Socket is a Duplex, and no instance of the native one', (net) => {
  const socket = new net.Socket();
  assert.ok(socket instanceof Duplex);
  assert.ok(socket instanceof net.Socket);
  assert.ok(!(socket instanceof node.Socket));
  assert.ok(new node.Socket() instanceof net.Socket);
  class Mine extends net.Socket {}
  assert.ok(new Mine() instanceof Mine);
  assert.ok(!(socket instanceof Mine));
  assert.ok(!(new node.Socket() instanceof Mine));
});

alone('a Server is no instance of the native one', (net) => {
  const server = new net.Server();
  assert.ok(server instanceof net.Server);
  assert.ok(!(server instanceof node.Server));
  assert.ok(new node.Server() instanceof net.Server);
});
