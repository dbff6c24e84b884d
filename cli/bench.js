'use strict';

// `npx rust-net bench`: compares rust-net with node:net on this machine. Each
// module serves in its own process for the whole run, under the same load. The
// modules alternate, in reversed order each round. A figure is the median of the
// rounds.

const { fork } = require('node:child_process');
const { once } = require('node:events');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { parseArgs } = require('node:util');

const WARM_UP_MS = 150;
/** How much longer a measurement may take to get its first answer. */
const PATIENCE_MS = 10_000;

const subjects = {
  'node:net': 'node:net',
  'rust-net': path.resolve(__dirname, '../index.js'),
};

/** The widths of the table's columns, in characters. */
const widths = [32, 14, 14, 7, 14, 8, 8, 7];

function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '0.5' },
    },
  });
  const rounds = Number(values.rounds);
  const seconds = Number(values.seconds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) {
    throw new RangeError('--rounds must be a whole number from 1 to 100');
  }
  if (!(seconds >= 0.05 && seconds <= 60)) {
    throw new RangeError('--seconds must be a number from 0.05 to 60');
  }
  return { rounds, seconds };
}

async function startServer(name, socketPath) {
  const program = path.join(__dirname, 'bench-server.js');
  const child = fork(program, [subjects[name], socketPath]);
  const gone = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`the server on ${name} exited (${signal ?? code})`);
  });
  // The rejection is reported to the next caller that waits for an answer.
  gone.catch(() => {});
  const answer = async () => {
    const [message] = await Promise.race([once(child, 'message'), gone]);
    return message;
  };
  const addresses = await answer();
  return {
    where: (at) =>
      typeof addresses[at] === 'string'
        ? { path: addresses[at] }
        : { port: addresses[at], host: '127.0.0.1' },
    cpu: async () => {
      child.send('cpu');
      return (await answer()).cpu;
    },
    stop: () => child.disconnect(),
  };
}

/**
 * Measures operations per second, and the server's CPU time for each in
 * microseconds. Continues past its time until there is at least one answer.
 */
async function measure(load, server, seconds) {
  const tally = { count: 0, stopping: false, fail: (error) => error };
  const failure = new Promise((_, reject) => (tally.fail = reject));
  const done = load.run(server.where(load.at), tally);
  const step = (promise) => Promise.race([promise, failure]);
  await step(sleep(WARM_UP_MS));
  const [cpu, count, start] = [
    await server.cpu(),
    tally.count,
    process.hrtime(),
  ];
  const windowMs = seconds * 1000;
  let waited = 0;
  do {
    await step(sleep(windowMs));
    waited += windowMs;
  } while (tally.count === count && waited < windowMs + PATIENCE_MS);
  const [s, ns] = process.hrtime(start);
  const operations = tally.count - count;
  const used = (await server.cpu()) - cpu;
  tally.stopping = true;
  await step(done);
  if (operations === 0) throw new Error(`${load.name}: no answer arrived`);
  return { rate: operations / (s + ns / 1e9), cpu: used / operations };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[middle]
    : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Overwrites a line on a terminal; writes nothing elsewhere. */
function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text}`);
}

async function measureRow(load, servers, { rounds, seconds }, tell) {
  const samples = new Map(Object.keys(servers).map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = Object.keys(servers);
    if (round % 2 === 1) order.reverse();
    for (const name of order) {
      tell(`${load.name}: ${name}, round ${round + 1} of ${rounds}`);
      const sample = await measure(load, servers[name], seconds);
      samples.get(name)?.push(sample);
    }
  }
  return samples;
}

const line = (cells) =>
  cells
    .map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]),
    )
    .join('');

function describe(load, samples) {
  const of = (name, key) => median(samples.get(name).map((each) => each[key]));
  const rates = Object.keys(subjects).map((name) => of(name, 'rate'));
  const cpus = Object.keys(subjects).map((name) => of(name, 'cpu'));
  const single = samples
    .get('rust-net')
    .map(({ rate }, i) => rate / samples.get('node:net')[i].rate);
  const spread = [Math.min(...single), Math.max(...single)];
  const number = (rate) => `${Math.round(rate)}${load.unit}`;
  return line([
    load.name,
    ...rates.map(number),
    (rates[1] / rates[0]).toFixed(2),
    spread.map((ratio) => ratio.toFixed(2)).join('-'),
    ...cpus.map((cpu) => cpu.toFixed(1)),
    (cpus[1] / cpus[0]).toFixed(2),
  ]);
}

function explainTable({ rounds, seconds }) {
  console.log(`
Medians of ${rounds} round${rounds === 1 ? '' : 's'} of ${seconds} s. \`ratio\` is rust-net / node:net, \`spread\` its
lowest and highest value in one round. CPU is that of the server process, in us per
answer, connection or MiB; less is better. The load for both is one process of
JavaScript on rust-net. Where the load is the limit, only the CPU shows a difference.
Do not compare figures of different machines, or of a busy one.`);
}

async function compare(options, folder) {
  const loads = require('./bench-load');
  const servers = {};
  for (const name of Object.keys(subjects)) {
    servers[name] = await startServer(
      name,
      path.join(folder, name.replace(':', '-')),
    );
  }
  const [{ model } = { model: 'unknown' }] = os.cpus();
  console.log(
    `Node ${process.versions.node}, ${process.platform} ${process.arch}, ` +
      `${os.cpus().length} x ${model}, load ${os.loadavg()[0].toFixed(2)}\n`,
  );
  const names = Object.keys(subjects);
  const cpu = names.map((name) => name.split(/[:-]/)[0]);
  console.log(line(['', ...names, 'ratio', 'spread', ...cpu, 'CPU']));
  const parts = loads.length;
  for (const [i, load] of loads.entries()) {
    const tell = (text) => progress(`[${i + 1}/${parts}] ${text}`);
    const samples = await measureRow(load, servers, options, tell);
    progress('');
    console.log(describe(load, samples));
  }
  for (const server of Object.values(servers)) server.stop();
  explainTable(options);
}

/**
 * Runs the command.
 *
 * @param {string[]} args `--rounds N` and `--seconds S`
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  let options;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`rust-net bench: ${error.message}`);
    return 2;
  }
  try {
    const { withPath } = require('./self-test');
    await withPath((name) => compare(options, path.dirname(name)));
    return 0;
  } catch (error) {
    progress('');
    console.error(`rust-net bench: ${error.message}`);
    console.error('Run `npx rust-net doctor` to find the cause.');
    // Exits at once; the servers exit when their channel closes.
    process.exit(1);
  }
}

module.exports = { measure, run };
