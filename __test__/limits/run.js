'use strict';

/*
 * Runs rust-net at the limits of the system, with node:net beside.
 *
 *   node __test__/limits/run.js [--only CASE] [--driver D] [--short] [--record]
 */

const { parseArgs } = require('node:util');
const { record } = require('../../scripts/reliability-table');
const { cases, playCase, reasonToSkip } = require('./play');

const text = { type: /** @type {const} */ ('string') };
const flag = { type: /** @type {const} */ ('boolean') };
const { values: given } = parseArgs({
  options: { only: text, driver: text, short: flag, record: flag },
});
const isShort = given.short === true;
const drivers = given.driver ? [given.driver] : ['on-loop', 'threaded'];

async function playAndRecord(name) {
  const start = performance.now();
  const { title, lines, problems } = await playCase(name, { isShort, drivers });
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(`Limits: ${title}, ${seconds} s`);
  for (const line of lines) console.log(`  ${line}`);
  for (const problem of problems) console.log(`  FOUND ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  if (!given.record) return;
  await record({
    layer: `Limits: ${title}`,
    command: `npm run test:limits -- ${process.argv.slice(2).join(' ')}`,
    counts: `${lines.join('; ')}; ${seconds} s`,
    seed: 'none: all are tried',
    result:
      problems.length === 0 ? 'nothing found' : `${problems.length} found`,
  });
}

async function main() {
  for (const name of given.only ? [given.only] : Object.keys(cases)) {
    const reason = reasonToSkip(name);
    if (reason === undefined) await playAndRecord(name);
    else console.log(`skipped ${name}: ${reason}`);
  }
}

main();
