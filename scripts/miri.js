'use strict';

// Runs the Rust tests under Miri, which interprets them and checks every access to
// memory, every value and every lock against Rust's rules.
//
//   node scripts/miri.js [--record] [--seeds N] [FILTER]...
//
// A filter is a part of the names of tests. With seeds, each test runs so often, with
// another order of its threads and other addresses.

const { parseArgs } = require('node:util');
const cargo = require('./cargo');
const { record } = require('./reliability-table');

/** Modules whose tests need what Miri does not have: sockets and epoll. */
const others = [
  'env::core::acceptor::',
  'env::core::deferred_writes::',
  'env::core::handles::',
  'env::core::tests::',
  'net::handle::',
  'runtime::accept_thread::',
  'runtime::on_loop::',
  'runtime::tests::',
  'stream::relay::',
  'stream::sender::',
  'stream::shutdown::',
  'stream::writer::',
  'sys::unix::passing::',
  'sys::unix::path::',
  'sys::unix::takeover::',
];

const { positionals: filters, values: given } = parseArgs({
  allowPositionals: true,
  options: {
    record: { type: 'boolean', default: false },
    seeds: { type: 'string', default: '1' },
  },
});

async function main() {
  if (!cargo.hasComponent('miri')) {
    console.error('no Miri: rustup component add --toolchain nightly miri');
    process.exitCode = 2;
    return;
  }
  const seeds = Number(given.seeds);
  const left = others.flatMap((name) => ['--skip', name]);
  const args = ['+nightly', 'miri', 'test', '--lib', '--package', 'rust-net'];
  const env = {
    CARGO_TARGET_DIR: 'target/miri',
    // The time of the tests is that of the machine's clock.
    MIRIFLAGS: [
      '-Zmiri-disable-isolation',
      ...(seeds > 1 ? [`-Zmiri-many-seeds=0..${seeds}`] : []),
    ].join(' '),
  };
  const { code, output, seconds } = await cargo.run(
    'cargo',
    [...args, '--', ...filters, ...left],
    { env },
  );
  const counts = cargo.countsOf(output);
  console.log(`${counts.passed} passed, ${counts.failed} failed under Miri`);
  if (given.record) {
    await record({
      layer: 'Miri',
      command: 'npm run test:miri',
      counts:
        `${counts.passed} Rust tests, ${counts.ignored} left out by name and ` +
        `${counts['filtered out']} in ${others.length} modules of sockets; ` +
        `nightly ${cargo.toolchain('nightly')}; ${seconds} s`,
      seed: seeds > 1 ? `0 to ${seeds - 1}` : '0',
      result: code === 0 ? 'nothing found' : `${counts.failed} failed`,
    });
  }
  process.exitCode = code === 0 && counts.passed > 0 ? 0 : 1;
}

main();
