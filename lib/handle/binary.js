'use strict';

/*
 * Where the addon's binary is: the file that RUST_NET_BINARY names; else beside
 * this package, where it was built from source; else in the package of the
 * platform, which the package manager has chosen by what it knows of the machine.
 */

const fs = require('fs');
const path = require('path');

const { binaryPath } = require('../common/settings');

const root = path.resolve(__dirname, '../..');

/** What is built and published, by `process.platform` and `process.arch`. */
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
 * Those of a platform, the likelier one first: a package manager that knows of no
 * C libraries installs both for Linux.
 */
function likeliestFirst() {
  return isMusl() ? [...suitable].reverse() : suitable;
}

function isMusl() {
  const arch = { arm64: 'aarch64', x64: 'x86_64' }[process.arch];
  try {
    return fs.existsSync(`/lib/ld-musl-${arch}.so.1`);
  } catch {
    // Node's permission model lets nobody look there, without --allow-fs-read.
    return false;
  }
}

function inSources(build) {
  const file = path.join(root, `rust-net.${build}.node`);
  return fs.existsSync(file) ? { file, owner: undefined } : undefined;
}

/** What was built on a platform that nothing is published for. */
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
    // It is there, and the permission model lets nobody read it.
    if (error.code === 'ERR_ACCESS_DENIED') throw error;
    return undefined;
  }
}

/**
 * What there is, the likeliest first; a generator, as the first will do.
 *
 * @returns {Generator<{ file: string, owner: string | undefined }>} a binary, and
 *   the manifest of the package that it came with
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

function missing() {
  const known = Object.values(builds).flat().join(', ');
  const text =
    suitable.length === 0
      ? `rust-net has no binary for ${platform}, only for ${known}. ${howToBuild}`
      : `rust-net has no binary for ${platform}: ` +
        `${suitable.map((build) => `rust-net-${build}`).join(' or ')} is ` +
        'not installed. Install again with optional dependencies, and without ' +
        'a lock file or node_modules from another machine. ' +
        howToBuild;
  return Object.assign(new Error(text), { code: 'MODULE_NOT_FOUND' });
}

/**
 * Looks whether there is a binary at all, without loading it.
 *
 * @throws {Error} in plain words, where there is none; its `code` is
 *   MODULE_NOT_FOUND
 */
function expectBinary() {
  if (candidates().next().done) throw missing();
}

// The two halves talk by positions and numbers of their own.
function checkVersion(owner) {
  const { name, version: theirs } = require(owner);
  const { version: ours } = require('../../package.json');
  if (theirs === ours) return;
  throw new Error(
    `${name} has version ${theirs}, and rust-net has ${ours}. Reinstall both.`,
  );
}

// What is cut short may end the process that loads it. More is no damage: a
// signature may have been added.
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
 * Loads the first binary that the system takes: of the two for Linux, where
 * both are installed, the one for the other C library is refused.
 *
 * @returns {typeof import('../../binding')}
 * @throws {Error} why the likeliest was not taken: the `cause` has the system's
 *   own words
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
