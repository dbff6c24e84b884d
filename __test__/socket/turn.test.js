'use strict';

// Small writes outside of rust-net's own callbacks: those of a turn leave together, at
// its end.

const assert = require('node:assert');
const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { alone, both } = require('../helpers/both');
const { runs } = require('../helpers/child');
const { listening, pair, take, transports } = require('../helpers/wire');

const coalesces = process.env.RUST_NET_COALESCE !== '0';

/** Ways to get a turn. */
const ways = {
  'a timer': (run) => setTimeout(run, 1),
  'an immediate': setImmediate,
  'a tick': (run) => setImmediate(() => process.nextTick(run)),
  'a microtask': (run) => setImmediate(() => queueMicrotask(run)),
};

/** Returns how many system calls a socket's writes have taken. */
const callsOf = (net, socket) => net.getStats(socket).writes;

/** A pair whose client has written, so that its next writes may wait. */
async function pairInUse(net, t) {
  const ends = await pair(net, t);
  ends.client.write('first');
  await take(ends.peer, 5);
  return ends;
}

for (const [name, inTurn] of Object.entries(ways)) {
  alone(`writes in ${name} leave together`, async (net, t) => {
    const { client, peer } = await pairInUse(net, t);
    const before = callsOf(net, client);
    const within = new Promise((resolve) => {
      inTurn(() => {
        for (let i = 0; i < 8; i++) client.write(`${i}`);
        resolve(callsOf(net, client) - before);
      });
    });
    assert.strictEqual(String(await take(peer, 8)), '01234567');
    assert.strictEqual(await within, coalesces ? 0 : 8);
    // One, and more only where the turn was interrupted for a millisecond.
    const calls = callsOf(net, client) - before;
    if (coalesces) assert.ok(calls < 8, `${calls} calls`);
    else assert.strictEqual(calls, 8);
  });
}

for (const [name, where] of transports) {
  // The peer has unread bytes then, which makes a reset of its end.
  const title = `${name}: a write comes before the close of another socket`;
  both(title, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    peer.pause();
    setImmediate(() => {
      client.write('x');
      peer.destroy();
    });
    const [error] = await once(client.resume(), 'error');
    assert.strictEqual(error.message, 'read ECONNRESET');
  });
}

// What asks for the end of a turn calls the program's hooks.
for (const [name, chunk] of [
  ['bytes', Buffer.from('mine')],
  ['text', 'mine'],
]) {
  alone(`${name} are not mixed with those of an async hook`, async (net, t) => {
    const [one, other] = [await pairInUse(net, t), await pairInUse(net, t)];
    let isWriting = false;
    const hook = createHook({
      init(id, type) {
        if (!isWriting || type !== 'TickObject') return;
        isWriting = false;
        other.client.write('of the hook');
      },
    });
    t.after(() => hook.disable());
    setImmediate(() => {
      hook.enable();
      isWriting = true;
      one.client.write(chunk);
    });
    const taken = await Promise.all([take(one.peer, 4), take(other.peer, 11)]);
    assert.deepStrictEqual(taken.map(String), ['mine', 'of the hook']);
  });
}

alone('small and large writes of a turn keep their order', async (net, t) => {
  const { client, peer } = await pairInUse(net, t);
  const large = Buffer.alloc(100_000, 'l');
  const expected = Buffer.concat([Buffer.from('one'), large, Buffer.from('2')]);
  setImmediate(() => {
    client.write('one');
    client.write(large);
    client.write('2');
  });
  const got = await take(peer, expected.length);
  assert.ok(expected.equals(got));
});

alone('writes do not wait for a turn that blocks', async (net, t) => {
  const { client, peer } = await pairInUse(net, t);
  const sends = () => net.getStats().systemCalls.write;
  const within = new Promise((resolve) => {
    setImmediate(() => {
      const before = sends();
      client.write('a');
      client.write('b');
      const end = performance.now() + 50;
      while (performance.now() < end);
      resolve(sends() - before);
    });
  });
  assert.strictEqual(String(await take(peer, 2)), 'ab');
  // Both leave together, unless the second came too late.
  assert.ok((await within) >= 1);
});

alone('writes leave while process.nextTick is replaced', async (net, t) => {
  const { client, peer } = await pairInUse(net, t);
  const { nextTick } = process;
  setImmediate(() => {
    process.nextTick = () => {};
    client.write('a');
    client.write('b');
    process.nextTick = nextTick;
  });
  assert.strictEqual(String(await take(peer, 2)), 'ab');
});

for (const [name, ending] of Object.entries({
  'process.exit()': 'process.exit();',
  'an exception': "throw new Error('the end');",
  'an exception that is caught': `
    process.once('uncaughtException', () => socket.end('!'));
    throw new Error('caught');`,
})) {
  alone(`writes leave before ${name}`, async (net, t) => {
    const server = await listening(net, t);
    const { port } = server.address();
    const accepted = once(server, 'connection');
    const child = runs(
      net,
      `(net) => {
        const socket = net.connect(${port}, '127.0.0.1', () => {
          socket.write('first ');
          setTimeout(() => {
            socket.write('a');
            socket.write('b');
            ${ending}
          }, 1);
        });
        socket.resume();
      }`,
    );
    const [peer] = await accepted;
    peer.on('error', () => {});
    let got = '';
    for await (const data of peer) got += data;
    assert.strictEqual(got.replace('!', ''), 'first ab');
    await child;
  });
}
