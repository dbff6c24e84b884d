'use strict';

/*
 * Ten thousand peers, each of which sends a byte now and then. A client beside them is
 * answered at once.
 */

const { fork } = require('node:child_process');
const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');
const { start } = require('../start');

const FILE = path.join(__dirname, '../programs/slow-peers.js');
/** Peers that one process has. */
const EACH = 5000;

/** Returns how long an answer takes, in milliseconds. */
async function roundTrip(port) {
  const begin = performance.now();
  const socket = net.connect(port, '127.0.0.1');
  socket.write('?');
  await once(socket, 'data');
  socket.destroy();
  return performance.now() - begin;
}

/** Starts the peers; resolves when all of them are connected. */
async function startPeers(port, count, job) {
  const children = [];
  for (let left = count; left > 0; left -= EACH) {
    const own = { ...job, port, count: Math.min(left, EACH) };
    const child = fork(FILE, [JSON.stringify(own)], {
      stdio: [0, 'pipe', 2, 'ipc'],
    });
    const lines = createInterface({ input: child.stdout });
    children.push({ child, lines });
    await once(lines, 'line');
  }
  return children;
}

/**
 * @returns {Promise<{ problems: string[], counts: string }>}
 */
async function play(subject, { isShort }) {
  const count = isShort ? 1000 : 10_000;
  const server = start('slow-server', {}, subject, { stdin: 'pipe' });
  const lines = createInterface({ input: server.stdout });
  const next = async () => (await once(lines, 'line'))[0];
  const ask = async () => {
    server.stdin.write('?\n');
    return JSON.parse(await next());
  };
  const port = Number(await next());
  const before = await ask();
  const job = { size: isShort ? 5 : 10, pause: isShort ? 100 : 400 };
  const peers = await startPeers(port, count, job);
  const during = await ask();
  const ended = Promise.all(peers.map(({ lines }) => once(lines, 'line')));
  let slowest = 0;
  let isOver = false;
  const beside = (async () => {
    while (!isOver) {
      slowest = Math.max(slowest, await roundTrip(port));
      await sleep(20);
    }
  })();
  const found = await ended;
  isOver = true;
  await beside;
  let after;
  do after = await ask();
  while (after.open > 0);
  server.stdin.end();
  const outcomes = {};
  for (const [line] of found) {
    for (const [name, many] of Object.entries(JSON.parse(line).outcomes)) {
      outcomes[name] = (outcomes[name] ?? 0) + many;
    }
  }
  const each = (during.rss - before.rss) / during.open / 1024;
  const whole = outcomes.whole ?? 0;
  const problems = whole === count ? [] : [JSON.stringify(outcomes)];
  return {
    problems,
    counts:
      `${whole} whole, ${during.open} open at once, ${each.toFixed(1)} KB each, ` +
      `${after.cpu} ms of CPU time, slowest answer beside ${Math.round(slowest)} ms`,
  };
}

module.exports = { title: 'slow peers', play };
