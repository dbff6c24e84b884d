'use strict';

// Relays, and small writes from callbacks.

const {
  closeAfter,
  closed,
  connect,
  listen,
  nextIteration,
} = require('./ends');
const { slowly } = require('./downloads');

/**
 * A server whose connections go on to another by pipe(). Its sockets are seen
 * by nobody, and what is left to be said when the one fails is said on the other.
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

/** Bytes through a number of proxies, in small messages and in large pieces. */
async function relays(context, hops, where) {
  const { track, far } = context;
  const up = track.flow('up', 400_000);
  // In the least case a step has what one small segment brought.
  track.work.relayed = hops * (up.total >> 14);
  track.isIndirect = hops > 1;
  // Of ours: libuv makes an end of a reset that comes behind the last bytes.
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

function block(milliseconds) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

/** Small writes from callbacks, which leave together, and larger ones among them. */
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
        // A callback that does not end: the bytes leave meanwhile.
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
  // One question after the other, so that the server has many callbacks.
  client.on('data', () => ask());
  function ask() {
    if (asked >= up.total || down.arrived < asked * 50) return;
    asked += 8;
    track.write('client', client, up.next(8), { flow: up });
  }
  await closeAfter(found.server, client);
}

/** Small answers to many questions, to a reader that lets them pile up. */
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

module.exports = { coalesces, fillsKernel, relays };
