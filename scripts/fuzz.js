'use strict';

// Fuzzes the parsers with the properties of fuzz/src. libFuzzer (cargo-fuzz, a nightly
// Rust) grows a copy of the corpus by coverage, under AddressSanitizer. Without it, or
// with --stable, the corpus is changed at random by a seed.
//
//   node scripts/fuzz.js [--group NAME]... [--inputs N] [--seconds S] [--seed S]
//     [--stable] [--minimize] [--record]
//
// Each target gets its share of N inputs, and ends after S seconds at the latest. A
// finding is printed with its file. `cargo run -p rust-net-fuzz --bin TARGET FILE`
// repeats it. What JavaScript parses (CIDR, JSON, "address:port") is fuzzed against
// node:net by __test__/fuzz/address.js, a tenth of N inputs; --node names the Node.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const cargo = require('./cargo');
const { record } = require('./reliability-table');

const JAVASCRIPT = 'address.js';
/** The targets by what they are about, each with its share of the inputs in percent. */
const groups = {
  'addresses and rules': {
    address: 70,
    subnet: 29,
    block_list: 0.9,
    spans: 0.1,
  },
  'PROXY headers': { proxy_read: 60, proxy_write: 40 },
  JavaScript: { [JAVASCRIPT]: 10 },
};

const { values: given } = parseArgs({
  options: {
    group: { type: 'string', multiple: true, default: Object.keys(groups) },
    inputs: { type: 'string', default: '200000' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String((Date.now() % 2 ** 31) + 1) },
    stable: { type: 'boolean', default: false },
    minimize: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    record: { type: 'boolean', default: false },
  },
});

const corpus = path.join(cargo.root, 'fuzz', 'corpus');
const folder = path.join(cargo.root, 'target', 'fuzz');
/** The lines of a report need symbols, and nothing here needs to be small. */
const profile = {
  CARGO_PROFILE_RELEASE_STRIP: 'none',
  CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
};
const tools = path.join(cargo.root, '.cache', 'tools', 'bin');
const env = { ...profile, PATH: `${process.env.PATH}:${tools}` };

function hasCargoFuzz() {
  const options = { env: { ...process.env, ...env } };
  const asked = ['fuzz', '--version'];
  const isThere = spawnSync('cargo', asked, options).status === 0;
  return isThere && cargo.toolchain('nightly') !== undefined;
}

/** Copies the corpus of a target to where libFuzzer adds to it. */
function growing(target) {
  const to = path.join(folder, 'corpus', target);
  fs.mkdirSync(to, { recursive: true });
  fs.cpSync(path.join(corpus, target), to, { recursive: true });
  return to;
}

/** Runs one target under libFuzzer. */
async function fuzz(target, inputs) {
  const own = ['+nightly', 'fuzz', 'run', '--fuzz-dir', 'fuzz'];
  const args = [...own, '--target-dir', folder, target, growing(target), '--'];
  const limits = [`-runs=${inputs}`, `-max_total_time=${given.seconds}`];
  const others = [`-seed=${given.seed}`, '-max_len=4600', '-timeout=10'];
  const { code, output } = await cargo.run(
    'cargo',
    [...args, ...limits, ...others, '-print_final_stats=1'],
    { env },
  );
  const done = /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1];
  const edges = [...output.matchAll(/ cov: (\d+) /g)].pop()?.[1];
  return { target, isOk: code === 0, done: Number(done ?? 0), edges };
}

/** Runs one target with random changes of the corpus. */
async function change(target, inputs) {
  const args = ['test', '--release', '-p', 'rust-net-fuzz', target];
  const { code } = await cargo.run('cargo', [...args, '--', '--exact'], {
    env: {
      ...profile,
      CARGO_TARGET_DIR: path.join(folder, 'stable'),
      FUZZ_INPUTS: String(inputs),
      FUZZ_SEED: given.seed,
    },
  });
  return { target, isOk: code === 0, done: inputs };
}

/** Gives random addresses and rules to node:net and rust-net. */
async function compare(target, inputs) {
  const args = [`__test__/fuzz/${target}`, String(inputs), given.seed];
  const { code } = await cargo.run(given.node, args);
  return { target, isOk: code === 0, done: 2 * inputs };
}

/** Replaces the corpus by the fewest inputs that reach what the grown one does. */
async function minimize(target) {
  const from = growing(target);
  const own = ['+nightly', 'fuzz', 'cmin', '--fuzz-dir', 'fuzz'];
  const args = [...own, '--target-dir', folder, target, from];
  const { code } = await cargo.run('cargo', args, { env });
  if (code !== 0) throw new Error(`${target}: ${code}`);
  fs.rmSync(path.join(corpus, target), { recursive: true });
  fs.cpSync(from, path.join(corpus, target), { recursive: true });
}

function versionOf(node) {
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

/** Writes the row of docs/reliability.md. */
async function recordGroup(name, results, isGuided) {
  const each = results.map(({ target, done, edges }) =>
    edges ? `${target} ${done} (${edges} edges)` : `${target} ${done}`,
  );
  const sum = results.reduce((all, { done }) => all + done, 0);
  const failed = results.filter(({ isOk }) => !isOk);
  const isStable = !isGuided && name !== 'JavaScript';
  let how = 'random changes of the corpus, without coverage';
  if (name === 'JavaScript') {
    how = `against node:net of ${versionOf(given.node)}`;
  } else if (isGuided) {
    how = `libFuzzer with AddressSanitizer, nightly ${cargo.toolchain('nightly')}`;
  }
  await record({
    layer: `Fuzzing${isStable ? ' on stable Rust' : ''}: ${name}`,
    command: `npm run test:fuzz --${isStable ? ' --stable' : ''} --record`,
    counts: `${sum} inputs: ${each.join(', ')}; ${how}`,
    seed: given.seed,
    result: failed.length === 0 ? 'nothing found' : `${failed.length} failed`,
  });
}

async function main() {
  const isGuided = !given.stable && hasCargoFuzz();
  if (!isGuided && !given.stable) {
    console.log(
      'no cargo-fuzz: random changes of the corpus, without coverage',
    );
    console.log('(cargo install cargo-fuzz --locked, and a nightly Rust)');
  }
  console.log(`seed ${given.seed}`);
  let failed = 0;
  for (const name of given.group) {
    const results = [];
    for (const [target, share] of Object.entries(groups[name])) {
      const inputs = Math.round((Number(given.inputs) * share) / 100);
      const own = isGuided ? fuzz : change;
      const run = target === JAVASCRIPT ? compare : own;
      results.push(await run(target, inputs));
      if (given.minimize && run === fuzz) await minimize(target);
    }
    for (const { target, isOk, done } of results) {
      console.log(`${isOk ? 'ok  ' : 'FAIL'} ${target}: ${done} inputs`);
    }
    failed += results.filter(({ isOk }) => !isOk).length;
    if (given.record) await recordGroup(name, results, isGuided);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
