'use strict';

// Hostile processes: small programs that start under odd conditions, over node:net
// and over rust-net. The conditions are flags, variables, descriptors that run out,
// and what a program does to its own modules: see processes/. Both must have the same
// outcome, and a mistyped setting must cause a warning. `hostile.js` plays some of
// them between its calls; this runs them alone:
//
//   node __test__/fuzz/processes.js [--seconds S] [--runs N] [--seed S]
//     [--root FOLDER] [--node PATH] [--show] [--most N]
//
// `--show` prints the conditions of each run, `--most` is how many findings end it.

const { parseArgs } = require('node:util');
const path = require('node:path');
const { Random } = require('./hostile/random');
const { compare } = require('./processes/compare');
const { conditionsOf, featuresOf } = require('./processes/conditions');
const { runProgram } = require('./processes/start');

function print(seed, conditions, findings) {
  console.log(`FOUND: node __test__/fuzz/processes.js --seed ${seed} --runs 1`);
  for (const { what, expected, actual } of findings) {
    console.log(`  ${what}\n    node: ${expected}\n    ours: ${actual}`);
  }
  console.log(`  ${JSON.stringify(conditions)}`);
}

/** Returns the differences that appear in every run. */
async function differences(conditions, { node, root }) {
  const play = async () => {
    const run = { node, root, conditions };
    const expected = await runProgram({ ...run, subject: 'node:net' });
    const actual = await runProgram({ ...run, subject: 'rust-net' });
    return compare(conditions, expected, actual);
  };
  let found = await play();
  // A difference that appears once may be chance.
  for (let again = 0; again < 2 && found.length > 0; again++) {
    const later = (await play()).map(({ what }) => what);
    found = found.filter(({ what }) => later.includes(what));
  }
  return found;
}

/**
 * Plays programs, each from its own seed.
 *
 * @param {{ seed: number, runs: number, seconds: number, most: number, node: string,
 *   root: string, shows?: boolean }} options
 * @returns {Promise<{ runs: number, found: number[] }>} `found`: the seeds that
 *   differ
 */
async function playSome(options) {
  const features = featuresOf(options.node);
  const end = Date.now() + options.seconds * 1000;
  const found = [];
  let runs = 0;
  while (runs < options.runs && Date.now() < end) {
    if (found.length >= options.most) break;
    const seed = options.seed + runs++;
    const conditions = conditionsOf(new Random(seed), features);
    if (options.shows) console.log(seed, JSON.stringify(conditions));
    const findings = await differences(conditions, options);
    if (findings.length === 0) continue;
    print(seed, conditions, findings);
    found.push(seed);
  }
  return { runs, found };
}

function optionsFrom(args) {
  const text = { type: /** @type {const} */ ('string') };
  const flag = { type: /** @type {const} */ ('boolean') };
  const { values } = parseArgs({
    args,
    options: {
      ...{ seconds: text, runs: text, seed: text, most: text },
      ...{ root: text, node: text, show: flag },
    },
  });
  return {
    seconds: Number(values.seconds ?? 60),
    runs: Number(values.runs ?? Infinity),
    seed: Number(values.seed ?? Date.now() % 1_000_000_000),
    most: Number(values.most ?? 20),
    node: values.node ?? process.execPath,
    root: path.resolve(values.root ?? path.join(__dirname, '../..')),
    shows: values.show,
  };
}

async function main() {
  const options = optionsFrom(process.argv.slice(2));
  console.log(`seed ${options.seed}`);
  const { runs, found } = await playSome(options);
  console.log(
    JSON.stringify({
      layer: 'hostile processes',
      date: new Date().toISOString().slice(0, 10),
      node: featuresOf(options.node).version,
      counts: { runs, found: found.length },
      seeds: [options.seed],
      result: found.length === 0 ? 'ok' : 'found',
    }),
  );
  process.exitCode = found.length === 0 ? 0 : 1;
}

module.exports = { playSome };

if (require.main === module) main();
