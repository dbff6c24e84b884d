'use strict';

const { spawnSync } = require('node:child_process');

/**
 * Shortens a program's error output to one line; apt marks its errors with
 * `E:`.
 *
 * @param {string} stderr
 * @returns {string} one line
 */
function reasonIn(stderr) {
  const lines = stderr.split('\n').map((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith('E: '));
  const said = errors.length > 0 ? errors : lines.filter(Boolean).slice(-3);
  return said.map((line) => line.replace(/^E: /, '')).join(' | ');
}

/**
 * Runs a program and waits for its end.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @returns {string} what it printed
 * @throws {Error} with the program's own reason, in one line
 */
function run(command, args, cwd) {
  const { error, status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (/** @type {NodeJS.ErrnoException} */ (error)?.code === 'ENOENT') {
    throw new Error(`${command} is not on this machine`);
  }
  if (error) throw error;
  if (status === 0) return stdout;
  throw new Error(
    reasonIn(stderr) || `${command} ended by ${signal ?? status}`,
  );
}

module.exports = { run };
