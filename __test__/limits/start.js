'use strict';

/*
 * Runs a program of this folder under a limit, on node:net or on rust-net, and says
 * how it ended.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');

const MODULE = path.resolve(__dirname, '../..');

/**
 * @typedef {object} Subject
 * @property {string} name
 * @property {string} module
 * @property {string} [driver]
 */

/** Returns node:net, and rust-net with each of the drivers. */
function subjects(drivers) {
  return {
    node: { name: 'node:net', module: 'node:net' },
    ours: drivers.map((driver) => ({
      ...{ name: `rust-net, ${driver}`, module: MODULE, driver },
    })),
  };
}

/** Returns the command line of a program. */
function commandOf(program, job, { module }) {
  const file = path.join(__dirname, 'programs', `${program}.js`);
  return [process.execPath, file, JSON.stringify({ ...job, module })];
}

/** Starts a program; `wrapper` is the beginning of its command line. */
function start(program, job, subject, { wrapper = [], stdin = 'ignore' } = {}) {
  const [command, ...args] = [...wrapper, ...commandOf(program, job, subject)];
  return spawn(command, args, {
    env: { ...process.env, RUST_NET_DRIVER: subject.driver },
    stdio: [/** @type {any} */ (stdin), 'pipe', 'pipe'],
    detached: true,
  });
}

/**
 * Runs a program to its end.
 *
 * @returns {Promise<{ end: string, result?: any, stderr: string }>} `end` is 'well'
 *   if it printed a result and left with code 0
 */
async function run(program, job, subject, { wrapper, limit = 15_000 } = {}) {
  const child = start(program, job, subject, { wrapper });
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output)) {
    child[name].on('data', (text) => (output[name] += text));
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    process.kill(-child.pid, 'SIGKILL');
  }, limit);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  const { stdout, stderr } = output;
  if (isLate) return { end: 'hangs', stderr };
  if (/panicked|memory allocation of/.test(stderr)) {
    return { end: 'dies in Rust', stderr };
  }
  // A wrapper leaves with 128 and the signal that ended its child.
  if (signal || code > 128) {
    return { end: signal ?? `signal ${code - 128}`, stderr };
  }
  if (code !== 0 || stdout === '') return { end: `code ${code}`, stderr };
  return { end: 'well', result: JSON.parse(stdout), stderr };
}

module.exports = { run, start, subjects };
