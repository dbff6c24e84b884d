'use strict';

// Descriptors over Unix-domain sockets. What is counted are this process's open
// descriptors, before and after.

const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { alone, idOf } = require('../helpers/both');
const ours = require('../../http');
const { runs } = require('../helpers/child');
const {
  bytesOf,
  closed,
  destroyAfter,
  folder,
  listening,
  nextIteration,
  pair,
  take,
  until,
} = require('../helpers/wire');

const isWindows = process.platform === 'win32';
const onUnix = isWindows ? () => {} : alone;
const onLinux = process.platform === 'linux' ? alone : () => {};

const countOpen = () => fs.readdirSync('/proc/self/fd').length;

/** Waits until as many descriptors are open as before. */
const untilClosed = (before) => until(() => countOpen() === before);

/** Makes a connection over a path, and both ends' options. */
function unixPair(net, t, options = {}) {
  const where = { path: path.join(folder(t), 'socket') };
  return pair(net, t, { where, ...options });
}

/** Opens files with different contents, and returns their descriptors. */
function openFiles(t, count) {
  const at = folder(t);
  const fds = [];
  for (let i = 0; i < count; i++) {
    fds.push(fs.openSync(path.join(at, `${i}`), 'w+'));
  }
  return fds;
}

/** Returns which file a descriptor is open on. */
const identityOf = (fd) => fs.fstatSync(fd).ino;

function closeAll(fds) {
  for (const fd of fds) fs.closeSync(fd);
}

/** Collects what arrives: identities of files, and text. */
function collect(socket) {
  const seen = [];
  socket.on('descriptors', (fds) => {
    seen.push(fds.map(identityOf));
    closeAll(fds);
  });
  socket.on('data', (data) => {
    const text = String(data);
    if (typeof seen.at(-1) === 'string') seen.push(seen.pop() + text);
    else seen.push(text);
  });
  return seen;
}

onUnix('a descriptor arrives before its data, and works', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const file = path.join(folder(t), 'file');
  const fd = fs.openSync(file, 'w');
  const identity = identityOf(fd);
  const order = [];
  peer.on('descriptors', (fds) => order.push(fds));
  peer.on('data', (data) => order.push(String(data)));
  assert.strictEqual(client.writeDescriptors('with it', [fd]), true);
  fs.closeSync(fd);
  await until(() => order.length === 2);
  const [[received], text] = order;
  assert.strictEqual(text, 'with it');
  assert.strictEqual(identityOf(received), identity);
  fs.writeSync(received, 'written by the receiver');
  fs.closeSync(received);
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'written by the receiver');
});

// http's parser borrows the memory of large reads.
onUnix(
  'http: a descriptor arrives before its part of a body',
  async (net, t) => {
    ours.install();
    t.after(() => ours.uninstall());
    const server = http.createServer();
    t.after(() => server.close());
    const where = path.join(folder(t), 'socket');
    server.listen(where);
    await once(server, 'listening');
    const seen = [];
    // Before http's own listener, which replaces the socket's `on`.
    server.prependListener('connection', (peer) => {
      peer.on('descriptors', (fds) => {
        seen.push('descriptors');
        closeAll(fds);
      });
    });
    const client = destroyAfter(t, net.connect(where));
    const part = Buffer.alloc(100_000, 'p');
    client.write(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n',
    );
    const [request, response] = await once(server, 'request');
    let received = 0;
    request.on('data', ({ length }) => {
      received += length;
      seen.push(received);
    });
    for (let sent = 100_000; sent <= 600_000; sent += 200_000) {
      client.write(part);
      await until(() => received === sent);
      seen.length = 0;
      client.writeDescriptors(part, [0]);
      await until(() => received === sent + 100_000);
      assert.strictEqual(seen[0], 'descriptors');
    }
    response.end();
  },
);

onLinux('a received descriptor is not inherited', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const arrived = once(peer, 'descriptors');
  client.writeDescriptors('x', [0]);
  const [[fd]] = await arrived;
  const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const flags = parseInt(/flags:\s*(\d+)/.exec(info)[1], 8);
  assert.ok(flags & 0o2000000, info);
  fs.closeSync(fd);
});

// The system stops a read behind descriptors, and reports no more of what follows.
for (const listens of [false, true]) {
  const what = listens ? 'with' : 'without';
  onUnix(
    `what follows descriptors is read, ${what} a listener`,
    async (net, t) => {
      const { client, peer } = await unixPair(net, t);
      if (listens) peer.on('descriptors', closeAll);
      client.write('0');
      await take(peer, 1);
      for (let round = 0; round < 20; round++) {
        const got = take(peer, 7);
        client.writeDescriptors('abc', [0]);
        client.write('tail');
        assert.strictEqual(String(await got), 'abctail');
        await nextIteration();
      }
    },
  );
}

onUnix('what follows descriptors goes through a relay', async (net, t) => {
  const one = await unixPair(net, t);
  const two = await unixPair(net, t);
  one.peer.pipe(two.client);
  const first = take(two.peer, 1000);
  one.client.write('x'.repeat(1000));
  await first;
  for (let round = 0; round < 20; round++) {
    const got = take(two.peer, 7);
    one.client.writeDescriptors('abc', [0]);
    one.client.write('tail');
    assert.strictEqual(String(await got), 'abctail');
  }
});

onUnix('a listener sees what a pipe would not', async (net, t) => {
  const one = await unixPair(net, t);
  const two = await unixPair(net, t);
  one.peer.pipe(two.client);
  let count = 0;
  const listener = (fds) => {
    count += fds.length;
    closeAll(fds);
  };
  for (const listens of [true, false, true]) {
    if (listens) one.peer.on('descriptors', listener);
    else one.peer.off('descriptors', listener);
    for (let i = 0; i < 5; i++) {
      const got = take(two.peer, 1);
      one.client.writeDescriptors('x', [0, 0]);
      await got;
    }
  }
  assert.strictEqual(count, 20);
});

onLinux('without a listener they are closed', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const gone = () => assert.fail('nobody listens');
  peer.on('descriptors', gone);
  peer.off('descriptors', gone);
  peer.resume();
  const before = countOpen();
  for (let i = 0; i < 10; i++) {
    const fds = openFiles(t, 20);
    const written = once(peer, 'data');
    client.writeDescriptors('x', fds);
    closeAll(fds);
    await written;
  }
  await untilClosed(before);
});

onUnix('every way to listen', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  peer.resume();
  const listener = (...args) => args[0];
  for (const method of [
    'on',
    'once',
    'addListener',
    'prependListener',
    'prependOnceListener',
  ]) {
    assert.strictEqual(peer[method]('descriptors', listener), peer);
    const arrived = once(peer, 'descriptors');
    client.writeDescriptors('x', [0]);
    closeAll((await arrived)[0]);
    peer.removeAllListeners('descriptors');
    // Nobody listens now, which switches the socket back.
    const read = once(peer, 'data');
    client.writeDescriptors('x', [0]);
    await read;
  }
});

onUnix('from the first byte, to a client and to a server', async (net, t) => {
  const where = { path: path.join(folder(t), 'socket') };
  const fds = openFiles(t, 2);
  const [own, others] = fds.map(identityOf);
  const seen = {};
  const server = await listening(net, t, where, {}, (peer) => {
    seen.server = collect(peer);
    peer.writeDescriptors('welcome', [fds[1]]);
  });
  const client = destroyAfter(t, new net.Socket());
  seen.client = collect(client);
  client.connect(server.address());
  client.write('first ');
  client.writeDescriptors('with ', [fds[0]]);
  client.end('last');
  await once(client, 'close');
  closeAll(fds);
  assert.deepStrictEqual(seen.client, [[others], 'welcome']);
  assert.deepStrictEqual(seen.server, [[own], 'first with last']);
});

const settings = [
  {},
  { offload: true },
  { coalesce: false },
  { copyWrites: true },
];

for (const client of settings) {
  const name = Object.keys(client)[0] ?? 'the defaults';

  onLinux(`the order of a long mixture, with ${name}`, async (net, t) => {
    const ends = await unixPair(net, t, { client, server: {} });
    const fds = openFiles(t, 8);
    const before = countOpen();
    const identities = fds.map(identityOf);
    const sent = [];
    const groups = [];
    const expectedGroups = [];
    let received = '';
    ends.peer.on('descriptors', (group) => {
      groups.push({ at: received.length, of: group.map(identityOf) });
      closeAll(group);
    });
    ends.peer.setEncoding('latin1').on('data', (text) => (received += text));
    let length = 0;
    const write = (i) => {
      const size = [1, 100, 5000, 70_000, 300_000][i % 5];
      const text = String.fromCharCode(97 + (i % 26)).repeat(size);
      if (i % 3 === 0) {
        const first = i % 7;
        const group = fds.slice(first, first + 2);
        expectedGroups.push({
          at: length,
          of: identities.slice(first, first + 2),
        });
        ends.client.writeDescriptors(text, group);
      } else if (i % 3 === 1) {
        ends.client.write(text);
      } else {
        ends.client.write(Buffer.from(text), () => {});
      }
      sent.push(text);
      length += size;
    };
    for (let round = 0; round < 12; round++) {
      if (round % 3 === 0) ends.client.cork();
      for (let i = 0; i < 10; i++) write(round * 10 + i);
      if (round % 3 === 0) ends.client.uncork();
      await nextIteration();
    }
    ends.client.end();
    await once(ends.peer, 'end');
    assert.strictEqual(received === sent.join(''), true);
    assert.deepStrictEqual(
      groups.map((group) => group.of),
      expectedGroups.map((group) => group.of),
    );
    for (const [i, group] of groups.entries()) {
      assert.ok(group.at <= expectedGroups[i].at, `group ${i} is not late`);
    }
    // The client has closed meanwhile, or is about to.
    await untilClosed(before - 2);
    closeAll(fds);
  });

  onUnix(`within a callback, with ${name}`, async (net, t) => {
    const ends = await unixPair(net, t, { client });
    const [fd] = openFiles(t, 1);
    const seen = collect(ends.peer);
    ends.client.once('data', () => {
      ends.client.write('small ');
      ends.client.write('pieces ');
      ends.client.writeDescriptors('with ', [fd]);
      ends.client.write('and after');
      ends.client.end();
    });
    ends.peer.write('go');
    await once(ends.peer, 'end');
    const text = seen.filter((each) => typeof each === 'string').join('');
    assert.strictEqual(text, 'small pieces with and after');
    const groups = seen.filter(Array.isArray);
    assert.deepStrictEqual(groups, [[identityOf(fd)]]);
    const at = seen.findIndex(Array.isArray);
    const earlier = seen.slice(0, at).join('');
    assert.ok('small pieces '.startsWith(earlier), earlier);
    fs.closeSync(fd);
  });
}

onUnix('a partial send passes them once', async (net, t) => {
  const options = { pauseOnConnect: true };
  const { client, peer } = await unixPair(net, t, { server: options });
  const groups = [];
  peer.on('descriptors', (fds) => {
    groups.push(fds.length);
    closeAll(fds);
  });
  const size = 4 << 20;
  let isDone = false;
  client.writeDescriptors(Buffer.alloc(size), [0, 1], () => (isDone = true));
  client.writeDescriptors(Buffer.alloc(size), [0], () => {});
  client.end();
  await nextIteration();
  assert.strictEqual(isDone, false);
  assert.strictEqual((await bytesOf(peer)).length, 2 * size);
  assert.deepStrictEqual(groups, [2, 1]);
  assert.strictEqual(isDone, true);
});

onUnix('a listener that pauses gets the data later', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const seen = [];
  peer.on('data', (data) => seen.push(String(data)));
  peer.once('descriptors', (fds) => {
    seen.push(fds.length);
    closeAll(fds);
    peer.pause();
    setImmediate(() => {
      seen.push('resumed');
      peer.resume();
    });
  });
  client.writeDescriptors('data', [0, 0, 0]);
  client.end();
  await once(peer, 'end');
  assert.deepStrictEqual(seen, [3, 'resumed', 'data']);
});

onUnix('a socket that does not read yet', async (net, t) => {
  const server = { pauseOnConnect: true };
  const { client, peer } = await unixPair(net, t, { server });
  const seen = collect(peer);
  client.writeDescriptors('one', [0]);
  client.writeDescriptors('two', [0, 0]);
  client.end();
  await nextIteration();
  assert.deepStrictEqual(seen, []);
  peer.resume();
  await once(peer, 'end');
  assert.deepStrictEqual(
    seen.map((each) => (Array.isArray(each) ? each.length : each)),
    [1, 'one', 2, 'two'],
  );
});

onUnix('with a buffer of the program', async (net, t) => {
  const seen = [];
  const callback = (size, buffer) => {
    seen.push(String(buffer.subarray(0, size)));
    return true;
  };
  const onread = { buffer: Buffer.alloc(4), callback };
  const { client, peer } = await unixPair(net, t, { client: { onread } });
  client.on('descriptors', (fds) => {
    seen.push(fds.length);
    closeAll(fds);
  });
  peer.writeDescriptors('abcdef', [0, 0]);
  await until(() => seen.length >= 3);
  peer.writeDescriptors('gh', [0]);
  await until(() => seen.length >= 5);
  assert.deepStrictEqual(seen, [2, 'abcd', 'ef', 1, 'gh']);
});

onLinux('large data that is read straight into a chunk', async (net, t) => {
  const before = countOpen();
  const { client, peer, server } = await unixPair(net, t);
  let count = 0;
  let length = 0;
  peer.on('descriptors', (fds) => {
    count += fds.length;
    closeAll(fds);
  });
  peer.on('data', (data) => (length += data.length));
  for (let i = 0; i < 50; i++) {
    client.writeDescriptors(Buffer.alloc(200_000), [0, 0]);
    client.write(Buffer.alloc(100_000));
  }
  client.end();
  await once(peer, 'end');
  assert.deepStrictEqual([count, length], [100, 50 * 300_000]);
  server.close();
  peer.destroy();
  await once(peer, 'close');
  await untilClosed(before);
});

onLinux('the most that a message may have, and one more', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const before = countOpen();
  const arrived = once(peer, 'descriptors');
  client.writeDescriptors('x', Array(253).fill(0));
  const [fds] = await arrived;
  assert.strictEqual(fds.length, 253);
  assert.strictEqual(new Set(fds).size, 253);
  closeAll(fds);
  assert.throws(() => client.writeDescriptors('x', Array(254).fill(0)), {
    code: 'ERR_OUT_OF_RANGE',
    name: 'RangeError',
    message:
      'The value of "fds.length" is out of range. It must be >= 1 && <= 253. ' +
      'Received 254',
  });
  await untilClosed(before);
});

const badArguments = [
  [[1, [0]], 'ERR_INVALID_ARG_TYPE', TypeError],
  [[{}, [0]], 'ERR_INVALID_ARG_TYPE', TypeError],
  [[undefined, [0]], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['', [0]], 'ERR_INVALID_ARG_VALUE', TypeError],
  [[Buffer.alloc(0), [0]], 'ERR_INVALID_ARG_VALUE', TypeError],
  [['x'], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', 0], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', { length: 1, 0: 0 }], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', []], 'ERR_OUT_OF_RANGE', RangeError],
  [['x', ['0']], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', [0, undefined]], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', [0.5]], 'ERR_OUT_OF_RANGE', RangeError],
  [['x', [NaN]], 'ERR_OUT_OF_RANGE', RangeError],
  [['x', [-1]], 'ERR_OUT_OF_RANGE', RangeError],
  [['x', [2 ** 31]], 'ERR_OUT_OF_RANGE', RangeError],
  [['x', [0], null], 'ERR_INVALID_ARG_TYPE', TypeError],
  [['x', [0], 'utf8'], 'ERR_INVALID_ARG_TYPE', TypeError],
];

onLinux('arguments that are none', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const before = countOpen();
  for (const [args, code, Class] of badArguments) {
    assert.throws(
      () => client.writeDescriptors(...args),
      (error) => error.code === code && error instanceof Class,
      JSON.stringify(args),
    );
  }
  assert.throws(() => client.writeDescriptors('x', [0, 2 ** 30]), {
    code: 'EBADF',
    message: 'dup EBADF',
    syscall: 'dup',
  });
  assert.strictEqual(countOpen(), before);
  client.end('still works');
  assert.strictEqual(String(await bytesOf(peer)), 'still works');
});

const refused = (code) => ({
  code,
  message: `writeDescriptors ${code}`,
  syscall: 'writeDescriptors',
});

alone('writeDescriptors without a Unix-domain connection', async (net, t) => {
  const fresh = new net.Socket();
  const write = (socket) => () => socket.writeDescriptors('x', [0]);
  assert.throws(write(fresh), refused('ENOTCONN'));
  const { client, server } = await pair(net, t);
  assert.throws(write(client), refused('ENOTSUP'));
  const late = destroyAfter(t, net.connect(server.address().port));
  assert.throws(write(late), refused('ENOTSUP'));
});

onLinux(
  'after end() and destroy() it fails as a write does',
  async (net, t) => {
    for (const [verb, code] of [
      ['destroy', 'ERR_STREAM_DESTROYED'],
      ['end', 'ERR_STREAM_WRITE_AFTER_END'],
    ]) {
      const { client } = await unixPair(net, t);
      client.on('error', () => {});
      client[verb]();
      const before = countOpen();
      const error = await new Promise((resolve) => {
        const result = client.writeDescriptors('x', [0], resolve);
        assert.strictEqual(result, false);
      });
      assert.strictEqual(error.code, code);
      assert.ok(countOpen() <= before);
    }
  },
);

onLinux('what waits is closed with its socket', async (net, t) => {
  const before = countOpen();
  const options = { server: { pauseOnConnect: true } };
  const { client, peer, server } = await unixPair(net, t, options);
  const errors = [];
  const note = (error) => errors.push(error?.code);
  for (let i = 0; i < 5; i++) {
    client.writeDescriptors(Buffer.alloc(1 << 20), [0, 0, 0], note);
  }
  assert.ok(countOpen() >= before + 12);
  client.destroy();
  await once(client, 'close');
  assert.strictEqual(errors.length, 5);
  peer.destroy();
  await once(peer, 'close');
  server.close();
  await untilClosed(before);
});

onLinux('what arrived and was not delivered is closed', async (net, t) => {
  const before = countOpen();
  const { client, peer, server } = await unixPair(net, t);
  peer.on('descriptors', closeAll);
  peer.once('data', () => peer.destroy());
  client.on('error', () => {});
  for (let i = 0; i < 20; i++) client.writeDescriptors('x', [0, 0]);
  await once(peer, 'close');
  client.destroy();
  server.close();
  await untilClosed(before);
});

onLinux('a peer that is gone', async (net, t) => {
  const before = countOpen();
  const { client, peer, server } = await unixPair(net, t);
  peer.destroy();
  await once(peer, 'close');
  const closing = closed(client);
  const error = await new Promise((resolve) => {
    client.writeDescriptors('x', [0], resolve);
  });
  assert.strictEqual(error.code, 'EPIPE');
  assert.strictEqual(error.syscall, 'write');
  await closing;
  server.close();
  await untilClosed(before);
});

onLinux('a listener that throws keeps what it got', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  const seen = [];
  t.after(() => process.setUncaughtExceptionCaptureCallback(null));
  process.setUncaughtExceptionCaptureCallback((error) => seen.push(error));
  let given;
  peer.on('descriptors', (fds) => {
    given = fds;
    throw new Error('listener');
  });
  const got = take(peer, 4);
  client.writeDescriptors('data', [0]);
  assert.strictEqual(String(await got), 'data');
  assert.strictEqual(seen[0].message, 'listener');
  closeAll(given);
});

onUnix('descriptors are counted', async (net, t) => {
  const { client, peer } = await unixPair(net, t);
  peer.on('descriptors', closeAll);
  const before = net.getStats();
  client.writeDescriptors('x', [0, 0, 0]);
  client.end();
  await bytesOf(peer);
  const after = net.getStats();
  assert.strictEqual(after.descriptorsSent - before.descriptorsSent, 3);
  assert.strictEqual(after.descriptorsReceived - before.descriptorsReceived, 3);
  assert.strictEqual(after.bytesRead - before.bytesRead, 1);
});

onLinux('a process without room for them', async (net) => {
  const outcome = await runs(
    net,
    async (net) => {
      const fs = require('node:fs');
      const path = require('node:path');
      const folder = fs.mkdtempSync('/tmp/rust-net-');
      const file = path.join(folder, 'socket');
      const count = () => fs.readdirSync('/proc/self/fd').length;
      const server = net.createServer((socket) => {
        socket.on('descriptors', () => console.log('descriptors'));
        socket.on('data', () => console.log('data'));
        socket.on('error', ({ message }) => {
          console.log(message, count() <= 95);
          server.close(() => fs.rmSync(folder, { recursive: true }));
        });
      });
      server.listen(file, () => {
        const client = net.connect(file);
        client.on('error', () => {});
        client.on('connect', () => {
          // Held by the sender until they have left, and then by the kernel.
          const most = Array(30).fill(0);
          client.writeDescriptors('x', most);
          while (count() < 95) fs.openSync('/dev/null');
        });
      });
    },
    { shell: 'ulimit -n 100; exec "$0" "$@"' },
  );
  assert.deepStrictEqual([outcome.code, outcome.stderr], [0, '']);
  assert.strictEqual(outcome.stdout, 'read EMFILE true\n');
});

/** Returns the first Python that passes descriptors; undefined if there is none. */
function findPython() {
  const program = 'import socket; socket.send_fds';
  const { status } = spawnSync('python3', ['-c', program]);
  return status === 0 ? 'python3' : undefined;
}

const python = isWindows ? undefined : findPython();
const withPython =
  python === undefined
    ? (name) => alone(`${name} (no python3)`, () => {})
    : alone;

withPython('Python passes a descriptor, and gets one', async (net, t) => {
  const where = { path: path.join(folder(t), 'socket') };
  const server = await listening(net, t, where);
  const accepted = once(server, 'connection');
  const program = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
r, w = os.pipe()
socket.send_fds(s, [b'the writing end'], [w])
os.close(w)
data, fds, flags, _ = socket.recv_fds(s, 100, 10)
os.write(fds[0], b'from Python: ' + data)
print(os.read(r, 100).decode(), end='')
`;
  const child = spawn(python, ['-c', program, where.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const printed = bytesOf(child.stdout);
  const [peer] = await accepted;
  const seen = [];
  peer.on('data', (data) => seen.push(String(data)));
  const [[end]] = await once(peer, 'descriptors');
  await until(() => seen.length > 0);
  assert.deepStrictEqual(seen, ['the writing end']);
  const file = path.join(folder(t), 'file');
  const fd = fs.openSync(file, 'w');
  peer.writeDescriptors('a file', [fd]);
  fs.closeSync(fd);
  fs.writeSync(end, 'from JavaScript');
  fs.closeSync(end);
  assert.strictEqual(String(await printed), 'from JavaScript');
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'from Python: a file');
});

onLinux('a listener passes to another process', async (net, t) => {
  const where = { path: path.join(folder(t), 'socket') };
  const server = await listening(net, t, where);
  const accepted = once(server, 'connection');
  const program = `
    const net = require(${JSON.stringify(idOf(net))});
    const socket = net.connect(process.argv[1]);
    socket.once('descriptors', ([fd]) => {
      const server = net.createServer((peer) => {
        peer.end('from the child');
        server.close();
        socket.end();
      });
      server.listen({ fd }, () => socket.write('ready'));
    });`;
  const child = spawn(process.execPath, ['-e', program, where.path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  t.after(() => child.kill());
  const [peer] = await accepted;
  const listener = await listening(net, t);
  const { port } = listener.address();
  const ready = take(peer, 5);
  peer.writeDescriptors('listen', [listener._handle.fd]);
  listener.close();
  await ready;
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  assert.strictEqual(String(await bytesOf(client)), 'from the child');
});

onLinux('a child that is killed between', async (net, t) => {
  const before = countOpen();
  const where = { path: path.join(folder(t), 'socket') };
  const server = await listening(net, t, where);
  const accepted = once(server, 'connection');
  const program = `
    const net = require(${JSON.stringify(idOf(net))});
    const socket = net.connect(process.argv[1]);
    socket.on('descriptors', () => {});
    socket.once('data', () => process.kill(process.pid, 'SIGKILL'));`;
  const child = spawn(process.execPath, ['-e', program, where.path], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  t.after(() => child.kill());
  const [peer] = await accepted;
  const closing = closed(peer);
  for (let i = 0; i < 200; i++) {
    peer.writeDescriptors(Buffer.alloc(20_000), [0, 1, 2], () => {});
  }
  await closing;
  server.close();
  await untilClosed(before);
});
