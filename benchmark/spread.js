'use strict';

/*
 * `node benchmark/spread.js [--threads 4] [--seconds 20] [--seed 1]`: how the connections
 * of one port are spread over threads. They live from 1 ms to 10 s, on a scale of powers.
 * Then one thread blocks for a second, and new connections wait for an answer. All ways
 * are measured at the same time of their own, with the same lives.
 */

const { once } = require('node:events');
const net = require('node:net');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const { Program } = require('./harness/program');
const { numbersFrom } = require('../__test__/helpers/numbers');

const root = path.join(__dirname, '..');
const subject = path.join(__dirname, 'subjects/threads.js');
const ways = [
  ['cluster', 'node:net'],
  ['reuse-port', root],
  ['shared', root],
];

/** Milliseconds between two connections. */
const EVERY = 5;

/** Connects, asks for a life of `ms`, and resolves with the time to the answer. */
async function connect(port, ms) {
  const began = performance.now();
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => {}).write(`${ms}`);
  await once(socket, 'data');
  return performance.now() - began;
}

const at = (sorted, share) => sorted[Math.floor((sorted.length - 1) * share)];
const rounded = (value) => Math.round(value * 100) / 100;

/** Returns the widest and the mean spread of samples of open connections by thread. */
function spreadOf(samples) {
  const spreads = samples.map((open) => {
    const mean = open.reduce((a, b) => a + b) / open.length;
    return (Math.max(...open) - Math.min(...open)) / Math.max(mean, 1);
  });
  const mean = spreads.reduce((a, b) => a + b) / spreads.length;
  const last = samples.at(-1);
  return { mean: rounded(mean), widest: rounded(Math.max(...spreads)), last };
}

async function measure([way, moduleId], { threads, seconds, seed }) {
  const args = [moduleId, '--threads', `${threads}`, '--way', way];
  const program = await Program.start([process.execPath, subject, ...args]);
  const { port } = program.ready;
  const below = numbersFrom(seed);
  const samples = [];
  const total = Math.round((seconds * 1000) / EVERY);
  const began = performance.now();
  for (let i = 1; i <= total; i++) {
    connect(port, Math.round(10 ** (4 * (below(1e6) / 1e6)))).catch(() => {});
    if (i % 50 === 0 && i > total / 4) samples.push(await program.ask('open'));
    await sleep(Math.max(0, began + i * EVERY - performance.now()));
  }
  await program.ask('block 1000');
  const waits = [];
  for (let i = 0; i < 200; i++) {
    waits.push(connect(port, 1));
    await sleep(4);
  }
  const times = (await Promise.all(waits)).sort((a, b) => a - b);
  await program.stop();
  return {
    way,
    ...spreadOf(samples),
    p50: rounded(at(times, 0.5)),
    p90: rounded(at(times, 0.9)),
    longest: rounded(at(times, 1)),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      threads: { type: 'string', default: '4' },
      seconds: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
    },
  });
  const settings = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, Number(value)]),
  );
  console.log(`threads ${values.threads}, seed ${values.seed}`);
  for (const way of ways) console.log(await measure(way, settings));
}

main();
