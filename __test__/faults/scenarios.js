'use strict';

// The programs that run while a call fails. Each scenario opens, sends and
// closes, and ends by itself under any single fault.
//
// Its context has `net` (under test), `far` (for ends without faults),
// `bridge`, `native` (lib/handle/native.js), `track`, and `folder` (for
// Unix-domain sockets).

const path = require('node:path');
const { Worker } = require('node:worker_threads');

const tcp = () => ({ port: 0, host: '127.0.0.1' });
let names = 0;
const unix = ({ folder }) => ({ path: path.join(folder, `s${++names}`) });
const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Returns the address of this server for a client; null if the system call for
 * it fails.
 */
function whereIs({ track }, server, where) {
  if (where.path || where.fd) return where;
  try {
    return { port: server.address().port, host: where.host };
  } catch (error) {
    track.told('address', error);
    return null;
  }
}

/** Starts a server. Returns it with its address, or nothing if it failed. */
function listen(context, options, onConnection, where, module = context.net) {
  const { track } = context;
  if (where.path) track.hasNoReset = true;
  const server = module.createServer(options, onConnection);
  track.server('server', server);
  return new Promise((resolve) => {
    server.once('error', () => {
      if (server.listening) return;
      track.forget(server);
      resolve(undefined);
    });
    server.listen(where, () => {
      const at = whereIs(context, server, where);
      if (at !== null) return resolve({ server, at });
      server.close();
      resolve(undefined);
    });
  });
}

function connect({ net, track }, name, options, module = net) {
  return track.socket(name, module.connect(options));
}

/** Resolves when a socket has closed, with or without an error. */
const closed = (socket) =>
  socket.closed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', resolve));

/** Closes a server when all of these sockets are closed. */
async function closeAfter(server, ...sockets) {
  await Promise.all(sockets.map(closed));
  server.close();
}

/** Echoes what it receives. */
function echo({ track }, peer, up) {
  track.socket('peer', peer);
  peer.on('data', (chunk) => {
    up?.take(chunk);
    track.write('peer', peer, chunk);
  });
  if (up) peer.on('end', () => up.end());
}

async function echoes(context, where, options = {}) {
  const { track } = context;
  const up = track.flow('up', 60_000);
  // The same bytes come back.
  const down = Object.assign(track.flow('down', up.total), { base: up.base });
  const found = await listen(
    context,
    options,
    (peer) => echo(context, peer, up),
    where,
  );
  if (!found) return;
  const client = connect(context, 'client', { ...found.at, ...options });
  down.from(client);
  for (const size of [7, 300, 6000, up.total]) {
    track.write('client', client, up.next(size), { flow: up });
  }
  client.end();
  await closeAfter(found.server, client);
}

async function refused(context, options) {
  const client = connect(context, 'client', options);
  context.track.write('client', client, 'nobody reads this');
  await closed(client);
}

/** Returns a port on which no server listens. */
async function freePort({ far }) {
  const server = far.createServer().listen(tcp());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function acceptsUnderLoad(context, where) {
  const { track } = context;
  const flows = Array.from({ length: 8 }, (_, i) => track.flow(`c${i}`, 64));
  const found = await listen(context, {}, (peer) => echo(context, peer), where);
  if (!found) return;
  const clients = flows.map((flow) => {
    const client = connect(context, 'client', found.at);
    flow.from(client);
    track.write('client', client, flow.next());
    client.end();
    return client;
  });
  await closeAfter(found.server, ...clients);
}

async function halfCloses(context, where) {
  const { track } = context;
  const up = track.flow('up', 2000);
  const down = track.flow('down', 50_000);
  const found = await listen(
    context,
    { allowHalfOpen: true },
    (peer) => {
      track.socket('peer', peer);
      up.from(peer);
      peer.on('end', async () => {
        for (let i = 0; i < 5 && !peer.destroyed; i++) {
          track.write('peer', peer, down.next(10_000), { flow: down });
          await nextIteration();
        }
        if (!peer.destroyed) peer.end();
      });
    },
    where,
  );
  if (!found) return;
  const options = { ...found.at, allowHalfOpen: true };
  const client = connect(context, 'client', options);
  down.from(client);
  client.on('end', () => client.end());
  track.write('client', client, up.next(1000), { flow: up });
  client.on('connect', () => {
    client.end(up.next(), track.callback('end'));
  });
  await closeAfter(found.server, client);
}

async function resets(context, where, pauses) {
  const { track } = context;
  const up = track.flow('up', 500);
  const down = track.flow('down', 500);
  const found = await listen(
    context,
    {},
    (peer) => {
      track.socket('peer', peer);
      up.from(peer);
      peer.on('data', async () => {
        if (up.arrived < up.total) return;
        track.write('peer', peer, down.next(), { flow: down });
        if (!pauses) return;
        peer.pause();
        for (let i = 0; i < 3; i++) await nextIteration();
        peer.resume();
      });
    },
    where,
  );
  if (!found) return;
  const client = connect(context, 'client', found.at);
  down.from(client);
  client.on('data', () => {
    if (down.arrived === down.total) client.resetAndDestroy();
  });
  track.write('client', client, up.next(), { flow: up });
  await closeAfter(found.server, client);
}

/**
 * A server that pipes its connections to another server. No 'data' listener
 * sees their bytes. When one socket fails, the other one passes the failure on.
 */
function proxy(context, at, where) {
  const { net, track } = context;
  const options = { allowHalfOpen: true };
  return listen(
    context,
    options,
    (a) => {
      const b = net.connect({ ...at, ...options });
      track.socket('a', a);
      track.socket('b', b);
      a.pipe(b);
      b.pipe(a);
      a.on('error', () => b.end());
      b.on('error', () => a.destroy());
      a.on('close', () => {
        if (!b.writableEnded) b.destroy();
      });
      b.on('close', () => a.destroy());
    },
    where,
  );
}

/**
 * Sends bytes through a number of proxies, in small messages and in large
 * pieces.
 */
async function relays(context, hops, where) {
  const { track, far } = context;
  const up = track.flow('up', 400_000);
  track.isIndirect = hops > 1;
  // The receiver is rust-net's, because libuv reports EOF for a reset directly
  // after the last bytes.
  const back = await listen(
    context,
    { allowHalfOpen: true },
    (receiver) => {
      track.socket('receiver', receiver);
      up.from(receiver);
      slowly(receiver);
      receiver.on('end', () => receiver.end());
    },
    where(),
  );
  if (!back) return;
  const servers = [back.server];
  let { at } = back;
  const closeAll = () => servers.forEach((server) => server.close());
  for (let i = 0; i < hops; i++) {
    const front = await proxy(context, at, where());
    if (!front) return closeAll();
    servers.push(front.server);
    ({ at } = front);
  }
  const sender = connect(context, 'sender', at, far);
  sender.resume();
  const send = (size) => track.write('sender', sender, up.next(size));
  for (const size of [10, 20, 2000]) {
    send(size);
    await nextIteration();
    await nextIteration();
  }
  send(150_000);
  send();
  sender.end();
  await closed(sender);
  closeAll();
}

/** Pauses a reader again and again. */
function slowly(socket) {
  let count = 0;
  socket.on('data', async () => {
    if (++count % 3) return;
    socket.pause();
    await nextIteration();
    await nextIteration();
    socket.resume();
  });
}

/**
 * Runs a server that sends `down` to each client with `send`, and one client.
 */
async function downloads(context, down, send, options = {}) {
  const { track } = context;
  const { where = tcp(), server = {}, client: own = {}, read } = options;
  const found = await listen(
    context,
    server,
    (peer) => {
      track.socket('peer', peer);
      peer.resume();
      send(peer);
    },
    where,
  );
  if (!found) return;
  const client = connect(context, 'client', { ...found.at, ...own });
  if (read) read(client);
  else down.from(client);
  await closeAfter(found.server, client);
}

async function writesLarge(context, where) {
  const { track } = context;
  const down = track.flow('down', 1_200_000);
  const put = (peer, size) =>
    track.write('peer', peer, down.next(size), { flow: down });
  const send = async (peer) => {
    put(peer, 500_000);
    // Like node's, rust-net's Writable sends uncorked chunks even directly
    // after a failed write.
    await nextIteration();
    if (peer.destroyed) return;
    peer.cork();
    for (let i = 0; i < 70; i++) put(peer, 3000);
    peer.uncork();
    put(peer);
    peer.end();
  };
  const read = (client) => slowly(down.from(client));
  await downloads(context, down, send, { where, read });
}

function block(milliseconds) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

/**
 * Makes small writes from callbacks, which are coalesced, with larger ones
 * among them.
 */
async function coalesces(context, where, options) {
  const { track } = context;
  const up = track.flow('up', 48);
  const down = track.flow('down', 60_000);
  const found = await listen(
    context,
    options,
    (peer) => {
      track.socket('peer', peer);
      const put = (size) =>
        track.write('peer', peer, down.next(size), { flow: down });
      peer.on('data', (chunk) => {
        up.take(chunk);
        for (let i = 0; i < 5; i++) put(100);
        if (up.arrived > 8) put(6000);
        // Block this callback: the coalesced bytes must be sent meanwhile.
        if (up.arrived === 24) block(4);
        put(200);
        if (up.arrived < up.total) return;
        put();
        peer.end();
      });
      peer.on('end', () => up.end());
    },
    where,
  );
  if (!found) return;
  const client = connect(context, 'client', { ...found.at, ...options });
  down.from(client);
  let asked = 0;
  client.on('connect', () => ask());
  // Send requests one after the other, so that the server has many callbacks.
  client.on('data', () => ask());
  function ask() {
    if (asked >= up.total || down.arrived < asked * 50) return;
    asked += 8;
    track.write('client', client, up.next(8), { flow: up });
  }
  await closeAfter(found.server, client);
}

/**
 * Sends small answers to many requests, until the paused reader's kernel buffer
 * is full.
 */
async function fillsKernel(context, where, options) {
  const { track } = context;
  const up = track.flow('up', 320);
  const down = track.flow('down', 480_000);
  const found = await listen(
    context,
    options,
    (peer) => {
      track.socket('peer', peer);
      let answered = 0;
      peer.on('data', (chunk) => {
        up.take(chunk);
        for (; answered < up.arrived >> 3; answered++) {
          for (let i = 0; i < 3; i++) {
            track.write('peer', peer, down.next(4000), { flow: down });
          }
        }
        if (up.arrived === up.total) peer.end();
      });
    },
    where,
  );
  if (!found) return;
  const client = connect(context, 'client', { ...found.at, ...options });
  down.from(client.pause());
  client.on('connect', async () => {
    for (let i = 0; i < 40 && !client.destroyed; i++) {
      track.write('client', client, up.next(8), { flow: up });
      await nextIteration();
      await nextIteration();
    }
    client.resume();
  });
  await closeAfter(found.server, client);
}

function readsInto(context) {
  const { track } = context;
  const down = track.flow('down', 30_000);
  const buffers = [Buffer.alloc(700), Buffer.alloc(5000)];
  let count = 0;
  const callback = (size, buffer) => {
    down.take(buffer.subarray(0, size));
    return true;
  };
  const buffer = () => buffers[count++ % 2];
  const send = (peer) => {
    for (let i = 0; i < 3; i++) {
      track.write('peer', peer, down.next(10_000), { flow: down });
    }
    peer.end();
  };
  const read = (client) => client.on('end', () => down.end());
  const client = { onread: { buffer, callback } };
  return downloads(context, down, send, { client, read });
}

function writesStrings(context) {
  const { track } = context;
  const down = track.flow('down', 90_000);
  const encodings = ['utf8', 'latin1', 'hex', 'base64', 'utf16le', 'ascii'];
  const send = async (peer) => {
    for (const size of [60, 9000, 5940]) {
      await nextIteration();
      if (peer.destroyed) return;
      for (const encoding of encodings) {
        const text = down.next(size).toString(encoding);
        track.write('peer', peer, text, { encoding, flow: down });
      }
      if (size === 60) peer.cork();
    }
    peer.uncork();
    peer.end();
  };
  const read = (client) => down.from(client.setEncoding('latin1'));
  return downloads(context, down, send, { read });
}

/** Runs a reader that stops and starts again after each chunk. */
function stopsReading(context, where) {
  const { track } = context;
  const down = track.flow('down', 300_000);
  const send = async (peer) => {
    for (let i = 0; i < 10 && !peer.destroyed; i++) {
      track.write('peer', peer, down.next(30_000), { flow: down });
      await nextIteration();
    }
    if (!peer.destroyed) peer.end();
  };
  const read = (client) => {
    down.from(client);
    client.on('data', async () => {
      client.pause();
      await nextIteration();
      client.resume();
    });
  };
  return downloads(context, down, send, { where, read });
}

async function blocks(context) {
  const { net, track } = context;
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.2');
  const down = track.flow('down', 100);
  const leak = track.flow('blocked', 100);
  const found = await listen(
    context,
    { blockList },
    (peer) => {
      track.socket('peer', peer).resume();
      track.write('peer', peer, down.bytes(0, down.total));
      peer.end();
    },
    tcp(),
  );
  if (!found) return;
  const blocked = connect(context, 'blocked', {
    ...found.at,
    localAddress: '127.0.0.2',
  });
  blocked.on('data', (chunk) => (leak.arrived += chunk.length));
  await closed(blocked);
  const client = connect(context, 'client', found.at);
  down.from(client);
  await closeAfter(found.server, client);
}

async function listensAgain(context) {
  const { net } = context;
  const wheres = [
    tcp(),
    unix(context),
    { port: 0, host: '::' },
    { ...unix(context), readableAll: true, writableAll: true },
  ];
  for (const where of wheres) {
    let found;
    try {
      found = await listen(context, {}, () => {}, where);
    } catch (error) {
      context.track.told('listen', error);
    }
    if (!found) continue;
    await new Promise((resolve) => found.server.close(resolve));
  }
  // A listener that was never bound.
  const server = new net.Server();
  await new Promise((resolve) => {
    server.once('error', (error) => {
      context.track.told('server', error);
      resolve();
    });
    server.listen(() => server.close(resolve));
  });
}

async function takesOptions(context) {
  const { track } = context;
  const options = {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 1000,
  };
  const down = track.flow('down', 10);
  const send = (peer) => {
    peer.setNoDelay(false);
    peer.setKeepAlive(false);
    track.write('peer', peer, down.next(), { flow: down });
    peer.end();
  };
  const read = (client) => {
    down.from(client);
    client.on('connect', () => {
      // Either may be unknown.
      void [client.localAddress, client.remoteAddress];
      for (const value of [0x10, 0]) {
        try {
          client.setTypeOfService(value);
          client.getTypeOfService();
        } catch (error) {
          track.told('option', error);
        }
      }
    });
  };
  await downloads(context, down, send, {
    server: options,
    client: options,
    read,
  });
}

/** Connects to a name with two addresses, of which the first refuses. */
async function races(context) {
  const { track } = context;
  const down = track.flow('down', 100);
  const send = (peer) => {
    track.write('peer', peer, down.next(), { flow: down });
    peer.end();
  };
  const lookup = (_name, _options, done) =>
    done(null, [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  const client = { host: 'two.invalid', autoSelectFamily: true, lookup };
  await downloads(context, down, send, { client });
}

/** Moves a connection that has unsent bytes, as soon as that is allowed. */
async function move({ track }, socket, by) {
  for (;;) {
    if (socket.destroyed) return undefined;
    try {
      return by(socket);
    } catch (error) {
      const waits =
        error.code === 'ERR_WORKER_HANDLE_NOT_TRANSFERABLE' ||
        /has data to send/.test(error.message);
      if (!waits || socket.writableEnded) {
        track.told('move', error);
        socket.destroy();
        return undefined;
      }
    }
    await nextIteration();
  }
}

async function moves(context, where, by, module = context.net) {
  const { track } = context;
  const up = track.flow('up', 20);
  const down = track.flow('down', 20_000);
  const options = module === context.net ? { coalesce: true } : {};
  const found = await listen(
    context,
    options,
    (peer) => {
      track.socket('peer', peer);
      const put = (name, socket, size) =>
        track.write(name, socket, down.next(size), { flow: down });
      peer.on('data', async (chunk) => {
        up.take(chunk);
        if (up.arrived < up.total) return;
        for (let i = 0; i < 3; i++) put('peer', peer, 100);
        const moved = await move(context, peer, by);
        if (!moved) return;
        track.socket('moved', moved);
        moved.resume();
        put('moved', moved, 200);
        put('moved', moved);
        moved.end();
      });
    },
    where,
    module,
  );
  if (!found) return;
  const client = connect(context, 'client', found.at);
  down.from(client);
  track.write('client', client, up.next(), { flow: up });
  await closeAfter(found.server, client);
}

/**
 * Passes a duplicate of a handle's descriptor to `take`, and closes it if that
 * fails.
 */
async function withDescriptor({ native, track }, handle, take) {
  const fd = native.duplicate(handle.fd);
  if (fd < 0) return void track.errors.push('duplicate');
  try {
    return await take(fd);
  } catch (error) {
    track.told('descriptor', error);
    native.closeDescriptor(fd);
    return undefined;
  }
}

/** Opens a listener and a connection from descriptor numbers. */
async function takesDescriptors(context) {
  const { net, track } = context;
  const up = track.flow('up', 3000);
  const first = await listen(context, {}, () => {}, tcp());
  if (!first) return;
  const onConnection = (peer) => up.from(track.socket('peer', peer));
  const { _handle } = first.server;
  const found = await withDescriptor(context, _handle, async (fd) => {
    const listening = await listen(context, {}, onConnection, { fd });
    if (!listening) context.native.closeDescriptor(fd);
    return listening;
  });
  first.server.close();
  if (!found) return;
  const client = connect(context, 'client', first.at);
  await new Promise((resolve) => {
    client.once('connect', resolve).once('close', resolve);
  });
  const copy = client.destroyed
    ? undefined
    : await withDescriptor(context, client._handle, (fd) =>
        track.socket('copy', new net.Socket({ fd })),
      );
  client.destroy();
  if (!copy) return void found.server.close();
  track.write('copy', copy, up.next(), { flow: up });
  copy.resume().end();
  await closeAfter(found.server, copy);
}

/**
 * Opens the first two sockets of a thread: a fault may hit the opening of the
 * environment.
 */
function opensEnvironment({ track, folder }) {
  const worker = new Worker(path.join(__dirname, 'worker.js'), {
    workerData: { folder },
  });
  worker.on('message', ({ problems, errors, closes, flows }) => {
    for (const problem of problems) track.fault(`worker: ${problem}`);
    track.errors.push(...errors);
    track.closes.push(...closes);
    track.flows.push(...flows);
  });
  return new Promise((resolve) => {
    worker.on('error', (error) => track.fault(`worker: ${error.stack}`));
    worker.on('exit', resolve);
  });
}

/** The scenarios by name. Faults do not reach `far`, node's own end. */
const scenarios = {
  'echo over TCP': (c) => echoes(c, tcp()),
  'echo over Unix': (c) => echoes(c, unix(c)),
  'connect, refused': async (c) =>
    refused(c, { port: await freePort(c), host: '127.0.0.1' }),
  'connect, no such path': (c) => refused(c, unix(c)),
  'connect, two addresses': races,
  listen: listensAgain,
  'accept, TCP': (c) => acceptsUnderLoad(c, tcp()),
  'accept, Unix': (c) => acceptsUnderLoad(c, unix(c)),
  'half-close, TCP': (c) => halfCloses(c, tcp()),
  'half-close, Unix': (c) => halfCloses(c, unix(c)),
  reset: (c) => resets(c, tcp(), false),
  'reset of a paused reader': (c) => resets(c, tcp(), true),
  'reading that stops': (c) => stopsReading(c, tcp()),
  relay: (c) => relays(c, 1, tcp),
  'relay, Unix': (c) => relays(c, 1, () => unix(c)),
  'relay, two hops': (c) => relays(c, 2, tcp),
  'large writes, TCP': (c) => writesLarge(c, tcp()),
  'large writes, Unix': (c) => writesLarge(c, unix(c)),
  'coalesced writes': (c) => coalesces(c, tcp(), { coalesce: true }),
  'writes through': (c) => coalesces(c, tcp(), { coalesce: false }),
  offload: (c) => coalesces(c, tcp(), { offload: true }),
  'offload, a full kernel': (c) => fillsKernel(c, unix(c), { offload: true }),
  'coalesced writes, a full kernel': (c) =>
    fillsKernel(c, unix(c), { coalesce: true }),
  onread: readsInto,
  strings: writesStrings,
  'block list': blocks,
  options: takesOptions,
  'detach and attach': (c) =>
    moves(c, tcp(), (socket) => c.bridge.attach(c.bridge.detach(socket))),
  'detach and attach, Unix': (c) =>
    moves(c, unix(c), (socket) => c.bridge.attach(c.bridge.detach(socket))),
  'to node': (c) => moves(c, tcp(), c.bridge.toNode),
  'from node': (c) => moves(c, tcp(), c.bridge.fromNode, c.far),
  descriptors: takesDescriptors,
  environment: opensEnvironment,
};

/** The only calls that the short form fails in slow scenarios. */
const shortCalls = {
  environment: ['epoll_create1', 'eventfd', 'ioctl', 'open', 'socketpair'],
};

module.exports = { echoes, scenarios, shortCalls, tcp };
