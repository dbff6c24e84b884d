'use strict';

/*
 * Finds and loads the addon's binary. It is the file that RUST_NET_BINARY names,
 * or a file in this package if it was built from source. Otherwise it is in the
 * package of the platform, which the package manager has chosen.
 */

const fs = require('fs');
const path = require('path');

const { binaryPath } = require('../common/settings');

const root = path.resolve(__dirname, '../..');

/** The published builds, by `process.platform` and `process.arch`. */
const builds = {
  'darwin arm64': ['darwin-arm64'],
  'darwin x64': ['darwin-x64'],
  'linux arm64': ['linux-arm64-gnu', 'linux-arm64-musl'],
  'linux x64': ['linux-x64-gnu', 'linux-x64-musl'],
  'win32 arm64': ['win32-arm64-msvc'],
  'win32 x64': ['win32-x64-msvc'],
};

const howToBuild =
  'To build one, install Rust (https://rustup.rs) and run `npm ci` and ' +
  '`npm run build` in a clone of the project.';

const platform = `${process.platform} ${process.arch}`;
const suitable = builds[platform] ?? [];

/**
 * Returns the builds for this platform, the likelier first. On Linux, a package
 * manager that does not distinguish C libraries installs both.
 */
function likeliestFirst() {
  return isMusl() ? [...suitable].reverse() : suitable;
}

function isMusl() {
  const arch = { arm64: 'aarch64', x64: 'x86_64' }[process.arch];
  try {
    return fs.existsSync(`/lib/ld-musl-${arch}.so.1`);
  } catch {
    // Node's permission model forbids this without --allow-fs-read.
    return false;
  }
}

function inSources(build) {
  const file = path.join(root, `rust-net.${build}.node`);
  return fs.existsSync(file) ? { file, owner: undefined } : undefined;
}

/** Finds a local build on a platform for which nothing is published. */
function unpublished() {
  const start = `rust-net.${process.platform}-${process.arch}`;
  return fs
    .readdirSync(root)
    .filter((name) => name.startsWith(start) && name.endsWith('.node'))
    .map((name) => ({ file: path.join(root, name), owner: undefined }));
}

function inPackage(build) {
  const file = `rust-net-${build}/rust-net.${build}.node`;
  try {
    const resolved = require.resolve(file);
    const owner = path.join(path.dirname(resolved), 'package.json');
    return { file: resolved, owner };
  } catch (error) {
    // The file exists, but the permission model forbids reading it.
    if (error.code === 'ERR_ACCESS_DENIED') throw error;
    return undefined;
  }
}

/**
 * Yields the binaries that exist, the likeliest first. It is a generator because
 * usually only the first is needed.
 *
 * @returns {Generator<{ file: string, owner: string | undefined }>} `owner` is
 *   the manifest of the package that contains the file, if it is not this one
 */
function* candidates() {
  const named = binaryPath();
  if (named) {
    yield { file: path.resolve(named), owner: undefined };
    return;
  }
  const names = likeliestFirst();
  for (const find of [inSources, inPackage]) {
    for (const build of names) {
      const found = find(build);
      if (found !== undefined) yield found;
    }
  }
  if (names.length === 0) yield* unpublished();
}

const howToBundle =
  "rust-net's binary is not beside its files: a bundler has put them into another " +
  'file. Name rust-net as external, and install it where the bundle runs ' +
  '(esbuild: `--external:rust-net`; webpack: `externals: { "rust-net": "commonjs ' +
  'rust-net" }`; rollup: `external: ["rust-net"]`).';

// A bundler replaces `__filename`, or this file has become part of another one.
const isBundled = path.basename(__filename) !== 'binary.js';

function missing() {
  const text = isBundled ? howToBundle : whyMissing();
  return Object.assign(new Error(text), { code: 'MODULE_NOT_FOUND' });
}

function whyMissing() {
  const known = Object.values(builds).flat().join(', ');
  return suitable.length === 0
    ? `rust-net has no binary for ${platform}, only for ${known}. ${howToBuild}`
    : `rust-net has no binary for ${platform}: ` +
        `${suitable.map((build) => `rust-net-${build}`).join(' or ')} is ` +
        'not installed. Install again with optional dependencies, and without ' +
        'a lock file or node_modules from another machine. ' +
        howToBuild;
}

/**
 * Checks that a binary exists, without loading it.
 *
 * @throws {Error} MODULE_NOT_FOUND if none exists; the message says what to do
 */
function expectBinary() {
  if (candidates().next().done) throw missing();
}

// Throws unless both packages have the same version: JavaScript and the addon
// share memory layouts and numbers that differ by version.
function checkVersion(owner) {
  const { name, version: packageVersion } = require(owner);
  const { version: ownVersion } = require('../../package.json');
  if (packageVersion === ownVersion) return;
  throw new Error(
    `${name} has version ${packageVersion}, and rust-net has ${ownVersion}. ` +
      'Reinstall both.',
  );
}

// Throws for a truncated file, which could crash the process that loads it. A
// larger file is fine: a signature may have been added.
function checkSize(file, owner) {
  const { name, binarySize } = require(owner);
  const { size } = fs.statSync(file);
  if (binarySize === undefined || size >= binarySize) return;
  throw new Error(
    `${file} is damaged: it has ${size} bytes, and the published ${name} has ` +
      `${binarySize}. Reinstall it.`,
  );
}

function load({ file, owner }) {
  if (owner !== undefined) {
    checkVersion(owner);
    checkSize(file, owner);
  }
  try {
    return require(file);
  } catch (cause) {
    throw new Error(
      `rust-net cannot load ${file}: ${cause.message}\n` +
        '`npx rust-net doctor` explains this.',
      { cause },
    );
  }
}

/**
 * Loads the first binary that the system accepts. If both builds for Linux are
 * installed, the system rejects the one for the other C library.
 *
 * @returns {typeof import('../../binding')}
 * @throws {Error} why the likeliest binary was rejected; the `cause` is the
 *   system's error
 */
function loadBinary() {
  let refusal = missing();
  let isFirst = true;
  for (const candidate of candidates()) {
    try {
      return load(candidate);
    } catch (error) {
      if (isFirst) refusal = error;
      isFirst = false;
    }
  }
  throw refusal;
}

module.exports = { builds, candidates, expectBinary, loadBinary };
