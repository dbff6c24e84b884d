'use strict';

// Loads the addon, or explains why it cannot be loaded.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { candidates, loadBinary } = require('../lib/handle/binary');
const { explain } = require('../lib/handle/binary-failure');

const root = path.resolve(__dirname, '..');

/** Lists the binaries for this platform, and those in this package for others. */
function binaries() {
  const beside = fs
    .readdirSync(root)
    .filter((name) => /^rust-net\..*\.node$/.test(name))
    .map((name) => path.join(root, name));
  return [
    ...new Set([...[...candidates()].map(({ file }) => file), ...beside]),
  ];
}

/**
 * Loads the binary in a child process. Returns the signal that ended the child, or
 * null: a truncated file can crash the process that loads it.
 */
function fatalSignal() {
  const loader = JSON.stringify(require.resolve('../lib/handle/binary'));
  const program = `require(${loader}).loadBinary()`;
  const options = /** @type {const} */ ({ stdio: 'ignore' });
  return spawnSync(process.execPath, ['-e', program], options).signal;
}

/** Returns the file of the loaded addon, which node keeps in the module cache. */
function loadedBinary() {
  return Object.keys(require.cache).find((name) => name.endsWith('.node'));
}

/**
 * Loads the addon. Tries it in a child process first, which may crash.
 *
 * @returns {{ file: string | undefined } | { reason: string, details: string[], files: string[] }}
 *   the loaded file; or an explanation and the candidate files
 */
function loadAddon() {
  const signal = fatalSignal();
  if (signal !== null) {
    const reason =
      `The binary is damaged: loading it kills the process (${signal}). ` +
      'Reinstall rust-net.';
    return { reason, details: [], files: binaries() };
  }
  try {
    loadBinary();
    return { file: loadedBinary() };
  } catch (error) {
    return { ...explain(error), files: binaries() };
  }
}

module.exports = { loadAddon };
