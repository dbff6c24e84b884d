'use strict';

// Somebody begins to look at the bytes of a.pipe(b) while they flow: from then
// on every byte is seen, each once, and none is lost.

const assert = require('node:assert');
const { once } = require('node:events');
const { PassThrough } = require('node:stream');
const { both, same } = require('../helpers/both');
const { flowing, pass } = require('../helpers/relay');
const {
  bytesOf,
  nextIteration,
  pair,
  take,
  until,
} = require('../helpers/wire');

/** What `record` sees of two messages, which must also arrive. */
async function seesAll(ends, seen) {
  await pass(ends, 'four');
  await pass(ends, 'five');
  assert.strictEqual(Buffer.concat(seen).toString(), 'fourfive');
}

both("a listener for 'data'", async (net, t) => {
  const ends = await flowing(net, t);
  const seen = [];
  const onData = (chunk) => seen.push(chunk);
  ends.a.on('data', onData);
  await seesAll(ends, seen);
  ends.a.off('data', onData);
  await pass(ends, 'six');
  assert.strictEqual(seen.length, 2);
});

both("a listener in the place of pipe's", async (net, t) => {
  const ends = await flowing(net, t);
  const seen = [];
  ends.a.removeAllListeners('data');
  ends.a.on('data', (chunk) => seen.push(chunk));
  ends.sender.write('four');
  await until(() => seen.length > 0);
  assert.strictEqual(String(seen), 'four');
  assert.strictEqual(ends.b.bytesWritten, 'onetwothree'.length);
});

both("a listener for 'readable'", async (net, t) => {
  const { sender, a, b } = await flowing(net, t);
  const seen = [];
  a.on('readable', () => {
    for (let chunk = a.read(); chunk !== null; chunk = a.read()) {
      seen.push(chunk);
    }
  });
  sender.write('four');
  await until(() => seen.length > 0);
  assert.strictEqual(String(seen), 'four');
  // What read() gives is 'data' to pipe.
  assert.strictEqual(b.bytesWritten, 'onetwothreefour'.length);
});

both('pause and resume', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  a.pause();
  sender.write('four');
  await until(() => a.readableLength === 4);
  assert.strictEqual(b.bytesWritten, 'onetwothree'.length);
  const arrived = take(receiver, 8);
  a.resume();
  sender.write('five');
  assert.strictEqual(String(await arrived), 'fourfive');
});

both("'pause', 'drain' and 'resume' of a slow target", async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  const events = [];
  for (const [socket, name] of [
    [a, 'pause'],
    [b, 'drain'],
    [a, 'resume'],
  ]) {
    socket.on(name, () => events.push(name));
  }
  receiver.pause();
  sender.end(Buffer.alloc(48 << 20));
  await once(a, 'pause');
  receiver.resume();
  await once(a, 'resume');
  assert.deepStrictEqual(events.slice(0, 3), ['pause', 'drain', 'resume']);
  await once(receiver, 'end');
});

// Whether a chunk above the mark makes the source pause although the kernel has
// taken it at once differs by Node release.
for (const [name, end] of [
  ['pause', 'a'],
  ['resume', 'a'],
  ['drain', 'b'],
]) {
  same(`'${name}' with a mark of one`, async (net, t) => {
    const ends = await flowing(net, t, { b: { highWaterMark: 1 } });
    let count = 0;
    ends[end].on(name, () => count++);
    for (let i = 0; i < 5; i++) await pass(ends, `message ${i}`);
    await nextIteration();
    return count;
  });
}

both('unpipe and pipe again', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b } = ends;
  a.unpipe(b);
  const got = take(a, 4);
  sender.write('four');
  assert.strictEqual(String(await got), 'four');
  a.pipe(b);
  assert.strictEqual(await pass(ends, 'five'), 'five');
  assert.strictEqual(await pass(ends, 'six'), 'six');
  assert.strictEqual(b.bytesWritten, 'onetwothreefivesix'.length);
});

both('a second target', async (net, t) => {
  const ends = await flowing(net, t);
  const other = await pair(net, t);
  ends.a.pipe(other.client);
  const copied = take(other.peer, 8);
  await pass(ends, 'four');
  await pass(ends, 'five');
  assert.strictEqual(String(await copied), 'fourfive');
  ends.a.unpipe(ends.b);
  const copied2 = take(other.peer, 3);
  ends.sender.write('six');
  assert.strictEqual(String(await copied2), 'six');
});

both('a target that is no socket', async (net, t) => {
  const { sender, a, b } = await flowing(net, t);
  const through = new PassThrough();
  a.unpipe(b);
  a.pipe(through);
  const got = take(through, 4);
  sender.write('four');
  assert.strictEqual(String(await got), 'four');
});

both('another source for the same target', async (net, t) => {
  const ends = await flowing(net, t);
  const other = await pair(net, t);
  other.peer.pipe(ends.b);
  const arrived = take(ends.receiver, 5);
  other.client.write('other');
  assert.strictEqual(String(await arrived), 'other');
  assert.strictEqual(await pass(ends, 'four'), 'four');
});

both('setEncoding', async (net, t) => {
  const ends = await flowing(net, t);
  ends.a.setEncoding('utf8');
  const text = 'Käse, 乳酪, 🧀';
  const bytes = Buffer.from(text);
  const seen = [];
  ends.a.on('data', (chunk) => seen.push(chunk));
  const all = take(ends.receiver, bytes.length);
  for (const byte of bytes) {
    const before = ends.a.bytesRead;
    ends.sender.write(Buffer.of(byte));
    await until(() => ends.a.bytesRead === before + 1);
  }
  assert.strictEqual(String(await all), text);
  assert.strictEqual(seen.join(''), text);
  assert.ok(seen.every((chunk) => typeof chunk === 'string'));
});

both('an async iterator', async (net, t) => {
  const { sender, a, b } = await flowing(net, t);
  a.unpipe(b);
  sender.end('four');
  const chunks = [];
  for await (const chunk of a) chunks.push(chunk);
  assert.strictEqual(Buffer.concat(chunks).toString(), 'four');
});

const replaced = {
  push: 'a',
  emit: 'a',
  write: 'b',
  _write: 'b',
  _writeGeneric: 'b',
};

for (const [name, end] of Object.entries(replaced)) {
  both(`a method of one's own: ${name}`, async (net, t) => {
    const ends = await flowing(net, t);
    const socket = ends[end];
    const method = socket[name];
    const seen = [];
    socket[name] = function (...args) {
      const chunk = args.find((arg) => Buffer.isBuffer(arg));
      if (chunk) seen.push(chunk);
      return method.apply(this, args);
    };
    await seesAll(ends, seen);
    delete socket[name];
    await pass(ends, 'six');
    assert.strictEqual(seen.length, 2);
  });
}

both("the handle's own reader", async (net, t) => {
  const ends = await flowing(net, t);
  const handle = ends.a._handle;
  const { onread } = handle;
  let count = 0;
  handle.onread = function (...args) {
    count++;
    return onread.apply(this, args);
  };
  await pass(ends, 'four');
  await pass(ends, 'five');
  assert.strictEqual(count, 2);
});

both('a chunk of the source that is put back', async (net, t) => {
  const ends = await flowing(net, t);
  const arrived = take(ends.receiver, 8);
  ends.a.unshift(Buffer.from('four'));
  ends.sender.write('five');
  assert.strictEqual(String(await arrived), 'fourfive');
});

both('by turns, for every few bytes', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  const all = bytesOf(receiver);
  let expected = '';
  let seen = 0;
  const onData = (chunk) => (seen += chunk.length);
  for (let i = 0; i < 200; i++) {
    const message = `message ${i};`;
    expected += message;
    sender.write(message);
    if (i % 7 === 1) a.on('data', onData);
    if (i % 7 === 3) a.off('data', onData);
    if (i % 11 === 2) a.pause();
    if (i % 11 === 4) a.resume();
    if (i % 13 === 5) b.cork();
    if (i % 13 === 7) b.uncork();
    if (i % 17 === 8) a.unpipe(b).pause();
    if (i % 17 === 9) a.pipe(b);
    if (i % 3 === 0) await nextIteration();
  }
  a.resume();
  b.uncork();
  sender.end();
  assert.strictEqual(String(await all), expected);
  assert.ok(seen > 0);
});
