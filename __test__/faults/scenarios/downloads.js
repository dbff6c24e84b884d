'use strict';

// A server that sends much to a client, which reads in all ways.

const { closeAfter, connect, listen, tcp, nextIteration } = require('./ends');

/** Stops a reader again and again. */
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

/** A server that sends `down` to each client as `send` says, and a client. */
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
    // As node's, a Writable sends what it uncorks behind a write that has just
    // failed.
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

function readsInto(context) {
  const { track } = context;
  const down = track.flow('down', 30_000);
  const buffers = [Buffer.alloc(700), Buffer.alloc(5000)];
  let count = 0;
  const callback = (size, buffer) => {
    down.take(buffer.subarray(0, size), buffer.length);
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

/** A reader that stops after each chunk, and starts again. */
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

module.exports = {
  downloads,
  readsInto,
  slowly,
  stopsReading,
  writesLarge,
  writesStrings,
};
