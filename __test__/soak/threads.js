'use strict';

/*
 * Threads and copies: terminates threads at random moments with sockets in many
 * states, has threads load the addon at once, and runs two copies of the package in
 * one process.
 *
 *   node __test__/soak/threads.js [--count N] [--seed S] [--driver D] [--record]
 *
 * `--count` is how many threads are terminated with each driver, 1,000 by default.
 * node:net does the same beside.
 */

const { parseArgs } = require('node:util');
const { record } = require('../../scripts/reliability-table');
const { ROOT, copies, load, terminate } = require('./threads/play');

const text = { type: /** @type {const} */ ('string') };
const { values: given } = parseArgs({
  options: {
    ...{ count: text, seed: text, driver: text },
    record: { type: 'boolean', default: false },
  },
});
const count = Number(given.count ?? 1000);
const seed = Number(given.seed ?? Date.now() % 1e9);
const drivers = given.driver ? [given.driver] : ['on-loop', 'threaded'];
const megabytes = (size) => Math.round(size / 2 ** 20);

/** Describes what was left after threads were terminated. */
function leftOf({ first, last, steady }) {
  return (
    `descriptors ${first.descriptors} and ${last.descriptors}, threads ` +
    `${first.threads} and ${last.threads}, resident ${megabytes(first.rss)} and ` +
    `${megabytes(last.rss)} MB, ${megabytes(steady.bytes)} MB beside them`
  );
}

/** Plays a layer with each driver, and records its row. */
async function layer(name, done, play) {
  const lines = [];
  let found = 0;
  for (const [title, module, driver] of [
    ...drivers.map((driver) => [driver, ROOT, driver]),
    ['node:net', 'node:net', drivers[0]],
  ]) {
    const played = await play(module, { driver, limit: 600_000 });
    if (!played) continue;
    const { problems, result } = played;
    for (const each of problems) {
      console.log(`FOUND ${title}: ${name}: ${each}`);
    }
    if (title !== 'node:net') found += problems.length;
    const how = problems.length === 0 ? '' : `, ${problems.length} found`;
    const left = result?.first ? `: ${leftOf(result)}` : '';
    lines.push(`${title}${left}${how}`);
  }
  const counts = `${done}; ${lines.join('; ')}`;
  console.log(`${name}\n  ${counts.replaceAll('; ', '\n  ')}`);
  if (found > 0) process.exitCode = 1;
  if (!given.record) return;
  await record({
    layer: name,
    command: `npm run test:threads -- ${process.argv.slice(2).join(' ')}`,
    counts,
    seed: `${seed}`,
    result: found === 0 ? 'nothing found' : `${found} found`,
  });
}

async function main() {
  console.log(`seed ${seed}`);
  await layer(
    'Threads that are terminated',
    `${count} threads with each, at most 16 at a time`,
    (module, options) => terminate({ module, count, seed }, options),
  );
  await layer(
    'Threads that load the addon at once',
    '50 threads with each, three times',
    async (module, options) => {
      for (let i = 0; i < 2; i++) {
        const played = await load({ module, count: 50 }, options);
        if (played.problems.length > 0) return played;
      }
      return load({ module, count: 50 }, options);
    },
  );
  for (const isBinaryShared of [false, true]) {
    const which = isBinaryShared ? 'one binary' : 'a binary each';
    await layer(
      `Two copies in one process, ${which}`,
      '2000 connections within and between them',
      (module, options) =>
        module === ROOT && copies({ count: 500, isBinaryShared }, options),
    );
  }
}

main();
