'use strict';

// a.pipe(b) between two sockets: what comes through, in which order, how it is
// counted, and how it ends. relay-leave.test.js is about whoever begins
// to look at the bytes, relay-unseen.test.js about those that nobody sees.

const assert = require('node:assert');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const { pipeline } = require('node:stream/promises');
const { both, same } = require('../helpers/both');
const { random } = require('../helpers/random');
const { chain, flowing, pass, routes } = require('../helpers/relay');
const {
  bytesOf,
  closed,
  nextIteration,
  recorded,
  take,
  until,
} = require('../helpers/wire');

const names = ['pipe', 'unpipe', 'end', 'finish', 'error', 'close'];

/** Bytes that differ from place to place. */
function bytes(size) {
  const block = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) block[i] = (i * 31) ^ (i >> 8);
  return block;
}

const sha = (data) => createHash('sha256').update(data).digest('hex');

for (const [name, where] of routes) {
  both(`${name}: every byte, in order and counted`, async (net, t) => {
    const { sender, a, b, receiver } = await chain(net, t, { where: where(t) });
    a.pipe(b);
    const all = bytes(8 << 20);
    const received = bytesOf(receiver);
    // Of all sizes, so that small ones come behind large ones.
    let at = 0;
    for (let size = 1; at < all.length; size = (size * 7 + 3) % 150_000) {
      const piece = all.subarray(at, (at += size));
      if (!sender.write(piece)) await once(sender, 'drain');
    }
    sender.end();
    assert.strictEqual(sha(await received), sha(all));
    assert.strictEqual(a.bytesRead, all.length);
    assert.strictEqual(b.bytesWritten, all.length);
    assert.strictEqual(a.bytesWritten, 0);
    assert.strictEqual(b.bytesRead, 0);
  });

  both(`${name}: there and back`, async (net, t) => {
    const { sender, a, b, receiver } = await chain(net, t, { where: where(t) });
    a.pipe(b).pipe(a);
    receiver.pipe(receiver);
    for (let i = 0; i < 50; i++) {
      const message = `message ${i}`;
      const answer = take(sender, message.length);
      sender.write(message);
      assert.strictEqual(String(await answer), message);
    }
    sender.end();
    await once(sender.resume(), 'end');
    assert.strictEqual(a.bytesRead, a.bytesWritten);
    assert.strictEqual(b.bytesRead, b.bytesWritten);
  });
}

both('a socket that is piped to itself', async (net, t) => {
  const { sender, a } = await chain(net, t);
  a.pipe(a);
  const all = bytes(3 << 20);
  const received = bytesOf(sender);
  sender.end(all);
  assert.strictEqual(sha(await received), sha(all));
  assert.strictEqual(a.bytesRead, all.length);
  assert.strictEqual(a.bytesWritten, all.length);
});

both('counters while bytes pass, and after the close', async (net, t) => {
  const ends = await flowing(net, t);
  const { a, b, sender } = ends;
  const size = 'onetwothree'.length;
  assert.strictEqual(a.bytesRead, size);
  assert.strictEqual(b.bytesWritten, size);
  assert.strictEqual(b._bytesDispatched, size);
  assert.strictEqual(b.writableLength, 0);
  assert.strictEqual(b.bufferSize, 0);
  assert.strictEqual(a.readableLength, 0);
  assert.strictEqual(a.readableDidRead, true);
  assert.strictEqual(a.readableFlowing, true);
  const over = Promise.all([closed(a), closed(b)]);
  sender.destroy();
  await once(a, 'end');
  a.destroy();
  b.destroy();
  await over;
  assert.strictEqual(a.bytesRead, size);
  assert.strictEqual(b.bytesWritten, size);
});

same('the events of an orderly end', async (net, t) => {
  const { sender, a, b, receiver } = await chain(net, t);
  const events = [recorded(a, names), recorded(b, names)];
  a.pipe(b);
  const ends = { sender, receiver };
  for (const message of ['one', 'two', 'three']) await pass(ends, message);
  const over = Promise.all([closed(a), closed(b)]);
  const received = bytesOf(receiver);
  sender.end('four');
  assert.strictEqual(String(await received), 'four');
  receiver.end();
  a.end();
  sender.resume();
  b.resume();
  await over;
  return events;
});

both('end: false leaves the target open', async (net, t) => {
  const ends = await flowing(net, t, { pipe: { end: false } });
  const { sender, a, b, receiver } = ends;
  // Listened for at once: which of the two comes first is open.
  const last = take(receiver, 4);
  sender.end('last');
  await once(a, 'end');
  assert.strictEqual(String(await last), 'last');
  assert.strictEqual(b.writableEnded, false);
  const rest = bytesOf(receiver);
  b.end('after');
  assert.strictEqual(String(await rest), 'after');
});

both('one direction ends, the other goes on', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b, receiver } = ends;
  b.pipe(a);
  sender.end();
  await once(receiver.resume(), 'end');
  for (const message of ['still', 'here']) {
    const back = take(sender, message.length);
    receiver.write(message);
    assert.strictEqual(String(await back), message);
  }
  receiver.end();
  await once(sender.resume(), 'end');
});

both('without allowHalfOpen the end closes both', async (net, t) => {
  const ends = await flowing(net, t, {
    a: { allowHalfOpen: false },
    b: { allowHalfOpen: false },
  });
  const { sender, a, b, receiver } = ends;
  const over = Promise.all([closed(a), closed(b)]);
  sender.end();
  receiver.on('end', () => receiver.end()).resume();
  sender.resume();
  b.resume();
  assert.deepStrictEqual(await over, [false, false]);
});

both('the target is destroyed', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b } = ends;
  const events = recorded(a, names);
  b.destroy();
  await once(b, 'close');
  assert.deepStrictEqual(a.listeners('data'), []);
  assert.strictEqual(a.destroyed, false);
  const got = take(a, 4);
  sender.write('more');
  assert.strictEqual(String(await got), 'more');
  assert.deepStrictEqual(events, []);
});

both(
  'the target is destroyed with an error while bytes come',
  async (net, t) => {
    const { sender, a, b, receiver } = await chain(net, t);
    a.pipe(b);
    receiver.resume();
    sender.on('error', () => {});
    const block = bytes(256 * 1024);
    const feed = () => sender.write(block, (error) => error || feed());
    feed();
    await until(() => b.bytesWritten > 4 << 20);
    const wrong = new Error('wrong');
    const seen = once(b, 'error');
    b.destroy(wrong);
    assert.deepStrictEqual(await seen, [wrong]);
    await once(b, 'close');
    assert.strictEqual(a.destroyed, false);
    assert.deepStrictEqual(a._readableState.pipes, []);
    a.destroy();
  },
);

both('the source is destroyed', async (net, t) => {
  const ends = await flowing(net, t);
  const { a, b, receiver } = ends;
  const events = recorded(b, names);
  const over = closed(a);
  a.destroy();
  assert.strictEqual(await over, false);
  await nextIteration();
  // pipe() ends its target at the end of the source, of which there was none.
  assert.strictEqual(b.writableEnded, false);
  assert.deepStrictEqual(events, []);
  const rest = bytesOf(receiver);
  b.end('by hand');
  assert.strictEqual(String(await rest), 'by hand');
});

both('the source is reset', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b } = ends;
  const seen = once(a, 'error');
  sender.resetAndDestroy();
  const [error] = await seen;
  assert.strictEqual(error.code, 'ECONNRESET');
  assert.strictEqual(error.syscall, 'read');
  assert.strictEqual(b.destroyed, false);
  assert.strictEqual(b.writableEnded, false);
});

both('the target is reset', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b, receiver } = ends;
  const unpiped = once(b, 'unpipe');
  const seen = once(b, 'error');
  receiver.resetAndDestroy();
  sender.write('into the void');
  const [error] = await seen;
  assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code), error.code);
  assert.deepStrictEqual(await unpiped, [a, { hasUnpiped: true }]);
  assert.strictEqual(a.destroyed, false);
});

both('a write that fails names itself', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  // Not read: only a write can find out.
  b._handle.readStop();
  const seen = once(b, 'error');
  receiver.destroy();
  await once(receiver, 'close');
  // The first may still be taken; it brings the reset.
  const timer = setInterval(() => sender.write('x'), 1);
  t.after(() => clearInterval(timer));
  const [error] = await seen;
  assert.strictEqual(error.syscall, 'write');
  assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code), error.code);
  assert.strictEqual(a.destroyed, false);
  assert.deepStrictEqual(a._readableState.pipes, []);
});

both('a slow target holds the source back', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  receiver.pause();
  const all = bytes(48 << 20);
  sender.end(all);
  let top = 0;
  const timer = setInterval(() => {
    top = Math.max(top, a.readableLength + b.writableLength);
  }, 1);
  t.after(() => clearInterval(timer));
  await until(() => b.writableNeedDrain);
  assert.ok(b.writableLength > 0);
  assert.strictEqual(b.bufferSize, b.writableLength);
  assert.strictEqual(a.isPaused(), true);
  assert.ok(a.bytesRead < all.length);
  assert.strictEqual(sha(await bytesOf(receiver)), sha(all));
  assert.ok(top <= 1 << 20, `${top} bytes waited in the streams`);
});

both('with pauses at random', async (net, t) => {
  const { sender, a, b, receiver } = await chain(net, t);
  a.pipe(b);
  const all = bytes(6 << 20);
  const received = bytesOf(receiver);
  const timer = setInterval(() => {
    if (random() < 0.5) a.pause();
    else a.resume();
    if (random() < 0.3) receiver.pause();
    else receiver.resume();
  }, 1);
  a.on('end', () => clearInterval(timer));
  t.after(() => clearInterval(timer));
  for (let at = 0; at < all.length;) {
    const size = 1 + Math.floor(random() * 60_000);
    const piece = all.subarray(at, (at += size));
    if (!sender.write(piece)) await once(sender, 'drain');
    if (random() < 0.3) await nextIteration();
  }
  sender.end();
  await once(a, 'end');
  receiver.resume();
  assert.strictEqual(sha(await received), sha(all));
});

both('writes of the program keep their place', async (net, t) => {
  const ends = await flowing(net, t);
  const { sender, a, b, receiver } = ends;
  const got = bytesOf(receiver);
  const relayed = (size) => until(() => a.bytesRead === size);
  const before = a.bytesRead;
  b.write('A');
  sender.write('1');
  await relayed(before + 1);
  b.cork();
  b.write('B');
  sender.write('2');
  await relayed(before + 2);
  b.uncork();
  sender.write('3');
  await relayed(before + 3);
  b.write('C', () => sender.end('4'));
  assert.strictEqual(String(await got), 'A1B23C4');
  assert.strictEqual(b.bytesWritten, before + 7);
});

both('a write behind a full target keeps its place', async (net, t) => {
  const { sender, a, b, receiver } = await flowing(net, t);
  receiver.pause();
  const all = bytes(32 << 20);
  b.write(all);
  sender.write('behind');
  await until(() => a.bytesRead === 'onetwothreebehind'.length);
  b.write('last', () => b.end());
  const got = await bytesOf(receiver);
  assert.strictEqual(got.subarray(all.length).toString(), 'behindlast');
  assert.strictEqual(sha(got.subarray(0, all.length)), sha(all));
});

both('an idle time begins anew with every byte', async (net, t) => {
  const ends = await flowing(net, t);
  const { a, b } = ends;
  const limit = 200;
  // Timers count whole milliseconds.
  const slack = 2;
  let last = performance.now();
  const waits = [a, b].map(
    (socket) =>
      new Promise((resolve) => {
        socket.setTimeout(limit, () => resolve(performance.now() - last));
      }),
  );
  const end = last + 3 * limit;
  while (last < end) {
    await new Promise((resolve) => setTimeout(resolve, limit / 4));
    // Before the bytes leave: whoever is late is late by more than this.
    last = performance.now();
    await pass(ends, 'beat');
  }
  for (const wait of await Promise.all(waits)) {
    assert.ok(wait >= limit - slack, `idle for ${wait} ms of ${limit}`);
  }
});

both('a timeout that is switched off, or set again', async (net, t) => {
  const ends = await flowing(net, t);
  const { a, b } = ends;
  let count = 0;
  b.on('timeout', () => count++);
  b.setTimeout(20);
  await pass(ends, 'beat');
  b.setTimeout(0);
  a.setTimeout(50);
  await pass(ends, 'beat');
  await once(a, 'timeout');
  assert.strictEqual(count, 0);
  b.setTimeout(10);
  await once(b, 'timeout');
});

both('pipeline()', async (net, t) => {
  const { sender, a, b, receiver } = await chain(net, t);
  const over = pipeline(a, b);
  const all = bytes(2 << 20);
  const received = bytesOf(receiver);
  sender.end(all);
  assert.strictEqual(sha(await received), sha(all));
  receiver.end();
  await over;
  assert.strictEqual(b.writableFinished, true);
});
