'use strict';

// A list of more chunks than one system call takes is reported as written by an
// event, so that a program that writes again from each callback does not keep the
// loop from its timers.

const assert = require('node:assert');
const { once } = require('node:events');
const { alone, both, same } = require('../helpers/both');
const {
  bytesOf,
  destroyAfter,
  listening,
  nextIteration,
  pair,
  transports,
  whereIs,
} = require('../helpers/wire');

/** What one call of `writev` takes at the most. */
const ONE_CALL = 1024;

const chunks = {
  bytes: () => Buffer.from('x'),
  text: () => 'x',
  'bytes, one of them large': (i) => Buffer.alloc(i === 0 ? 5000 : 1),
};

function writeList(socket, count, chunkOf, callback) {
  socket.cork();
  for (let i = 1; i < count; i++) socket.write(chunkOf(i));
  socket.write(chunkOf(0), callback);
  socket.uncork();
}

const [[, onTcp], [, onUnix]] = transports;
const loops = [
  ...Object.keys(chunks).map((kind) => ['TCP', onTcp, kind]),
  ['Unix', onUnix, 'bytes'],
];
for (const [name, where, kind] of loops) {
  both(`${name}: lists of ${kind}, each from a callback`, async (net, t) => {
    const { client, peer } = await pair(net, t, { where: where(t) });
    let rounds = 0;
    let isOver = false;
    const done = new Promise((resolve) => {
      const again = () => {
        if (isOver || rounds === 14) return resolve();
        rounds++;
        return writeList(client, ONE_CALL + 1, chunks[kind], again);
      };
      again();
    });
    await nextIteration();
    isOver = true;
    // libuv reports up to eight rounds in one iteration of its loop.
    assert.ok(rounds <= 11, `${rounds} rounds before the loop came round`);
    peer.resume();
    await done;
  });
}

for (const [kind, chunkOf] of Object.entries(chunks)) {
  same(`when a list of ${kind} is called back`, async (net, t) => {
    const { client, peer } = await pair(net, t);
    peer.resume();
    const isCalledAtOnce = {};
    for (const count of [2, ONE_CALL, ONE_CALL + 1]) {
      let isCalled = false;
      const written = new Promise((resolve) => {
        writeList(client, count, chunkOf, () => resolve((isCalled = true)));
      });
      for (let i = 0; i < 5; i++) await new Promise(process.nextTick);
      isCalledAtOnce[count] = isCalled;
      await written;
      await nextIteration();
    }
    return isCalledAtOnce;
  });
}

/** Sizes of the chunks of a list: what is small and what is not, in each order. */
const mixtures = {
  'a head and a body': [300, 40_000],
  'a head, a body and a tail': [9, 20_000, 2],
  'a body and a tail': [5000, 700],
  'much around a body': [...Array(10).fill(4000), 9000, 4000, 4000],
  'two bodies': [5000, 3, 9000, 3],
  'nothing small': [5000],
  'empty chunks around a body': [0, 5000, 0],
  'more small ones than are joined': [4096, 60_000, ...Array(20).fill(4000)],
};
/** How often the kernel becomes full, so that it takes a list in part. */
const FULL = 12;

for (const [kind, sizes] of Object.entries(mixtures)) {
  for (const isText of [false, true]) {
    const title = `lists of ${kind}${isText ? ', small ones as text' : ''}`;
    both(title, async (net, t) => {
      // With little room lists are cut anywhere. node:net does not know the option.
      const options = { client: { sendBufferSize: 4096 } };
      const { client, peer } = await pair(net, t, options);
      const expected = [];
      let written = 0;
      const writeNext = () => {
        client.cork();
        for (const size of sizes) {
          const letter = String.fromCharCode(97 + (written++ % 26));
          const text = letter.repeat(size);
          expected.push(text);
          const isSmall = size <= 4096;
          client.write(isText && isSmall ? text : Buffer.from(text), 'latin1');
        }
        client.uncork();
      };
      const whole = bytesOf(peer.pause());
      for (let full = 0; full < FULL; full++) {
        peer.pause();
        while (!client.writableNeedDrain) writeNext();
        peer.resume();
        await once(client, 'drain');
      }
      client.end();
      const got = (await whole).toString('latin1');
      assert.ok(got === expected.join(''), 'other bytes');
      assert.strictEqual(client.bytesWritten, got.length);
    });
  }
}

same('a list is as long as it has bytes', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.resume();
  const emptyBut = {
    none: () => '',
    'the last': (i) => (i === 0 ? 'x' : ''),
    'the first': (i) => (i === 1 ? Buffer.from('x') : Buffer.alloc(0)),
  };
  const isCalledAtOnce = {};
  for (const [which, chunkOf] of Object.entries(emptyBut)) {
    let isCalled = false;
    const written = new Promise((resolve) => {
      writeList(client, 2 * ONE_CALL, chunkOf, () =>
        resolve((isCalled = true)),
      );
    });
    for (let i = 0; i < 5; i++) await new Promise(process.nextTick);
    isCalledAtOnce[which] = isCalled;
    await written;
    await nextIteration();
  }
  return isCalledAtOnce;
});

same('what is counted and said of a long list', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.resume();
  const seen = [];
  const finished = new Promise((resolve) => client.on('finish', resolve));
  writeList(client, ONE_CALL + 1, chunks.bytes, () => seen.push('written'));
  seen.push(client.bytesWritten, client._handle.writeQueueSize);
  client.write('y', () => seen.push('next'));
  client.end(() => seen.push('end'));
  await finished;
  seen.push(client.bytesWritten);
  return seen;
});

same('a long list before destroy()', async (net, t) => {
  const { client, peer } = await pair(net, t);
  let received = 0;
  peer.on('data', ({ length }) => (received += length));
  const ended = new Promise((resolve) => peer.on('end', resolve));
  const error = await new Promise((resolve) => {
    writeList(client, ONE_CALL + 1, chunks.bytes, resolve);
    client.destroy();
  });
  await ended;
  return [error?.code, received];
});

// Node sends two system calls' worth at once, and destroy() takes the rest back.
alone(
  'a list of small chunks before destroy() leaves whole',
  async (net, t) => {
    const { client, peer } = await pair(net, t);
    let received = 0;
    peer.on('data', ({ length }) => (received += length));
    const ended = new Promise((resolve) => peer.on('end', resolve));
    writeList(client, 3 * ONE_CALL, chunks.bytes);
    client.destroy();
    await ended;
    assert.strictEqual(received, 3 * ONE_CALL);
  },
);

// Each of node's pieces takes a piece of the kernel's memory, so fewer fit.
alone(
  'small writes to a Unix socket before destroy() leave whole',
  async (net, t) => {
    const { client, peer } = await pair(net, t, { where: onUnix(t) });
    let received = 0;
    const ended = once(client, 'end');
    client.on('data', ({ length }) => (received += length));
    // Small writes are coalesced in callbacks alone.
    peer.once('data', () => {
      for (let i = 0; i < 48; i++) peer.write(Buffer.alloc(3000, 7));
      peer.destroy();
    });
    client.write('go');
    await ended;
    assert.strictEqual(received, 48 * 3000);
  },
);

// Written, here, is what was called back without an error.
const sizes = [1500, 3333, 4000];
for (const [[name, where], size] of transports.flatMap((transport) =>
  sizes.map((size) => [transport, size]),
)) {
  both(
    `${name}, ${size} bytes at a time: destroy() loses none silently`,
    async (net, t) => {
      const { client, peer } = await pair(net, t, { where: where(t) });
      let written = 0;
      let isOver = false;
      const again = (error) => {
        if (error || isOver) return;
        client.write(Buffer.alloc(size, 7), (failure) => {
          if (!failure) written += size;
          again(failure);
        });
      };
      // Small writes are coalesced in callbacks alone.
      client.once('data', () => again());
      peer.write('go');
      await once(client, 'data');
      // Until the kernel takes nothing more.
      for (let seen = -1, calm = 0; calm < 10;) {
        await nextIteration();
        calm = seen === written ? calm + 1 : 0;
        seen = written;
      }
      isOver = true;
      // Some Nodes call back what destroy() cuts short without an error, too.
      const promised = written;
      const outcome = new Promise((resolve) => {
        let received = 0;
        peer.on('data', (data) => (received += data.length));
        peer.on('error', (error) => resolve(error.code));
        peer.on('end', () => resolve(received));
      });
      client.destroy();
      const came = await outcome;
      // A Unix socket cannot reset; its send buffer has room to be made larger.
      if (name === 'TCP' && came === 'ECONNRESET') return;
      assert.ok(came >= promised, `${came} of ${promised}`);
    },
  );
}

// node:net 20 to 26 say NaN: the getter takes each entry of the list for a buffer.
alone('the bytes of a list that waits for the connection', async (net, t) => {
  const server = await listening(net, t);
  const client = destroyAfter(t, net.connect(whereIs(server)));
  writeList(client, 3, chunks.bytes);
  assert.strictEqual(client.bytesWritten, 3);
  await once(client, 'connect');
  assert.strictEqual(client.bytesWritten, 3);
});

alone('a list with a large chunk is one system call', async (net, t) => {
  const { client, peer } = await pair(net, t);
  peer.resume();
  const { writes } = net.getStats(client);
  const chunkOf = chunks['bytes, one of them large'];
  await new Promise((resolve) => {
    writeList(client, ONE_CALL, chunkOf, resolve);
  });
  assert.strictEqual(net.getStats(client).writes - writes, 1);
});
