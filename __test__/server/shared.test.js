'use strict';

// One port of several threads: node has no such thing.

const assert = require('node:assert');
const { execFile, execFileSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const { promisify } = require('node:util');
const { alone } = require('../helpers/both');
const { runs, fine } = require('../helpers/child');
const { random } = require('../helpers/random');
const { startSharing, startThread } = require('../helpers/threads');
const {
  closed,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  until,
} = require('../helpers/wire');

const here = { port: 0, host: '127.0.0.1' };
const shared = { ...here, shared: true };
const isLinux = process.platform === 'linux';
const descriptors = () => fs.readdirSync('/proc/self/fd').length;

const clientOf = (net, t, { port, host, path }) =>
  destroyAfter(t, net.connect(path ? { path } : { port, host })).on(
    'error',
    () => {},
  );

/** Connects, and resolves with what the server answers; null without an answer. */
async function answerOf(net, t, place, question) {
  const client = clientOf(net, t, place);
  let text = '';
  client.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  if (question !== undefined) client.write(question);
  await closed(client);
  return text === '' ? null : Number(text);
}

/** Connects, and resolves with the client and the thread once it has answered. */
async function held(net, t, place) {
  const client = clientOf(net, t, place);
  const [name] = await once(client, 'data');
  return { client, thread: Number(name) };
}

/** Counts how often each value occurs. */
function tally(values) {
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}

function failureOf(call) {
  try {
    call();
  } catch (error) {
    return errorFields(error);
  }
  throw new Error('it was taken');
}

alone('threads share a port, and its connections evenly', async (net, t) => {
  const { threads, place } = await startSharing(t, 3, here, 'hold');
  const clients = [];
  for (let i = 0; i < 60; i++) clients.push(await held(net, t, place));
  const counts = tally(clients.map(({ thread }) => thread));
  assert.strictEqual(Object.keys(counts).length, 3);
  // Equal but for a thread that was late by more than 5 ms.
  for (const count of Object.values(counts)) assert.ok(count > 8, `${count}`);
  const stats = await threads[0].ask('stats');
  const byThread = stats.shared.threads.map((each) => [
    each.threadId,
    each.connections,
  ]);
  assert.deepStrictEqual(Object.fromEntries(byThread), counts);
  assert.strictEqual(stats.shared.waiting, 0);
  assert.strictEqual(stats.connections, counts[threads[0].id]);
});

alone('each of many connections is answered once', async (net, t) => {
  const { threads, place } = await startSharing(t, 4, here, 'answer');
  const answers = await Promise.all(
    Array.from({ length: 400 }, () => answerOf(net, t, place)),
  );
  const ids = threads.map(({ id }) => id);
  for (const answer of answers) assert.ok(ids.includes(answer), `${answer}`);
  const stats = await Promise.all(threads.map((each) => each.ask('stats')));
  const accepted = stats.map((each) => each.accepted);
  const sum = accepted.reduce((a, b) => a + b);
  assert.strictEqual(sum, 400);
});

alone('short and long lives are spread over the threads', async (net, t) => {
  const { threads, place } = await startSharing(t, 2, here, 'live');
  const lives = [];
  const spreads = [];
  for (let i = 0; i < 150; i++) {
    // From 1 ms to 1 s, on a scale of powers.
    const life = Math.round(10 ** (3 * random()));
    lives.push(answerOf(net, t, place, `${life}`));
    if (i % 10 !== 9) continue;
    await Promise.race([lives[i], new Promise((done) => setTimeout(done, 20))]);
    const { shared: counts } = await threads[0].ask('stats');
    const open = counts.threads.map((each) => each.connections);
    spreads.push(Math.max(...open) - Math.min(...open));
  }
  for (const answer of await Promise.all(lives)) assert.ok(answer > 0);
  const mean = spreads.reduce((a, b) => a + b) / spreads.length;
  assert.ok(mean <= 8, `${spreads}`);
});

alone('the others answer for a thread that blocks', async (net, t) => {
  const { threads, place } = await startSharing(t, 3, here, 'hold');
  const [blocked] = threads;
  await blocked.ask('block', 1000);
  const began = process.hrtime.bigint();
  const answers = await Promise.all(
    Array.from({ length: 60 }, () => held(net, t, place)),
  );
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  assert.ok(took < 900, `${took} ms`);
  for (const { thread } of answers) assert.notStrictEqual(thread, blocked.id);
  // It has the fewest when it is back.
  let last;
  do last = (await held(net, t, place)).thread;
  while (last !== blocked.id);
});

alone('threads end while connections come', async (net, t) => {
  const base = isLinux ? descriptors() : 0;
  const { threads, place } = await startSharing(t, 4, here, 'answer');
  let isOver = false;
  let answered = 0;
  const client = async () => {
    while (!isOver) {
      if ((await answerOf(net, t, place)) !== null) answered++;
    }
  };
  const clients = Array.from({ length: 8 }, client);
  for (let i = 0; i < 12; i++) {
    const index = Math.floor(random() * threads.length);
    const [old] = threads.splice(index, 1);
    await new Promise((done) => setTimeout(done, random() * 20));
    if (random() < 0.5) await old.ask('close');
    await old.end();
    const next = startThread(t);
    await next.ask('listen', place, 'answer');
    threads.push(next);
  }
  isOver = true;
  await Promise.all(clients);
  assert.ok(answered > 0);
  for (const thread of threads) await thread.ask('close');
  await Promise.all(threads.map((thread) => thread.end()));
  assert.strictEqual(await answerOf(net, t, place), null);
  if (isLinux) await until(() => descriptors() <= base + 2);
});

alone('the port goes with the last server', async (net, t) => {
  const first = await listening(net, t, shared);
  const place = { ...shared, port: first.address().port };
  const second = await listening(net, t, place);
  first.close();
  const accepted = once(second, 'connection');
  await once(clientOf(net, t, place), 'connect');
  await accepted;
  second.close();
  const refused = destroyAfter(t, net.connect(place.port, place.host));
  const [error] = await once(refused, 'error');
  assert.strictEqual(error.code, 'ECONNREFUSED');
  // It is free at once, for any kind of server.
  for (const isShared of [true, false, true]) {
    const again = net.createServer().listen({ ...place, shared: isShared });
    await once(again, 'listening');
    again.close();
  }
});

alone('what nobody has taken is reset with the last server', async (net, t) => {
  const server = net.createServer().pauseAccepting().listen(shared);
  await once(server, 'listening');
  const { port } = server.address();
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  await once(client, 'connect');
  server.close();
  const [error] = await once(client, 'error');
  assert.strictEqual(error.code, 'ECONNRESET');
});

alone('servers of one thread share too', async (net, t) => {
  const first = await listening(net, t, shared);
  const place = { ...shared, port: first.address().port };
  const second = await listening(net, t, place);
  assert.deepStrictEqual(second.address(), first.address());
  const both = [first, second];
  const open = () => both.map((server) => net.getStats(server).connections);
  for (let i = 1; i <= 20; i++) {
    clientOf(net, t, place);
    await until(() => open()[0] + open()[1] === i);
  }
  assert.ok(Math.abs(open()[0] - open()[1]) <= 2, `${open()}`);
  assert.strictEqual(net.getStats(first).shared.threads.length, 2);
  assert.strictEqual(net.getStats(first).shared.threads[0].threadId, 0);
  const plain = await listening(net, t);
  assert.ok(!('shared' in net.getStats(plain)));
});

alone('without `shared` an address is in use', async (net, t) => {
  const fails = async (where) => {
    const server = net.createServer().listen(where);
    const [error] = await once(server, 'error');
    return errorFields(error);
  };
  const server = await listening(net, t, shared);
  const { port } = server.address();
  const inUse = {
    class: 'Error',
    name: 'Error',
    message: `listen EADDRINUSE: address already in use 127.0.0.1:${port}`,
    keys: ['code', 'errno', 'syscall', 'address', 'port'],
    code: 'EADDRINUSE',
    errno: -98,
    syscall: 'listen',
    address: '127.0.0.1',
    port,
  };
  const failure = await fails({ ...here, port });
  assert.deepStrictEqual(failure, { ...inUse, errno: failure.errno });
  const plain = await listening(net, t);
  const other = plain.address().port;
  const { code } = await fails({ ...shared, port: other });
  assert.strictEqual(code, 'EADDRINUSE');
});

alone('each listen on port 0 gets a port of its own', async (net, t) => {
  const first = await listening(net, t, shared);
  const second = await listening(net, t, shared);
  assert.notStrictEqual(first.address().port, second.address().port);
});

alone('an address without a host is shared', async (net, t) => {
  const first = await listening(net, t, { port: 0, shared: true });
  const { port } = first.address();
  const second = await listening(net, t, { port, shared: true });
  assert.deepStrictEqual(second.address(), first.address());
});

alone('a limit is that of the thread that takes', async (net, t) => {
  const { threads, place } = await startSharing(t, 2, here, 'hold', {
    maxConnectionsPerAddress: 2,
  });
  const clients = [];
  const isOpen = (client) => !client.destroyed;
  // A thread that is busy takes nothing, and one that is full rejects what it takes. So
  // how many it takes to fill both is not known; then four more are rejected.
  const countOpen = () => clients.filter(isOpen).length;
  for (let more = 4; more > 0 && clients.length < 1000;) {
    if (countOpen() === 4) more--;
    const client = clientOf(net, t, place);
    await Promise.race([once(client, 'data'), closed(client)]);
    clients.push(client);
  }
  assert.strictEqual(countOpen(), 4);
  const stats = await Promise.all(threads.map((each) => each.ask('stats')));
  const rejected = stats.map((each) => each.rejectedByAddress);
  assert.strictEqual(rejected[0] + rejected[1], clients.length - 4);
  assert.deepStrictEqual(
    stats[0].shared.threads.map((each) => each.connections),
    [2, 2],
  );
});

alone('a peer on a block list is refused', async (net, t) => {
  const { place } = await startSharing(t, 2, here, 'answer', {
    blocks: '127.0.0.1',
  });
  for (let i = 0; i < 4; i++) {
    assert.strictEqual(await answerOf(net, t, place), null);
  }
});

alone('a thread that pauses takes nothing', async (net, t) => {
  const { threads, place } = await startSharing(t, 2, here, 'answer');
  const [one, two] = threads;
  await one.ask('pause');
  for (let i = 0; i < 10; i++) {
    assert.strictEqual(await answerOf(net, t, place), two.id);
  }
  await two.ask('pause');
  const waits = answerOf(net, t, place);
  await new Promise((done) => setTimeout(done, 30));
  await one.ask('resume');
  assert.strictEqual(await waits, one.id);
});

alone('a server that joins takes what others leave', async (net, t) => {
  const paused = await listening(net, t, shared);
  paused.pauseAccepting();
  const place = { ...shared, port: paused.address().port };
  const client = clientOf(net, t, place);
  await once(client, 'connect');
  const joined = await listening(net, t, place);
  await once(joined, 'connection');
});

if (process.platform !== 'win32') {
  alone('threads share a path', async (net, t) => {
    const path = freeName(t);
    const options = { path, readableAll: true, writableAll: true };
    const { threads, place } = await startSharing(t, 3, options, 'hold');
    const clients = [];
    for (let i = 0; i < 30; i++) clients.push(await held(net, t, place));
    const counts = tally(clients.map(({ thread }) => thread));
    assert.strictEqual(Object.keys(counts).length, 3);
    assert.strictEqual(fs.statSync(path).mode & 0o666, 0o666);
    await threads[0].ask('close');
    await threads[1].ask('close');
    assert.ok(fs.existsSync(path));
    assert.strictEqual((await held(net, t, place)).thread, threads[2].id);
    await threads[2].ask('close');
    assert.ok(!fs.existsSync(path));
  });

  alone('a path stays, and a stale one is taken over', async (net, t) => {
    const path = freeName(t);
    const place = { path, shared: true, unlinkOnClose: false };
    const first = await listening(net, t, place);
    first.close();
    assert.ok(fs.existsSync(path));
    const options = { path, shared: true, unlinkStale: true };
    const second = await listening(net, t, options);
    // Not by connecting to it: it is joined.
    second.on('connection', () => assert.fail('it was asked for an answer'));
    const third = await listening(net, t, options);
    second.close();
    third.close();
    assert.ok(!fs.existsSync(path));
  });
} else {
  alone('a path is not shared', async (net, t) => {
    const server = net.createServer();
    server.listen({ path: freeName(t), shared: true });
    const [error] = await once(server, 'error');
    assert.strictEqual(error.code, 'ENOTSUP');
  });
}

alone('the option is a boolean, and not for a handle', async (net, t) => {
  assert.deepStrictEqual(
    failureOf(() => net.createServer().listen({ ...here, shared: 1 })),
    {
      class: 'TypeError',
      name: 'TypeError',
      message:
        'The "options.shared" property must be of type boolean. ' +
        'Received type number (1)',
      keys: ['code'],
      code: 'ERR_INVALID_ARG_TYPE',
    },
  );
  const other = await listening(net, t);
  const bound = new net.BoundSocket(here);
  t.after(() => bound.close());
  for (const given of [{ fd: 3 }, { handle: bound }, { handle: other }]) {
    assert.deepStrictEqual(
      failureOf(() => net.createServer().listen({ ...given, shared: true })),
      {
        class: 'TypeError',
        name: 'TypeError',
        message:
          "The property 'options.shared' can not be true with a handle or a " +
          'descriptor. Received true',
        keys: ['code'],
        code: 'ERR_INVALID_ARG_VALUE',
      },
    );
  }
  await listening(net, t, { ...here, shared: false });
});

alone('an unreferenced server does not keep a thread', async (net) => {
  const program = (subject) => {
    const { Worker } = require('node:worker_threads');
    const server = subject.createServer();
    server.listen({ port: 0, shared: true }, () => {
      const { port } = server.address();
      const source = `
        const net = require(${JSON.stringify(process.argv[1])});
        const server = net.createServer().unref();
        server.listen({ port: ${port}, shared: true });`;
      const worker = new Worker(source, { eval: true });
      worker.on('exit', () => {
        console.log('ended');
        server.unref();
      });
    });
  };
  const id = require.resolve('../..');
  const source = `process.argv[1] = ${JSON.stringify(id)}`;
  const started = `(net) => { ${source}; (${program})(net); }`;
  assert.deepStrictEqual(await runs(net, started), fine('ended\n'));
});

alone('a process exits while threads share a port', async (net) => {
  const program = (subject) => {
    const { Worker } = require('node:worker_threads');
    const server = subject.createServer((socket) => socket.resume());
    server.listen({ port: 0, host: '127.0.0.1', shared: true }, () => {
      const { port } = server.address();
      const source = `
        const net = require(${JSON.stringify(process.argv[1])});
        net.createServer((socket) => socket.resume()).listen(
          { port: ${port}, host: '127.0.0.1', shared: true },
          () => require('node:worker_threads').parentPort.postMessage(0));`;
      const worker = new Worker(source, { eval: true });
      worker.once('message', () => {
        for (let i = 0; i < 50; i++) subject.connect(port, '127.0.0.1');
        setTimeout(() => process.exit(), 5);
      });
    });
  };
  const id = require.resolve('../..');
  const source = `process.argv[1] = ${JSON.stringify(id)}`;
  const started = `(net) => { ${source}; (${program})(net); }`;
  assert.deepStrictEqual(await runs(net, started), fine());
});

if (isLinux) {
  alone('a child process gets no descriptor of it', async (net, t) => {
    const server = await listening(net, t, shared);
    clientOf(net, t, server.address());
    await once(server, 'connection');
    server.pauseAccepting();
    const list = String(execFileSync('ls', ['-l', '/proc/self/fd']));
    assert.match(list, / 2 -> /);
    assert.doesNotMatch(list, / ([3-9]|\d\d+) -> .*(socket|anon_inode)/);
  });
}

alone('http servers share a port', async (net) => {
  const program = () => {
    const id = JSON.stringify(process.argv[1]);
    const { Worker } = require('node:worker_threads');
    const http = require('node:http');
    require(process.argv[1]);
    const source = `
      require(${id});
      const { parentPort, threadId } = require('node:worker_threads');
      const server = require('node:http').createServer((_, response) =>
        response.end(String(threadId)));
      parentPort.on('message', (port) =>
        server.listen({ port, host: '127.0.0.1', shared: true }, () =>
          parentPort.postMessage(server.address().port)));`;
    const workers = [1, 2].map(() => new Worker(source, { eval: true }));
    const heard = (worker) =>
      new Promise((done) => worker.once('message', done));
    const get = (port) =>
      new Promise((resolve, reject) =>
        http
          .get(
            { port, agent: new http.Agent({ keepAlive: true }) },
            (response) => response.setEncoding('utf8').once('data', resolve),
          )
          .on('error', reject),
      );
    (async () => {
      workers[0].postMessage(0);
      const port = await heard(workers[0]);
      workers[1].postMessage(port);
      await heard(workers[1]);
      const threads = new Set();
      // On a busy machine one may answer many before the other has started.
      while (threads.size < 2) threads.add(await get(port));
      console.log(threads.size);
      process.exit();
    })();
  };
  const id = require.resolve('../../register');
  const source = `process.argv[1] = ${JSON.stringify(id)}`;
  const started = `() => { ${source}; (${program})(); }`;
  assert.deepStrictEqual(await runs(net, started), fine('2\n'));
});

alone('a cluster worker shares among its own threads', async () => {
  const program = require.resolve('../fixtures/shared-cluster');
  const { stdout } = await promisify(execFile)(process.execPath, [program]);
  assert.strictEqual(stdout, 'EADDRINUSE\n');
});
