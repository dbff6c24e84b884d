'use strict';

// What is dear where more calls are made than it needs. No call of these is failed:
// they are too long for that.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

const {
  closeAfter,
  closed,
  connect,
  listen,
  tcp,
  nextIteration,
  unix,
} = require('./ends');

const uploads = path.join(__dirname, '..', '..', 'fixtures', 'uploads.js');
const { SIZE } = require(uploads);

const MiB = 1 << 20;
const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));

/** Faults a run in which other than so many bytes have come. */
function expectBytes({ track }, bytes) {
  const { received } = track.work;
  if (received !== bytes) track.fault(`${received} bytes of ${bytes}`);
}

/** One connect after the other, beside listeners that nobody connects to. */
async function connectsBesideIdle(context, where) {
  const { track } = context;
  const idle = [];
  for (let i = 0; i < 60; i++) {
    idle.push(await listen(context, {}, () => {}, where()));
  }
  const accept = (peer) => track.socket('peer', peer).resume().end();
  const { server, at } = await listen(context, {}, accept, where());
  for (let i = 0; i < 20; i++) {
    await closed(connect(context, 'client', at).resume());
  }
  for (const one of [server, ...idle.map((it) => it.server)]) one.close();
}

/** Connects that are made in one tick, and a small message from each. */
async function connectsAtOnce(context, where) {
  const { track } = context;
  const accept = (peer) => {
    track.socket('peer', peer);
    peer.on('data', (chunk) => {
      track.work.take(chunk.length);
      peer.end();
    });
  };
  const { server, at } = await listen(context, {}, accept, where);
  const clients = times(100, () => {
    const client = connect(context, 'client', at).resume();
    track.write('client', client, 'hello');
    return client;
  });
  await closeAfter(server, ...clients);
  expectBytes(context, 500);
}

/** Small questions and small answers, on some connections side by side. */
async function asksAndAnswers(context, where) {
  const { track } = context;
  const ROUNDS = 40;
  const accept = (peer) => {
    track.socket('peer', peer);
    peer.on('data', (chunk) => {
      track.work.take(chunk.length);
      track.write('peer', peer, 'answer');
    });
  };
  const { server, at } = await listen(context, {}, accept, where);
  const clients = times(10, () => {
    const client = connect(context, 'client', at);
    let rounds = 0;
    const ask = () => {
      if (rounds++ === ROUNDS) client.end();
      else track.write('client', client, 'ask me');
    };
    client.on('connect', ask).on('data', (chunk) => {
      track.work.take(chunk.length);
      ask();
    });
    return client;
  });
  await closeAfter(server, ...clients);
  expectBytes(context, 10 * ROUNDS * 12);
}

/** A server that writes so many times 1 MiB in one tick, and a client. */
async function sends(context, count, read, module = context.net) {
  const { track } = context;
  const block = Buffer.alloc(MiB, 'x');
  const accept = (peer) => {
    track.socket('peer', peer).resume();
    for (let i = 0; i < count; i++) track.write('peer', peer, block);
    peer.end();
  };
  const { server, at } = await listen(context, {}, accept, tcp(), module);
  const client = connect(context, 'client', at);
  read(client);
  await closeAfter(server, client);
  expectBytes(context, count * MiB);
}

async function readsByIteration(context) {
  const read = async (client) => {
    for await (const chunk of client) context.track.work.take(chunk.length);
  };
  // What is counted is what the reader does.
  await sends(context, 48, read, context.far);
}

/** A reader that pauses behind each chunk, and goes on in a later iteration. */
async function readsWithPauses(context) {
  const read = (client) => {
    client.on('data', async (chunk) => {
      context.track.work.take(chunk.length);
      client.pause();
      await nextIteration();
      client.resume();
    });
  };
  await sends(context, 8, read, context.far);
}

async function writesInOneTick(context) {
  const read = (client) => {
    client.on('data', (chunk) => context.track.work.take(chunk.length));
  };
  await sends(context, 32, read);
}

/** Short uploads by another process, closed at once, of which new ones come all the time. */
async function takesUploads(context) {
  const { track } = context;
  const COUNT = 300;
  let left = COUNT;
  const accept = (peer) => {
    track.socket('peer', peer);
    peer.on('data', (chunk) => track.work.take(chunk.length));
    peer.on('close', () => {
      if (--left === 0) server.close();
    });
  };
  const { server, at } = await listen(context, {}, accept, tcp());
  const isOver = closed(server);
  const child = fork(uploads, [at.port, COUNT].map(String));
  const [code] = await once(child, 'exit');
  if (code !== 0) track.fault(`the uploads end with ${code}`);
  await isOver;
  expectBytes(context, COUNT * SIZE);
}

/** By name: what is done. */
const costly = {
  'connects beside idle listeners, TCP': (c) => connectsBesideIdle(c, tcp),
  'connects beside idle listeners, Unix': (c) =>
    connectsBesideIdle(c, () => unix(c)),
  'connects at once, TCP': (c) => connectsAtOnce(c, tcp()),
  'connects at once, Unix': (c) => connectsAtOnce(c, unix(c)),
  'questions and answers, TCP': (c) => asksAndAnswers(c, tcp()),
  'questions and answers, Unix': (c) => asksAndAnswers(c, unix(c)),
  'reading by iteration': readsByIteration,
  'reading with pauses': readsWithPauses,
  'writes in one tick': writesInOneTick,
  'short uploads': takesUploads,
};

module.exports = { costly };
