'use strict';

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Returns the commit of the measured module, where it is in a repository. */
function commitOf(folder) {
  const git = (line) =>
    spawnSync('git', line.split(' '), { cwd: folder, encoding: 'utf8' }).stdout;
  const commit = git('rev-parse --short HEAD')?.trim();
  if (!commit) return null;
  // Changed results and pages do not change what is measured.
  const changed = git('status --porcelain -- src lib Cargo.toml')?.trim();
  return changed ? `${commit} and changes` : commit;
}

/** Returns what a program prints for its version. */
const versionOf = (file) =>
  execFileSync(file, ['--version'], { encoding: 'utf8' })
    .split('\n')[0]
    .replace(/^deno |\s*\(.*$/g, '')
    .trim();

/**
 * Describes what the figures were measured on.
 *
 * @param {any} options of the run
 */
function describe(options) {
  const cpus = os.cpus();
  // Without this the report looks up the names of this machine's addresses.
  process.report.excludeNetwork = true;
  const { glibcVersionRuntime: glibc } = /** @type {any} */ (
    process.report.getReport()
  ).header;
  return {
    node: versionOf(options.node),
    peers: Object.fromEntries(
      Object.entries(options.peers).map(([name, file]) => [
        name,
        versionOf(file),
      ]),
    ),
    commit: commitOf(options.module),
    version: JSON.parse(
      fs.readFileSync(path.join(options.module, 'package.json'), 'utf8'),
    ).version,
    system: `${os.type()} ${os.release()} ${os.arch()}, glibc ${glibc ?? '-'}`,
    machine: `${cpus.length} CPUs (${cpus[0].model.trim()}), ${Math.round(os.totalmem() / 2 ** 30)} GB`,
    loadBefore: Number(os.loadavg()[0].toFixed(2)),
    rounds: options.rounds,
    scale: options.scale,
    started: new Date().toISOString(),
  };
}

module.exports = { describe };
