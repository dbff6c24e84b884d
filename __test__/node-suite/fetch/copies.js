'use strict';

/**
 * The copies that outlive a clone: one for each release, in a cache folder of
 * the user, for when no archive can be reached.
 *
 * A copy holds only what was unpacked: 5 MB instead of 20, which gzip writes in
 * less than a second.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { run } = require('./command.js');
const { unpack } = require('./unpack.js');

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string} the folder of the copies
 */
function copiesFolder(env = process.env) {
  if (env.NET_SUITE_CACHE) return path.resolve(env.NET_SUITE_CACHE);
  // The XDG specification says to ignore a relative path.
  const given = env.XDG_CACHE_HOME || '';
  const base = path.isAbsolute(given)
    ? given
    : path.join(os.homedir(), '.cache');
  return path.join(base, 'rust-net', 'node-suite');
}

/** @param {string} release */
const nameOf = (release) => `node-${release}.tar.gz`;

/**
 * Keeps a copy of an unpacked suite and replaces an older one. It is written to
 * a temporary name and renamed, so that a reader finds a complete copy or none.
 *
 * @param {string} root of the suite
 * @param {string} release
 * @param {string} folder of the copies
 */
function keepCopy(root, release, folder) {
  fs.mkdirSync(folder, { recursive: true });
  const scratch = fs.mkdtempSync(path.join(folder, 'new-'));
  try {
    const written = path.join(scratch, nameOf(release));
    // Put everything below one folder, as in the tarball that it replaces.
    const { dir, base } = path.parse(root);
    run('tar', ['-czf', written, '-C', dir, base]);
    fs.renameSync(written, path.join(folder, nameOf(release)));
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Unpacks the copy of a release.
 *
 * @param {string} release
 * @param {string} folder of the copies
 * @param {string} target the folder that becomes the suite's root
 */
function useCopy(release, folder, target) {
  const copy = path.join(folder, nameOf(release));
  if (!fs.existsSync(copy)) throw new Error(`it has no ${nameOf(release)}`);
  unpack(copy, target);
}

module.exports = { copiesFolder, keepCopy, useCopy };
