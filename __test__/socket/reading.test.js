'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { alone, both, nodeIs, same } = require('../helpers/both');
const {
  bytesOf,
  connected,
  freeName,
  destroyAfter,
  listening,
  nextIteration,
  pair,
  recorded,
  take,
  tcp,
  until,
} = require('../helpers/wire');

both('pause() in a data handler stops at once', async (net, t) => {
  const { client, peer } = await pair(net, t);
  let chunks = 0;
  client.on('data', () => {
    chunks++;
    client.pause();
  });
  peer.write(Buffer.alloc(4 << 20));
  await once(client, 'data');
  for (let i = 0; i < 10; i++) await nextIteration();
  assert.strictEqual(chunks, 1);
  assert.strictEqual(client.isPaused(), true);
  client.resume();
  await once(client, 'data');
  assert.strictEqual(chunks, 2);
});

both('paused and resumed in turns loses nothing', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const data = Buffer.alloc(3_000_000);
  for (let i = 0; i < data.length; i += 4) data.writeUInt32LE(i, i);
  const chunks = [];
  client.on('data', (chunk) => {
    chunks.push(chunk);
    client.pause();
    if (chunks.length % 2) process.nextTick(() => client.resume());
    else setImmediate(() => client.resume());
  });
  peer.end(data);
  await once(client, 'end');
  assert.ok(Buffer.concat(chunks).equals(data));
});

both('setEncoding joins characters cut in two', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.setEncoding('utf8');
  const letters = '世界🌍ü';
  let text = '';
  client.on('data', (chunk) => {
    assert.strictEqual(typeof chunk, 'string');
    text += chunk;
  });
  for (const byte of Buffer.from(letters)) {
    await new Promise((resolve) => peer.write(Buffer.from([byte]), resolve));
    await nextIteration();
  }
  peer.end();
  await once(client, 'end');
  assert.strictEqual(text, letters);
});

for (const encoding of ['hex', 'base64', 'latin1', 'ucs2']) {
  both(`setEncoding ${encoding}`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    client.setEncoding(encoding);
    const data = Buffer.from(Array.from({ length: 252 }, (_, i) => i));
    let text = '';
    client.on('data', (chunk) => (text += chunk));
    peer.write(data.subarray(0, 101));
    await nextIteration();
    peer.end(data.subarray(101));
    await once(client, 'end');
    assert.ok(Buffer.from(text, encoding).equals(data));
  });
}

both('read(n) in paused mode', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.end('abcdefgh');
  const got = [];
  client.on('readable', () => {
    let chunk;
    while ((chunk = client.read(3)) !== null) got.push(String(chunk));
  });
  await once(client, 'end');
  assert.deepStrictEqual(got, ['abc', 'def', 'gh']);
});

both('readable and data listeners together', async (net, t) => {
  const { client, peer } = await pair(net, t);
  let bytes = 0;
  client.on('readable', () => {
    while (client.read() !== null);
  });
  client.on('data', (chunk) => (bytes += chunk.length));
  peer.end(Buffer.alloc(100_000));
  await once(client, 'end');
  assert.strictEqual(bytes, 100_000);
});

both('async iteration', async (net, t) => {
  const { client, peer } = await pair(net, t);
  for (let i = 0; i < 10; i++) peer.write(Buffer.alloc(10_000, i));
  peer.end();
  const chunks = [];
  for await (const chunk of client) chunks.push(chunk);
  const all = Buffer.concat(chunks);
  assert.strictEqual(all.length, 100_000);
  assert.strictEqual(all[99_999], 9);
  assert.strictEqual(client.destroyed, true);
});

both('leaving an async iteration destroys', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const reset = once(peer, 'close');
  peer.on('error', () => {});
  peer.write('x');
  for await (const chunk of client) {
    assert.strictEqual(String(chunk), 'x');
    break;
  }
  assert.strictEqual(client.destroyed, true);
  peer.resume();
  await reset;
});

both('unshift is read first', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.write('world');
  const [chunk] = await once(client, 'data');
  client.pause();
  client.unshift(chunk);
  client.unshift('hello ');
  peer.end('!');
  assert.strictEqual(String(await bytesOf(client)), 'hello world!');
});

both('a listener that comes late misses nothing', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.end('early');
  await until(() => client.readableLength === 5);
  await nextIteration();
  assert.strictEqual(String(await bytesOf(client)), 'early');
});

both('data flows again after a listener is replaced', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  const first = (chunk) => seen.push(`first ${chunk}`);
  client.on('data', first);
  peer.write('a');
  await until(() => seen.length === 1);
  client.off('data', first);
  client.on('data', (chunk) => seen.push(`second ${chunk}`));
  peer.write('b');
  await until(() => seen.length === 2);
  assert.deepStrictEqual(seen, ['first a', 'second b']);
});

both('emit and push of one instance can be replaced', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  const { emit, push } = client;
  client.emit = function (name, ...args) {
    if (name === 'data') seen.push('emit');
    return emit.call(this, name, ...args);
  };
  client.push = function (chunk, ...args) {
    if (chunk) seen.push('push');
    return push.call(this, chunk, ...args);
  };
  client.resume();
  const got = once(client, 'data');
  peer.write('x');
  await got;
  assert.deepStrictEqual(seen, ['push', 'emit']);
});

both('_write of a subclass and write of an instance', async (net, t) => {
  const seen = [];
  class Loud extends net.Socket {
    _write(chunk, encoding, callback) {
      seen.push(`_write ${chunk}`);
      return super._write(chunk, encoding, callback);
    }
  }
  const server = await listening(net, t, undefined, {}, (c) => c.pipe(c));
  const client = destroyAfter(t, new Loud());
  client.connect(server.address().port);
  await once(client, 'connect');
  const { write } = client;
  client.write = function (...args) {
    seen.push(`write ${args[0]}`);
    return write.apply(this, args);
  };
  client.write('one');
  assert.strictEqual(String(await take(client, 3)), 'one');
  client.write(Buffer.from('two'));
  assert.strictEqual(String(await take(client, 3)), 'two');
  assert.deepStrictEqual(seen, [
    'write one',
    '_write one',
    'write two',
    '_write two',
  ]);
});

both('several data listeners get the same chunk', async (net, t) => {
  const { client, peer } = await pair(net, t);
  const seen = [];
  client.on('data', (chunk) => seen.push(chunk));
  client.on('data', (chunk) => seen.push(chunk));
  peer.write('x');
  await once(client, 'data');
  assert.strictEqual(seen.length, 2);
  assert.strictEqual(seen[0], seen[1]);
});

same('stream state after data and end', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.end('data');
  client.resume();
  await once(client, 'end');
  const { readableEnded, readable, readableFlowing, readableDidRead } = client;
  return { readableEnded, readable, readableFlowing, readableDidRead };
});

both('pauseOnConnect gives nothing until resume', async (net, t) => {
  const server = await listening(net, t, undefined, { pauseOnConnect: true });
  const accepted = once(server, 'connection');
  const client = destroyAfter(t, net.connect(server.address().port));
  client.end('held back');
  const [peer] = await accepted;
  assert.strictEqual(peer.isPaused(), true);
  await once(client, 'finish');
  for (let i = 0; i < 10; i++) await nextIteration();
  assert.strictEqual(peer.bytesRead, 0);
  assert.strictEqual(String(await bytesOf(peer)), 'held back');
});

both('tiny pieces over many turns', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.setNoDelay(true);
  const expected = [];
  const got = bytesOf(client);
  for (let i = 0; i < 300; i++) {
    const piece = Buffer.alloc(1 + (i % 7), i);
    expected.push(piece);
    peer.write(piece);
    if (i % 10 === 0) await nextIteration();
  }
  peer.end();
  assert.ok((await got).equals(Buffer.concat(expected)));
});

// Sends SIZE bytes to whoever connects, from a process of its own: they arrive
// while others are being read, and never so many that the kernel has some left.
const sender = (size) => {
  const server = require('node:net').createServer((socket) => {
    let left = size;
    const next = () => {
      if (left <= 0) return socket.end();
      left -= 5000;
      return socket.write(Buffer.alloc(5000, 'x'), () => setImmediate(next));
    };
    socket.on('error', () => {});
    next();
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
};

alone('a socket that is resumed at once reads once a chunk', async (net, t) => {
  const SIZE = 8 << 20;
  const program = `(${sender})(${SIZE})`;
  const child = spawn(process.execPath, ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const [port] = await once(child.stdout, 'data');
  let chunks = 0;
  const callback = () => {
    chunks++;
    client.pause();
    client.resume();
    return true;
  };
  const client = net.connect({
    port: Number(port),
    host: '127.0.0.1',
    onread: { buffer: Buffer.alloc(4096), callback },
  });
  destroyAfter(t, client);
  let reads;
  client.on('end', () => ({ reads } = net.getStats(client)));
  await once(client, 'close');
  assert.ok(chunks >= SIZE / 4096, `${chunks} chunks`);
  // A wake-up for nothing costs a read. Behind a full buffer one read asks for more.
  assert.ok(reads < chunks * 1.2, `${reads} reads for ${chunks} chunks`);
});

/** The statuses that a handle is told in place of its socket. */
function toldOf(net, handle) {
  const told = [];
  handle.onread = () => told.push('called');
  return told;
}

same('the end is told again to a handle that starts again', async (net, t) => {
  const { client, peer } = await pair(net, t, {
    client: { allowHalfOpen: true },
  });
  peer.end();
  await once(client.resume(), 'end');
  const { _handle: handle } = client;
  const told = toldOf(net, handle);
  const statuses = [];
  for (let i = 0; i < 3; i++) {
    handle.readStop();
    statuses.push(handle.readStart());
    while (told.length <= i) await nextIteration();
  }
  // Without a stop in between, too.
  statuses.push(handle.readStart());
  while (told.length < 4) await nextIteration();
  return { statuses, told };
});

same(
  'an end behind a stop of the same moment is told at the start',
  async (net, t) => {
    const server = await listening(net, t, tcp(t), { pauseOnConnect: true });
    const seen = [];
    const sockets = [];
    // Two that end at the same moment: the first to hear of it stops the other.
    for (let i = 0; i < 2; i++) {
      const accepted = once(server, 'connection');
      await connected(net, t, server).then((client) => client.end());
      const [peer] = await accepted;
      sockets.push(peer);
    }
    await nextIteration();
    const handles = sockets.map(({ _handle }) => _handle);
    const told = [];
    for (const [i, handle] of handles.entries()) {
      handle.onread = () => {
        told.push(i);
        handles[1 - i].readStop();
      };
    }
    for (const handle of handles) handle.readStart();
    while (told.length < 1) await nextIteration();
    for (let i = 0; i < 5; i++) await nextIteration();
    seen.push(told.length);
    handles[1 - told[0]].readStart();
    while (told.length < 2) await nextIteration();
    seen.push(told.length, told[0] !== told[1]);
    return seen;
  },
);

same('a handle that reads already says so', async (net, t) => {
  const { client, peer } = await pair(net, t);
  client.resume();
  peer.write('x');
  await once(client, 'data');
  const { _handle: handle } = client;
  const statuses = [handle.readStart()];
  handle.readStop();
  statuses.push(handle.readStop(), handle.readStart(), handle.readStart());
  return statuses;
});

// Over TCP node:net reads EOF an iteration later, behind the immediate.
alone("'end' comes with the last bytes", async (net, t) => {
  const { client, peer } = await pair(net, t);
  const events = recorded(client, ['data', 'end']);
  client.once('data', () => setImmediate(() => events.push('immediate')));
  client.pause();
  peer.end('last');
  await once(peer, 'finish');
  client.resume();
  await until(() => events.length === 3);
  assert.strictEqual(events[0], 'data');
  assert.deepStrictEqual(events.sort(), ['data', 'end', 'immediate']);
});

// Before Node 26 node:net reports the end at once where the peer is gone.
alone(
  "'end' of an accepted Unix socket follows an immediate",
  async (net, t) => {
    const behind = ['immediate', 'end'];
    for (const [subject, last] of [
      [net, behind],
      [require('node:net'), nodeIs('26') ? behind : ['end', 'immediate']],
    ]) {
      const { client, peer } = await pair(subject, t, {
        where: { path: freeName(t) },
        server: { pauseOnConnect: true },
      });
      const events = recorded(peer, ['data', 'end']);
      peer.once('data', () => setImmediate(() => events.push('immediate')));
      client.write('last');
      client.destroySoon();
      await once(client, 'close');
      peer.resume();
      await until(() => events.length === 3);
      assert.deepStrictEqual(events, ['data', ...last]);
    }
  },
);
