'use strict';

// Builds the addon with AddressSanitizer, and proves that it is instrumented.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const folder = path.join(root, 'target', 'asan');
const target = 'x86_64-unknown-linux-gnu';
const binary = path.join(folder, 'rust-net.node');

/** Symbols that instrumented loads and stores call. */
const symbols = ['__asan_init', '__asan_report_load', '__asan_report_store'];

/** A profile with line numbers in the reports, and inlining as in a release. */
const profile = {
  CARGO_PROFILE_RELEASE_STRIP: 'none',
  CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
};

/** The options of AddressSanitizer, each with its reason. */
const asanOptions = {
  // V8 does not free its memory when the process ends.
  detect_leaks: 0,
  // Results after an error would prove nothing.
  halt_on_error: 1,
  abort_on_error: 0,
  exitcode: 99,
  // Node has its own handler, for WebAssembly.
  allow_user_segv_handler: 1,
};

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    cwd: root,
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}`);
}

/** @returns {string | undefined} why it cannot be built here */
function reasonForNone() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return 'AddressSanitizer is used on Linux x64 alone';
  }
  const { status } = spawnSync('cargo', ['+nightly', '--version']);
  if (status !== 0) {
    return 'no nightly Rust: rustup toolchain install nightly --profile minimal';
  }
  return fs.existsSync(runtime()) ? undefined : 'no libasan: install gcc';
}

/** @returns {string} gcc's library, which node is started with */
function runtime() {
  const { stdout } = spawnSync('gcc', ['-print-file-name=libasan.so'], {
    encoding: 'utf8',
  });
  return path.resolve('/', stdout?.trim() || 'none');
}

/** @returns {string} the addon's file */
function build() {
  const args = ['+nightly', 'build', '--package', 'rust-net', '--release'];
  run('cargo', [...args, '--target', target, '--target-dir', folder], {
    env: { ...process.env, ...profile, RUSTFLAGS: '-Zsanitizer=address' },
  });
  const made = path.join(folder, target, 'release', 'librust_net.so');
  fs.copyFileSync(made, binary);
  const content = fs.readFileSync(binary);
  for (const symbol of symbols) {
    if (!content.includes(symbol)) throw new Error(`${symbol} is not in it`);
  }
  return binary;
}

/** @returns {string} the addon of the self-check */
function buildPoison() {
  const made = path.join(folder, 'poison.node');
  const source = path.join(root, '__test__/helpers/poison.c');
  run('gcc', ['-shared', '-fPIC', '-O1', '-o', made, source]);
  return made;
}

/**
 * Returns the environment of a process that writes its reports to files named
 * `log`.
 */
function environment(log) {
  const options = Object.entries({ ...asanOptions, log_path: log });
  return {
    ...process.env,
    ASAN_OPTIONS: options.map((pair) => pair.join('=')).join(':'),
    LD_PRELOAD: runtime(),
    RUST_NET_BINARY: binary,
  };
}

module.exports = {
  build,
  buildPoison,
  environment,
  folder,
  reasonForNone,
  root,
};
