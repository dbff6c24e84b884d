'use strict';

/*
 * Terminates threads at random moments, with a connection in the main thread beside.
 * Prints what was left of them:
 *
 *   node __test__/soak/threads/terminate.js {"module":M,"count":N,"seed":S}
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { numbersFrom } = require('../../helpers/numbers');
const { Steady, openServers } = require('./servers');

const { module: id, count, seed, atOnce = 16 } = JSON.parse(process.argv[2]);
const net = require(id);
const below = numbersFrom(seed);
/** How long a thread lives at most, in milliseconds. */
const LONGEST_LIFE = 150;

const entries = (folder) => fs.readdirSync(folder).length;

/** Returns what the process uses now. */
function usage() {
  return {
    descriptors: entries('/proc/self/fd'),
    threads: entries('/proc/self/task'),
    rss: process.memoryUsage.rss(),
  };
}

/** Waits until the servers have the connections of the main thread alone. */
async function settled(servers, connections) {
  const count = (server) =>
    new Promise((resolve) => server.getConnections((error, n) => resolve(n)));
  let open;
  do {
    await sleep(20);
    const counts = await Promise.all(servers.map(count));
    open = counts.reduce((sum, one) => sum + one, 0);
  } while (open !== connections);
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await sleep(20);
  }
  return usage();
}

/** Starts a thread and terminates it; returns how it ended. */
async function one(workerData) {
  const file = path.join(__dirname, 'work.js');
  const worker = new Worker(file, { workerData });
  let error;
  worker.on('error', (thrown) => (error = thrown.message ?? thrown));
  await sleep(below(LONGEST_LIFE));
  const code = await worker.terminate();
  // The code is 0 where it had not started, or had nothing left to wait for.
  return error === undefined && code <= 1 ? undefined : `${code}: ${error}`;
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-threads-'));
  const { servers, ports } = await openServers(net);
  const steady = new Steady(net, ports.echo);
  const problems = [];
  const run = async (many) => {
    let left = many;
    const lane = async () => {
      while (left-- > 0) {
        const seed = below(2 ** 31);
        const found = await one({ folder, module: id, ports, seed });
        if (found !== undefined) problems.push(found);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return settled(servers, 1);
  };
  const first = await run(Math.ceil(count / 10));
  const last = await run(count - Math.ceil(count / 10));
  await steady.end();
  servers.forEach((server) => server.close());
  fs.rmSync(folder, { recursive: true, force: true });
  const { bytes, problem } = steady;
  console.log(
    JSON.stringify({ first, last, problems, steady: { bytes, problem } }),
  );
}

main();
