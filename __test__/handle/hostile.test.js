'use strict';

// Handles that are called with what no honest caller passes: whatever it is,
// nobody gets bytes that were not written to them.

const assert = require('node:assert');
const { once } = require('node:events');
const { alone, both, nodeIs, same } = require('../helpers/both');
const { errorFields, nextIteration, pair, take } = require('../helpers/wire');
const { tcp_wrap, stream_wrap } = require('../../handles');

const { TCP, TCPConnectWrap, constants } = tcp_wrap;
const { ShutdownWrap, WriteWrap } = stream_wrap;
const EBADF = -require('node:os').constants.errno.EBADF;

const secret = 'S'.repeat(60_000);

/** Leaves another connection's bytes where a fault would find them. */
async function leaveSecret(net, t) {
  const { client, peer } = await pair(net, t);
  client.write(secret);
  await take(peer, secret.length);
  return client;
}

/** Everything that reaches the peer of `client` until its end. */
async function received(client, peer) {
  const chunks = [];
  peer.on('data', (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve) => peer.once('end', resolve));
  client.end('|');
  await ended;
  return Buffer.concat(chunks).toString('latin1');
}

function request() {
  return Object.assign(new WriteWrap(), { oncomplete() {} });
}

function outcome(call) {
  try {
    return call();
  } catch (error) {
    return errorFields(error);
  }
}

/** What an event throws, which ends a program. */
function caught(t) {
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  return new Promise((resolve) => {
    process.setUncaughtExceptionCaptureCallback(resolve);
  });
}

const notBuffers = {
  'an ArrayBuffer': () => new ArrayBuffer(50),
  'an object with a byteLength': () => ({ byteLength: 50, length: 50 }),
  'a Uint16Array': () => new Uint16Array(25),
  'a DataView': () => new DataView(new ArrayBuffer(50)),
  'a string': () => 'x'.repeat(50),
  'an array': () => new Array(50).fill(1),
};

for (const [what, make] of Object.entries(notBuffers)) {
  const writeIt = async (net, t) => {
    await leaveSecret(net, t);
    const { client, peer } = await pair(net, t);
    const { _handle: handle } = client;
    const seen = outcome(() => handle.writeBuffer(request(), make()));
    return { seen, bytes: await received(client, peer) };
  };

  // Later releases of node end the process for it.
  if (!nodeIs('23')) same(`writeBuffer of ${what}`, writeIt);
  alone(`writeBuffer of ${what} is refused`, async (net, t) => {
    const { seen, bytes } = await writeIt(net, t);
    assert.strictEqual(seen.code, 'ERR_INVALID_ARG_TYPE');
    assert.strictEqual(bytes, '|');
  });

  alone(`writev of ${what}`, async (net, t) => {
    await leaveSecret(net, t);
    const { client, peer } = await pair(net, t);
    const good = Buffer.from('good');
    for (const list of [[make()], [good, make()]]) {
      assert.throws(() => client._handle.writev(request(), list, true), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
    assert.strictEqual(await received(client, peer), '|');
  });
}

class Liar extends Uint8Array {
  get byteLength() {
    return 500;
  }
  get length() {
    return 500;
  }
  get buffer() {
    return new ArrayBuffer(500);
  }
}

both('a subclass that lies about its length', async (net, t) => {
  await leaveSecret(net, t);
  const { client, peer } = await pair(net, t);
  client._handle.writeBuffer(request(), new Liar([97, 98, 99]));
  assert.strictEqual(await received(client, peer), 'abc|');
});

alone('a list of liars', async (net, t) => {
  await leaveSecret(net, t);
  const { client, peer } = await pair(net, t);
  const liar = new Liar([97, 98, 99]);
  client._handle.writev(request(), [liar, liar], true);
  client._handle.writev(request(), [liar, '', 'x', 'latin1'], false);
  assert.strictEqual(await received(client, peer), 'abcabcabcx|');
});

both('a detached buffer has no bytes', async (net, t) => {
  await leaveSecret(net, t);
  const { client, peer } = await pair(net, t);
  for (const size of [10, 100_000]) {
    const bytes = new Uint8Array(size);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    client._handle.writeBuffer(request(), bytes);
  }
  assert.strictEqual(await received(client, peer), '|');
});

alone('a detached buffer in a list that waits has no bytes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const detached = new Uint8Array(100);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const large = Buffer.alloc(8 << 20, 'x');
  for (let left = 2; left > 0; left--) {
    client._handle.writev(request(), [large, detached], true);
  }
  const { length } = await received(client, peer);
  assert.strictEqual(length, 2 * large.length + 1);
});

both('shared memory is sent', async (net, t) => {
  const { client, peer } = await pair(net, t);
  for (const size of [10, 100_000]) {
    const bytes = new Uint8Array(new SharedArrayBuffer(size)).fill(97);
    client._handle.writeBuffer(request(), bytes);
  }
  assert.strictEqual(await received(client, peer), `${'a'.repeat(100_010)}|`);
});

if (nodeIs('20')) {
  both('a resizable buffer is sent as it is', async (net, t) => {
    const { client, peer } = await pair(net, t);
    const memory = new ArrayBuffer(100_000, { maxByteLength: 200_000 });
    const bytes = new Uint8Array(memory).fill(97);
    memory.resize(50_000);
    client._handle.writeBuffer(request(), bytes);
    assert.strictEqual(await received(client, peer), `${'a'.repeat(50_000)}|`);
  });
}

// A list may be read once, or more often: the getter waits for its time.
for (const [size, time] of [
  [100, 1],
  [100, 2],
  [60_000, 1],
  [60_000, 2],
  [60_000, 3],
]) {
  const name = `a getter detaches ${size} bytes of its list, time ${time}`;
  alone(name, async (net, t) => {
    const { client, peer } = await pair(net, t);
    const first = new Uint8Array(size).fill(97);
    const kept = [];
    const list = [first, null];
    let times = 0;
    Object.defineProperty(list, 1, {
      get() {
        if (++times !== time) return Buffer.from('x');
        structuredClone(first.buffer, { transfer: [first.buffer] });
        // What now has the memory must not be sent.
        for (let i = 0; i < 50; i++) kept.push(Buffer.alloc(size, 'S'));
        return Buffer.from('x');
      },
    });
    client._handle.writev(request(), list, true);
    const own = times < time ? 'a'.repeat(size) : '';
    assert.strictEqual(await received(client, peer), `${own}x|`);
  });
}

alone('a getter writes to another connection', async (net, t) => {
  const other = await leaveSecret(net, t);
  const { client, peer } = await pair(net, t);
  const list = [Buffer.alloc(30, 'a'), null];
  Object.defineProperty(list, 1, {
    get() {
      other._handle.writeBuffer(request(), Buffer.from(secret.slice(0, 100)));
      return Buffer.from('x');
    },
  });
  client._handle.writev(request(), list, true);
  const encoding = {
    toString() {
      other._handle.writeBuffer(request(), Buffer.from(secret.slice(0, 100)));
      return 'latin1';
    },
  };
  client._handle.writev(request(), ['b', 'latin1', 'c', encoding], false);
  const bytes = await received(client, peer);
  assert.strictEqual(bytes, `${'a'.repeat(30)}xbc|`);
});

alone('a getter that throws', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const list = [Buffer.alloc(30, 'a'), null];
  const failure = new Error('of the getter');
  Object.defineProperty(list, 1, {
    get() {
      throw failure;
    },
  });
  const write = () => client._handle.writev(request(), list, true);
  assert.throws(write, failure);
  assert.strictEqual(await received(client, peer), '|');
});

alone('a list that is none', async (net, t) => {
  const { client, peer } = await pair(net, t);
  for (const list of [undefined, null, 5, 'list', {}, { length: 1 }]) {
    for (const allBuffers of [true, false]) {
      assert.throws(() => client._handle.writev(request(), list, allBuffers), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
  }
  assert.strictEqual(await received(client, peer), '|');
});

alone('text that is none, and encodings that are none', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  for (const text of [undefined, 5, { length: 50 }, Buffer.alloc(5)]) {
    for (const verb of ['writeUtf8String', 'writeLatin1String']) {
      assert.throws(() => handle[verb](request(), text), {
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
  }
  // As node's handles: UTF-8.
  handle.writev(request(), ['ä', 'nonsense', 'ö', 7], false);
  const bytes = await received(client, peer);
  assert.strictEqual(Buffer.from(bytes, 'latin1').toString(), 'äö|');
});

alone('writeAhead of what is no buffer, and of other data', async (net, t) => {
  await leaveSecret(net, t);
  const { client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  for (const make of Object.values(notBuffers)) {
    assert.throws(() => handle.writeAhead(make()), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
  }
  // The kernel takes a part of this, and the verb is then given less.
  const large = Buffer.alloc(32 << 20, 'a');
  assert.strictEqual(handle.writeAhead(large), false);
  assert.strictEqual(handle.writeBuffer(request(), Buffer.from('b')), 0);
  const bytes = await received(client, peer);
  assert.match(bytes, /^a+b?\|$/);
});

alone('a write that was begun ahead ends with the handle', async (net, t) => {
  const { client } = await pair(net, t);
  const { _handle: handle } = client;
  const large = Buffer.alloc(32 << 20, 'a');
  assert.strictEqual(handle.writeAhead(large), false);
  handle.close();
  assert.strictEqual(handle.writeBuffer(request(), large), EBADF);
});

alone('a verb of another object', async (net, t) => {
  // The first handle of all would have the slot that nothing reads as.
  const { client, peer } = await pair(net, t);
  for (const verb of [
    ...['writeBuffer', 'writeUtf8String', 'readStart', 'readStop'],
    ...['shutdown', 'reset', 'close'],
  ]) {
    try {
      TCP.prototype[verb].call({}, request(), 'S');
    } catch (error) {
      assert.ok(error instanceof TypeError, error);
    }
  }
  await nextIteration();
  assert.strictEqual(await received(client, peer), '|');
});

alone('an heir of a handle closes nothing', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  // Otherwise the handle would go on with the slot of another.
  for (const heir of [Object.create(handle), new Proxy(handle, {})]) {
    for (const verb of ['close', 'reset']) {
      assert.throws(() => TCP.prototype[verb].call(heir), {
        name: 'TypeError',
        message: 'Illegal invocation',
      });
    }
  }
  assert.strictEqual(await received(client, peer), '|');
});

alone('a verb without a request does nothing', async (net, t) => {
  const { server, client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  const { port } = server.address();
  const other = new TCP(constants.SOCKET);
  t.after(() => other.close());
  const bytes = Buffer.from('S');
  for (const none of [undefined, null, 7, 'request', Symbol('request')]) {
    for (const call of [
      () => handle.writeBuffer(none, bytes),
      () => handle.writev(none, [bytes], true),
      () => handle.writeUtf8String(none, 'S'),
      () => handle.shutdown(none),
      () => other.connect(none, '127.0.0.1', port),
    ]) {
      assert.throws(call, { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  }
  assert.strictEqual(other.fd, -1);
  assert.strictEqual(await received(client, peer), '|');
});

alone('a frozen request is completed', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const completed = new Promise((resolve) => {
    const request = Object.assign(new ShutdownWrap(), { oncomplete: resolve });
    assert.strictEqual(client._handle.shutdown(Object.freeze(request)), 0);
  });
  assert.strictEqual(await completed, 0);
  peer.resume();
  await once(peer, 'end');
});

alone('a request of two writes is completed twice', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  const large = Buffer.alloc(16 << 20, 'a');
  let left = 2;
  const completed = new Promise((resolve) => {
    const twice = Object.assign(new WriteWrap(), {
      oncomplete: () => --left === 0 && resolve(),
    });
    handle.writeBuffer(twice, large);
    handle.writeBuffer(twice, large);
  });
  let size = 0;
  peer.on('data', (chunk) => (size += chunk.length));
  await completed;
  while (size < 2 * large.length) await once(peer, 'data');
  assert.strictEqual(size, 2 * large.length);
});

alone(
  'a getter of a request does not come between two halves',
  async (net, t) => {
    const { client, peer } = await pair(net, t);
    const { _handle: handle } = client;
    const between = request();
    Object.defineProperty(between, 'constructor', {
      get() {
        handle.writeBuffer(request(), Buffer.from('S'));
        return WriteWrap;
      },
    });
    const large = Buffer.alloc(16 << 20, 'a');
    handle.writeBuffer(between, large);
    const bytes = await take(peer, large.length);
    assert.ok(!bytes.includes('S'));
  },
);

alone('what onread returns need not be a buffer', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const { _handle: handle } = client;
  const buffer = Buffer.alloc(8);
  const odd = [Object.create(Uint8Array.prototype), new Proxy(buffer, {}), 7];
  handle.useUserBuffer(buffer);
  for (const next of [...odd, undefined]) {
    const read = new Promise((resolve) => {
      handle.onread = () => {
        resolve(stream_wrap.streamBaseState[stream_wrap.kReadBytesOrError]);
        return next;
      };
    });
    handle.readStart();
    peer.write('x');
    assert.strictEqual(await read, 1);
  }
  assert.strictEqual(buffer[0], 'x'.charCodeAt(0));
});

for (const value of [undefined, null, 5]) {
  alone(`onread of ${value}`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    const thrown = caught(t);
    client._handle.onread = value;
    await new Promise((resolve) => peer.write('lost', resolve));
    const error = await thrown;
    assert.strictEqual(error.code, 'ERR_INVALID_ARG_TYPE');
    assert.match(error.message, /"handle\.onread" .* type function/);
  });
}

alone('a number in place of a connection', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const made = [];
  for (let slot = 0; slot < 500; slot++) {
    const handle = new TCP(constants.SOCKET, slot, {});
    made.push(handle);
    handle.writeBuffer(request(), Buffer.from('S'));
  }
  for (const handle of made) handle.close();
  assert.strictEqual(await received(client, peer), '|');
});

/** A new handle that has the place which another had, and is known by it. */
async function inPlaceOf(key, kKey) {
  // Keys came round after 614,501 handles once.
  for (let left = 700_000; left > 0; left--) {
    const handle = new TCP(constants.SOCKET);
    if (handle[kKey] === key) return handle;
    handle.close();
    if (left % 50 === 0) await nextIteration();
  }
  return assert.fail('nobody took the place');
}

alone('a closed handle reaches nobody', async (net, t) => {
  const { server, client } = await pair(net, t);
  const old = client._handle;
  const kKey = Object.getOwnPropertySymbols(old).find(
    ({ description }) => description === 'key',
  );
  const key = old[kKey];
  client.destroy();
  await once(client, 'close');
  const other = await inPlaceOf(key, kKey);
  t.after(() => other.close());
  const connect = Object.assign(new TCPConnectWrap(), { oncomplete() {} });
  other.connect(connect, '127.0.0.1', server.address().port);
  const [peer] = await once(server, 'connection');
  assert.strictEqual(old.writeBuffer(request(), Buffer.from('S')), EBADF);
  assert.strictEqual(old.writeUtf8String(request(), 'S'), EBADF);
  for (const list of [[Buffer.from('S')], [Buffer.alloc(0)], []]) {
    assert.strictEqual(old.writev(request(), list, true), EBADF);
  }
  assert.strictEqual(old.writeBuffer(request(), Buffer.alloc(0)), EBADF);
  assert.strictEqual(old.writeUtf8String(request(), ''), EBADF);
  assert.strictEqual(old.readStart(), EBADF);
  assert.strictEqual(old.shutdown(request()), EBADF);
  assert.strictEqual(old.setNoDelay(true), EBADF);
  assert.strictEqual(old.fd, -1);
  old.close();
  old.unref();
  other.writeBuffer(request(), Buffer.from('own'));
  assert.strictEqual(String(await take(peer, 3)), 'own');
});
