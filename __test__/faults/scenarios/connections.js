'use strict';

// Connections that come to be, carry a little, and end in all ways.

const {
  closeAfter,
  closed,
  connect,
  listen,
  tcp,
  nextIteration,
  unix,
} = require('./ends');
const { downloads } = require('./downloads');

/** Sends back what comes, and ends when that does. */
function echo({ track }, peer, up) {
  track.socket('peer', peer);
  peer.on('data', (chunk) => {
    if (up) up.take(chunk);
    else track.work.take(chunk.length);
    track.write('peer', peer, chunk);
  });
  if (up) peer.on('end', () => up.end());
}

async function echoes(context, where, options = {}) {
  const { track } = context;
  const up = track.flow('up', 60_000);
  // The same bytes again.
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

/** A client that sends a PROXY header to a server that wants one. */
async function proxied(context) {
  const { work } = context.track;
  // One write, a look, and the read that takes it.
  work.writes += 1;
  work.chunks += 2;
  const proxyHeader = {
    source: { address: '192.0.2.7', port: 7 },
    destination: { address: '192.0.2.8', port: 8 },
  };
  const options = { proxyProtocol: 'require', proxyTimeout: 1000, proxyHeader };
  await echoes(context, tcp(), options);
}

async function refused(context, options) {
  const client = connect(context, 'client', options);
  context.track.write('client', client, 'nobody reads this');
  await closed(client);
}

/** A port that nobody listens on. */
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
  // The error of the reset has the addresses of both ends.
  track.work.questions += 1;
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

async function blocks(context) {
  const { net, track } = context;
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.2');
  // One that is turned away, and seen by no program.
  track.work.accepted += 1;
  // Where one client binds, and who its peers are to the server.
  track.work.questions = 3;
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
  context.track.work.listen();
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
  // The four of both ends, and those below.
  track.work.questions = 4 + 2 + 2 + 8;
  const options = {
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 1000,
    userTimeout: 60_000,
    sendBufferSize: 50_000,
    congestion: 'reno',
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
          client.getSocketOption('congestion');
          client.getTcpInfo();
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

/** A name with two addresses, of which the first refuses. */
async function races(context) {
  const { track } = context;
  // Of the two attempts one is seen.
  track.work.connects += 1;
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

module.exports = {
  acceptsUnderLoad,
  blocks,
  echoes,
  freePort,
  halfCloses,
  listensAgain,
  proxied,
  races,
  refused,
  resets,
  takesOptions,
};
