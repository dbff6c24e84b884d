'use strict';

const assert = require('node:assert');
const test = require('node:test');
const node = require('node:net');
const { subjects } = require('./helpers/both');

// Of newer Nodes, and of rust-net on every Node.
const newer = [
  'BoundSocket',
  '_TransferredBoundSocket',
  '_setSimultaneousAccepts',
];

/** Keys that a program can name: node's private symbols are not among them. */
function keysOf(value) {
  const wellKnown = Object.getOwnPropertyNames(Symbol).map((n) => Symbol[n]);
  return Reflect.ownKeys(value).filter(
    (key) => typeof key === 'string' || wellKnown.includes(key),
  );
}

const namesOf = (value) => keysOf(value).map(String).sort();

/** Own members that a class of the newest Node may have beyond this one's. */
function missing(ours, theirs) {
  const have = new Set(namesOf(ours));
  return namesOf(theirs).filter((name) => !have.has(name));
}

if (subjects.includes('rust-net')) {
  const net = require('..');

  test('every key of node:net, and no unknown one', () => {
    assert.deepStrictEqual(missing(net, node), []);
    const known = new Set([...namesOf(node), ...newer]);
    const unknown = namesOf(net).filter((name) => !known.has(name));
    assert.deepStrictEqual(unknown, []);
  });

  for (const name of ['Socket', 'Server', 'BlockList', 'SocketAddress']) {
    test(`${name}: members of class and prototype`, () => {
      assert.strictEqual(typeof net[name], 'function');
      assert.strictEqual(net[name].name, node[name].name);
      assert.deepStrictEqual(missing(net[name], node[name]), []);
      const [ours, theirs] = [net[name].prototype, node[name].prototype];
      assert.deepStrictEqual(missing(ours, theirs), []);
      for (const key of keysOf(theirs)) {
        const kind = (of) => {
          const own = Object.getOwnPropertyDescriptor(of, key);
          if (own.get || own.set) return 'accessor';
          return typeof own.value;
        };
        assert.strictEqual(kind(ours), kind(theirs), String(key));
      }
    });
  }

  test('functions take as many arguments as they say', () => {
    for (const key of Object.keys(node)) {
      if (typeof node[key] !== 'function') continue;
      assert.strictEqual(net[key].length, node[key].length, key);
      // Where a function is deprecated, its name is that of the wrapper.
      if (key === '_setSimultaneousAccepts') continue;
      assert.strictEqual(net[key].name, node[key].name, key);
    }
  });

  test('aliases are the same function', () => {
    assert.strictEqual(net.Stream, net.Socket);
    assert.strictEqual(net.connect, net.createConnection);
  });

  test('a Socket is a Duplex, and no instance of the native one', () => {
    const { Duplex } = require('node:stream');
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

  test('a dynamic import has the same names', async () => {
    const imported = await import('../index.js');
    assert.strictEqual(imported.default, net);
  });
}

test('node:net has what these tests compare with', () => {
  for (const name of ['Socket', 'Server', 'BlockList', 'SocketAddress']) {
    assert.strictEqual(typeof node[name], 'function');
  }
});
