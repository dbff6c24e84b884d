'use strict';

// Builds a binary as it is published, in the project's folder:
//
//   npm run build:release -- x86_64-unknown-linux-gnu
//
// For Linux zig links it. As zig knows the symbols of every glibc, the binary
// also loads on systems older than the build machine. zig and cargo-zigbuild
// come from PyPI, in the versions that the release workflow names.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { napi } = require('../package.json');

const root = path.resolve(__dirname, '..');
/** The newest glibc that a binary may require; Node 18 itself requires 2.28. */
const glibc = '2.17';
const arches = { aarch64: 'arm64', x86_64: 'x64' };
/** Node's names of systems, where they differ from Rust's. */
const systems = { windows: 'win32' };

/** Returns the file name that lib/handle/binary.js looks for. */
function fileName(target) {
  const [arch, vendor, system, abi] = target.split('-');
  const platform = [systems[system] ?? system, arches[arch]];
  const parts = vendor === 'apple' ? platform : [...platform, abi];
  return `${napi.binaryName}.${parts.join('-')}.node`;
}

function cargoArguments(target) {
  const zigTarget = target.endsWith('-gnu') ? `${target}.${glibc}` : target;
  return [
    ...(target.includes('-linux-')
      ? ['zigbuild', '--target', zigTarget]
      : ['build', '--target', target]),
    ...['--release', '--locked', '--package', 'rust-net'],
    '--message-format=json-render-diagnostics',
  ];
}

/** Builds the library of one target, and returns the path of cargo's output. */
function build(target) {
  const env = { ...process.env };
  // By default Rust links musl statically, which cannot make a shared library.
  if (target.endsWith('-musl')) env.RUSTFLAGS = '-C target-feature=-crt-static';
  const { status, error, stdout } = spawnSync('cargo', cargoArguments(target), {
    cwd: root,
    encoding: 'utf8',
    env,
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw error ?? new Error(`cargo ended with ${status}`);
  const made = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
    .find((message) => message.target?.kind.includes('cdylib'));
  return made.filenames[0];
}

function main() {
  const [target] = process.argv.slice(2);
  if (!napi.targets.includes(target)) {
    console.error(`usage: build-release.js ${napi.targets.join(' | ')}`);
    process.exit(2);
  }
  const library = build(target);
  const file = path.join(root, fileName(target));
  // Create a new file: one that a running process has loaded must not change.
  fs.rmSync(file, { force: true });
  fs.copyFileSync(library, file);
  console.log(`${file}: ${fs.statSync(file).size} bytes`);
}

main();
