'use strict';

// Connections and listeners that change hands.

const path = require('node:path');
const { Worker } = require('node:worker_threads');

const { closeAfter, connect, listen, tcp, nextIteration } = require('./ends');

/** Moves a connection while bytes of it wait, as soon as that is allowed. */
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
        track.work.adopted += 1;
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

/** A second descriptor of a handle, which is closed where nobody takes it. */
async function withDescriptor({ native, track }, handle, take) {
  const fd = native.duplicate(handle.fd);
  if (fd < 0) return void track.errors.push('duplicate');
  track.work.adopted += 1;
  try {
    return await take(fd);
  } catch (error) {
    track.told('descriptor', error);
    native.closeDescriptor(fd);
    return undefined;
  }
}

/** A listener and a connection that are given as numbers. */
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
 * The first socket of a thread, and the one after it: a fault may meet the
 * environment as it opens.
 */
function opensEnvironment({ track, folder }) {
  const worker = new Worker(path.join(__dirname, '..', 'worker.js'), {
    workerData: { folder },
  });
  worker.on('message', ({ problems, errors, closes, flows, work }) => {
    for (const problem of problems) track.fault(`worker: ${problem}`);
    track.errors.push(...errors);
    track.closes.push(...closes);
    track.flows.push(...flows);
    track.work.add(work);
  });
  return new Promise((resolve) => {
    worker.on('error', (error) => track.fault(`worker: ${error.stack}`));
    worker.on('exit', resolve);
  });
}

module.exports = { moves, opensEnvironment, takesDescriptors };
