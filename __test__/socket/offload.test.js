'use strict';

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const net = require('../..');

const rustNet = JSON.stringify(path.join(__dirname, '../..'));

/** Calls `serve` with each connection of an offloading server on its first data. */
async function ask(t, serve) {
  const server = net.createServer({ offload: true }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => serve(socket));
  });
  t.after(() => server.close());
  await once(server.listen(0), 'listening');
  const client = net.connect(server.address().port);
  t.after(() => client.destroy());
  client.write('?');
  return client;
}

async function all(client) {
  const chunks = [];
  for await (const chunk of client) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('small, large and last writes keep their order', async (t) => {
  const parts = [];
  for (let i = 0; i < 400; i++) {
    parts.push(
      Buffer.alloc(i % 50 === 49 ? 300_000 : 1 + ((i * 97) % 4096), i),
    );
  }
  const client = await ask(t, async (socket) => {
    socket.on('data', () => {});
    for (const [i, part] of parts.entries()) {
      socket.write(part);
      if (i % 7 === 0) await new Promise(setImmediate);
    }
    socket.end('end');
  });
  const got = await all(client);
  assert.ok(got.equals(Buffer.concat([...parts, Buffer.from('end')])));
});

test('what was written before destroy() arrives', async (t) => {
  for (let round = 0; round < 50; round++) {
    const client = await ask(t, (socket) => {
      socket.write('last words');
      socket.destroy();
    });
    assert.strictEqual((await all(client)).toString(), 'last words');
  }
});

test('a slow reader makes write() say false, then comes drain', async (t) => {
  const chunk = Buffer.alloc(4096, 'c');
  let written = 0;
  const client = await ask(t, (socket) => {
    const go = () => {
      // Until the stream says no, a bounded number of times.
      while (written < 20_000 * chunk.length) {
        written += chunk.length;
        if (!socket.write(chunk)) {
          socket.once('drain', go);
          client.resume();
          return;
        }
      }
      socket.end();
    };
    go();
  });
  let read = 0;
  client.on('data', (data) => (read += data.length));
  client.pause();
  await once(client, 'end');
  assert.strictEqual(written, 20_000 * chunk.length);
  assert.strictEqual(read, written);
});

test('a peer hears while the callback that wrote goes on', async (t) => {
  const heard = new Int32Array(new SharedArrayBuffer(4));
  let waited;
  const server = net.createServer({ offload: true }, (socket) => {
    socket.once('data', () => {
      socket.write('now');
      waited = Atomics.wait(heard, 0, 0, 10_000);
      socket.end();
    });
  });
  t.after(() => server.close());
  await once(server.listen(0), 'listening');
  const worker = new Worker(
    `const { heard, port } = require('node:worker_threads').workerData;
     const client = require('node:net').connect(port);
     client.write('?');
     client.once('data', () => {
       Atomics.store(heard, 0, 1);
       Atomics.notify(heard, 0);
     });`,
    { eval: true, workerData: { heard, port: server.address().port } },
  );
  await once(worker, 'exit');
  assert.notStrictEqual(waited, 'timed-out');
  assert.strictEqual(heard[0], 1);
});

const program = (last) => `
  const net = require(${rustNet});
  const node = require('node:net');
  const server = net.createServer({ offload: true }, (socket) => {
    socket.on('data', () => {
      socket.write('a'.repeat(3000));
      socket.write('b');
      ${last}
    });
  });
  server.listen(0, () => {
    const { port } = server.address();
    const { parentPort } = require('node:worker_threads');
    if (parentPort) parentPort.postMessage(port);
    else process.send(port);
  });
`;

async function bytesFrom(port) {
  const client = require('node:net').connect(port, '127.0.0.1');
  client.on('error', () => {});
  client.write('?');
  return (await all(client)).toString();
}

test('process.exit() loses nothing', async () => {
  const child = spawn(process.execPath, ['-e', program('process.exit(0);')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = await once(child, 'message');
  assert.strictEqual(await bytesFrom(port), `${'a'.repeat(3000)}b`);
});

test('a worker that exits loses nothing', async () => {
  const worker = new Worker(program('process.exit(0);'), { eval: true });
  const [port] = await once(worker, 'message');
  const exited = once(worker, 'exit');
  assert.strictEqual(await bytesFrom(port), `${'a'.repeat(3000)}b`);
  await exited;
});

test('a worker that is terminated while it writes ends', async () => {
  const worker = new Worker(
    program(
      "const go = () => { socket.write('more'); setImmediate(go); }; go();",
    ),
    { eval: true },
  );
  const [port] = await once(worker, 'message');
  const client = net.connect(port, '127.0.0.1');
  client.on('error', () => {});
  client.write('?');
  await once(client, 'data');
  client.resume();
  const closed = once(client, 'close');
  assert.strictEqual(await worker.terminate(), 1);
  await closed;
});
