'use strict';

// Runs the Rust tests under ThreadSanitizer, with std built for it too. A run fails if
// there is a report. The self-check shows that a race is reported.
//
//   node scripts/tsan.js [--record] [--repeat N] [FILTER]...

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const cargo = require('./cargo');
const { record } = require('./reliability-table');

const { positionals: filters, values: given } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '3' },
  },
});

const folder = path.join(cargo.root, 'target', 'tsan');
const heading = 'WARNING: ThreadSanitizer';
const env = {
  RUSTFLAGS: '-Zsanitizer=thread',
  CARGO_TARGET_DIR: folder,
  // That test has one thread and a million inputs.
  PROXY_INPUTS: '10000',
  TSAN_OPTIONS: [
    // Go on after a report, so that one run finds all.
    'halt_on_error=0',
    'exitcode=66',
    `suppressions=${path.join(__dirname, 'tsan', 'suppressions.txt')}`,
    // Says how often each of them was needed.
    'print_suppressions=1',
  ].join(':'),
};

/** @returns {string | undefined} why it cannot run here */
function reasonForNone() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return 'ThreadSanitizer is used on Linux x64 alone';
  }
  if (cargo.hasComponent('rust-src')) return undefined;
  return 'no source of std: rustup component add --toolchain nightly rust-src';
}

/** Throws if a race on purpose is not reported. */
function selfCheck() {
  fs.mkdirSync(folder, { recursive: true });
  const made = path.join(folder, 'race');
  const source = path.join(__dirname, 'tsan', 'race.rs');
  // Its std is the one that comes with rustc, without ThreadSanitizer.
  const mixed = '-Cunsafe-allow-abi-mismatch=sanitizer';
  const own = ['+nightly', '-Zsanitizer=thread', mixed];
  const args = [...own, '-o', made, source];
  const options = { encoding: 'utf8', env: { ...process.env, ...env } };
  const built = spawnSync('rustc', args, options);
  const { stderr = '' } = built.status === 0 ? spawnSync(made, options) : built;
  if (!stderr.includes(`${heading}: data race`)) {
    throw new Error(`a race on purpose is not reported: ${stderr}`);
  }
  console.log('a race on purpose is reported');
}

async function runTests() {
  const args = ['+nightly', 'test', '-Zbuild-std', '--target', cargo.target];
  const result = await cargo.run(
    'cargo',
    [...args, '--lib', '--package', 'rust-net', '--', ...filters],
    { env },
  );
  const reports = result.output.split(heading).length - 1;
  return { ...result, ...cargo.countsOf(result.output), reports };
}

async function main() {
  const reason = reasonForNone();
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 2;
    return;
  }
  selfCheck();
  const results = [];
  for (let left = Number(given.repeat); left > 0; left--) {
    results.push(await runTests());
  }
  const sum = (name) => results.reduce((all, result) => all + result[name], 0);
  const [passed, failed, reports] = ['passed', 'failed', 'reports'].map(sum);
  console.log(`${passed} passed, ${failed} failed, ${reports} reports`);
  const isOk = results.every(({ code }) => code === 0) && passed > 0;
  if (given.record) {
    await record({
      layer: 'ThreadSanitizer over the Rust tests',
      command: 'npm run test:tsan',
      counts:
        `${results[0].passed} tests ${results.length} times, with std built for it; ` +
        `Tokio's hand-over of a socket's state through epoll left out; ` +
        `nightly ${cargo.toolchain('nightly')}; ${sum('seconds')} s`,
      seed: 'none',
      result: isOk ? 'no report' : `${reports} reports; ${failed} failed`,
    });
  }
  process.exitCode = isOk && reports === 0 ? 0 : 1;
}

main();
