'use strict';

// Runs cargo for the runners that check the Rust tests by other means, and reads its output.

const { spawn, spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const target = 'x86_64-unknown-linux-gnu';

/**
 * Runs a command, prints what it says, and resolves with that.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: object }} [options] `env` is added to the environment
 * @returns {Promise<{ code: number | null, output: string, seconds: number }>}
 */
function run(command, args, { env = {} } = {}) {
  const start = Date.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding('utf8').on('data', (text) => {
        output += text;
        to.write(text);
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      const passed = Math.round((Date.now() - start) / 1000);
      resolve({ code, output, seconds: passed });
    });
  });
}

/** Returns the counts of all test programs in an output of `cargo test`. */
function countsOf(output) {
  const counts = { passed: 0, failed: 0, ignored: 0, 'filtered out': 0 };
  for (const [line] of output.matchAll(/^test result: .*$/gm)) {
    for (const name of Object.keys(counts)) {
      counts[name] += Number(new RegExp(`(\\d+) ${name}`).exec(line)?.[1] ?? 0);
    }
  }
  return counts;
}

/** Returns the release of a toolchain as its rustc prints it; undefined without it. */
function toolchain(name) {
  const args = [`+${name}`, '--version', '--verbose'];
  const { status, stdout } = spawnSync('rustc', args, { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const field = (key) => new RegExp(`^${key}: (.*)$`, 'm').exec(stdout)?.[1];
  return `${field('release')} of ${field('commit-date')}`;
}

/** Returns true if the component is installed in the nightly toolchain. */
function hasComponent(name) {
  const args = ['component', 'list', '--toolchain', 'nightly', '--installed'];
  const { status, stdout } = spawnSync('rustup', args, { encoding: 'utf8' });
  return status === 0 && stdout.split('\n').some((line) => line.includes(name));
}

module.exports = { countsOf, hasComponent, root, run, target, toolchain };
