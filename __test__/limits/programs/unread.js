'use strict';

/*
 * Sends to peers that do not read: by write() until it returns false, by pipe() from an
 * endless Readable, and by a relay between two sockets. When no more is taken, it stops
 * making data, and has the peers read and report what they got. Prints the memory that
 * was used meanwhile.
 */

const { fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { Readable } = require('node:stream');
const { setTimeout: sleep } = require('node:timers/promises');
const { bytesAt } = require('../../soak/load/pattern');

const { module: id, count } = JSON.parse(process.argv[2]);
const net = require(id);
const host = '127.0.0.1';
const PIECE = 16_000;

const totals = {};
let isOver = false;

/** Returns the next piece of a flow; none once the end was asked for. */
function take(flow) {
  if (isOver) return undefined;
  totals[flow] ??= 0;
  const piece = bytesAt(flow, totals[flow], PIECE);
  totals[flow] += PIECE;
  return piece;
}

const endless = (flow) =>
  new Readable({
    read() {
      this.push(take(flow) ?? null);
    },
  });

/** Ways to send without end. */
const ways = {
  write(socket, flow) {
    for (let piece; (piece = take(flow));) {
      if (socket.write(piece)) continue;
      return void socket.once('drain', () => ways.write(socket, flow));
    }
    return void socket.end();
  },
  pipe: (socket, flow) => endless(flow).pipe(socket),
  /** Comes through a socket of the process itself. */
  relay(socket, flow) {
    const source = net.createServer((near) => {
      source.close();
      ways.write(near, flow);
    });
    source.listen(0, host, () => {
      net.connect(source.address().port, host).pipe(socket);
    });
  },
};

/** Resolves when nothing more is taken. */
async function full() {
  const sum = () => Object.values(totals).reduce((all, one) => all + one, 0);
  for (let [before, still] = [-1, 0]; still < 5;) {
    await sleep(100);
    still = sum() === before ? still + 1 : 0;
    before = sum();
  }
  return sum();
}

async function main() {
  let flow = 0;
  const names = Object.keys(ways);
  const server = net.createServer((socket) => {
    const mine = flow++;
    socket.on('error', () => {}).write(Buffer.from([mine]));
    ways[names[mine % names.length]](socket, mine);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const before = process.memoryUsage.rss();
  const { port } = server.address();
  const args = [JSON.stringify({ port, count })];
  const peers = fork(path.join(__dirname, 'unreading-peers.js'), args);
  const sent = await full();
  const rss = process.memoryUsage.rss() - before;
  isOver = true;
  peers.send('read');
  const [received] = await once(peers, 'message');
  const outcomes = {};
  for (const [mine, { size, isRight }] of Object.entries(received)) {
    const isWhole = isRight && size === totals[mine];
    const name = isWhole ? 'whole' : 'wrong';
    outcomes[name] = (outcomes[name] ?? 0) + 1;
  }
  console.log(JSON.stringify({ outcomes, rss, sent }));
  process.exit(0);
}

main();
