'use strict';

/*
 * The soak: a process on rust-net has many connections with peers that are stopped,
 * killed and reset at random. Every byte is checked. At the end descriptors and memory
 * must be those after the first twentieth.
 *
 *   node __test__/soak/run.js [--connections N] [--bytes N] [--seed S]
 *     [--driver on-loop|threaded] [--subject rust-net|node] [--short] [--record]
 *
 * Without --driver and --subject it runs on both drivers, and then on node:net.
 * `--short` is 5,000 connections. `--record` writes a row of docs/reliability.md for
 * each subject, and the charts.
 */

const { parseArgs } = require('node:util');
const { record } = require('../../scripts/reliability-table');
const { draw, keep } = require('./load/charts');
const { Soak } = require('./load/soak');

const text = { type: /** @type {const} */ ('string') };
const flag = { type: /** @type {const} */ ('boolean') };
const { values: given } = parseArgs({
  options: {
    ...{ connections: text, bytes: text, seed: text },
    ...{ driver: text, subject: text, short: flag, record: flag },
  },
});

/** What memory may grow by after the first twentieth, in bytes. */
const MOST_GROWTH = 24 * 2 ** 20;
const connections = Number(given.connections ?? (given.short ? 5000 : 1e6));
const bytes = Number(given.bytes ?? connections * 1000);
const seed = Number(given.seed ?? Date.now() % 1e9);

/** Returns the runs that were asked for. */
function runs() {
  const drivers = given.driver ? [given.driver] : ['on-loop', 'threaded'];
  const rust = drivers.map((driver) => ({
    ...{ name: driver, title: `rust-net, ${driver}` },
    ...{ subject: 'rust-net', driver },
  }));
  const node = { name: 'node:net', title: 'node:net', subject: 'node:net' };
  const others = [{ ...node, driver: 'on-loop' }];
  if (given.subject === 'rust-net' || given.driver) return rust;
  return given.subject ? others : [...rust, ...others];
}

const megabytes = (size) => Math.round(size / 2 ** 20);

/** A shorter run is over before the process has all the memory that it uses again. */
const ENOUGH_FOR_MEMORY = 200_000;

/** Returns what is wrong with the memory of a run. */
function growth({ first, last }) {
  const grown = last.rss - first.rss;
  if (connections < ENOUGH_FOR_MEMORY || grown <= MOST_GROWTH) return [];
  return [`memory has grown by ${megabytes(grown)} MB`];
}

/** Returns what is in the row of a run. */
function describe({ first, last, counts, checked, seconds }) {
  const { killed, reset, stopped } = counts;
  return (
    `${last.connections} connections, ${megabytes(checked)} MB checked; peers: ` +
    `${killed} killed, ${reset} reset, ${stopped} stopped; descriptors ` +
    `${first.descriptors} and ${last.descriptors}, resident ` +
    `${megabytes(first.rss)} and ${megabytes(last.rss)} MB; ` +
    `${Math.round(seconds)} s, ${last.cpu.toFixed()} s of CPU time`
  );
}

async function play({ name, title, subject, driver }) {
  const soak = new Soak({ subject, driver, connections, bytes, seed });
  const result = await soak.run();
  const problems = [...result.problems];
  if (result.last) problems.push(...growth(result));
  for (const problem of problems) console.log(`FOUND ${title}: ${problem}`);
  const isWell = problems.length === 0;
  const counts = result.last ? describe(result) : 'not to the end';
  console.log(`${title}: ${counts}; ${isWell ? 'well' : 'FAILED'}`);
  if (!isWell) process.exitCode = 1;
  if (!given.record) return;
  if (isWell) keep(name, { node: process.version, connections, ...result });
  await record({
    layer: `Soak, ${title}`,
    command: `npm run test:soak -- ${process.argv.slice(2).join(' ')}`,
    seed: `${seed}`,
    ...{
      counts,
      result: isWell ? 'nothing found' : `${problems.length} found`,
    },
  });
}

async function main() {
  console.log(`seed ${seed}`);
  for (const run of runs()) await play(run);
  if (given.record) draw();
}

main();
