'use strict';

// Runs the models: tests of what crosses threads, in every order in which the threads
// can take their steps, with the values that the memory model allows.
//
//   node scripts/loom.js [--record] [FILTER]

const { parseArgs } = require('node:util');
const cargo = require('./cargo');
const { record } = require('./reliability-table');

const { positionals, values: given } = parseArgs({
  allowPositionals: true,
  options: { record: { type: 'boolean', default: false } },
});

const env = {
  RUSTFLAGS: '--cfg loom',
  CARGO_TARGET_DIR: 'target/loom',
  // A model runs a hundred thousand times.
  CARGO_PROFILE_DEV_OPT_LEVEL: '2',
};

/** Returns how often each model has run. */
const runsIn = (output) =>
  [...output.matchAll(/^(?:test .*)?model (.+): (\d+) runs$/gm)].map(
    ([, name, runs]) => ({ name, runs: Number(runs) }),
  );

async function main() {
  const filter = positionals[0] ?? 'models::';
  const args = ['test', '--locked', '--lib', '--package', 'rust-net', filter];
  const { code, output, seconds } = await cargo.run(
    'cargo',
    [...args, '--', '--nocapture'],
    { env },
  );
  const models = runsIn(output);
  const sum = models.reduce((all, { runs }) => all + runs, 0);
  const { passed, failed } = cargo.countsOf(output);
  console.log(`${models.length} models in ${sum} orders: ${failed} failed`);
  if (given.record) {
    await record({
      layer: 'Models of what crosses threads (loom)',
      command: 'npm run test:loom',
      counts: `${models.length} models in ${sum} orders; ${seconds} s`,
      seed: 'none: all orders are tried, in the largest those with few switches',
      result: code === 0 ? 'nothing found' : `${failed} failed`,
    });
  }
  process.exitCode = code === 0 && passed > 0 ? 0 : 1;
}

main();
