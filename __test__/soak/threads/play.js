'use strict';

/*
 * Runs the programs of this folder, each in a process of its own, and says what is
 * wrong with their results.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const ROOT = path.resolve(__dirname, '../../..');
/** What the package consists of, besides its binary. */
const FOLDERS = ['lib'];

/** Runs a program; resolves with what it printed and what is wrong. */
async function run(name, job, { driver, limit = 120_000 }) {
  const file = path.join(__dirname, `${name}.js`);
  const child = spawn(
    process.execPath,
    ['--expose-gc', file, JSON.stringify(job)],
    {
      env: { ...process.env, RUST_NET_DRIVER: driver },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const output = { stdout: '', stderr: '' };
  for (const stream of Object.keys(output)) {
    child[stream].on('data', (text) => (output[stream] += text));
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), limit);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  const problems = [];
  if (code !== 0) problems.push(`ended with ${signal ?? code}`);
  if (output.stderr) problems.push(output.stderr.slice(0, 2000));
  const result = output.stdout ? JSON.parse(output.stdout) : undefined;
  return { problems, result };
}

/**
 * Terminates threads at random moments.
 *
 * @param {{ module: string, count: number, seed: number }} job
 * @param {{ driver: string, limit?: number }} options
 */
async function terminate(job, options) {
  const { problems, result } = await run('terminate', job, options);
  if (!result) return { problems };
  problems.push(...result.problems.slice(0, 5));
  const { first, last, steady } = result;
  for (const name of ['descriptors', 'threads']) {
    if (first[name] === last[name]) continue;
    problems.push(`${name}: ${first[name]}, then ${last[name]}`);
  }
  if (steady.problem) problems.push(`beside them: ${steady.problem}`);
  if (steady.bytes === 0) problems.push('nothing came beside them');
  return { problems, result };
}

/** Has threads load the module at the same moment. */
async function load(job, options) {
  const { problems, result } = await run('load', job, options);
  if (result && result.well !== job.count) problems.push(`${result.well} well`);
  return { problems, result };
}

/** Copies the package to a folder, and returns the name to require. */
function copyTo(folder, withBinary) {
  const copy = path.join(folder, 'rust-net');
  fs.mkdirSync(copy, { recursive: true });
  const files = fs.readdirSync(ROOT).filter((name) => {
    if (name === 'eslint.config.js') return false;
    if (name.endsWith('.node')) return withBinary;
    return /\.js$|^package\.json$/.test(name);
  });
  for (const name of [...files, ...FOLDERS]) {
    fs.cpSync(path.join(ROOT, name), path.join(copy, name), {
      recursive: true,
    });
  }
  return copy;
}

/**
 * Runs two copies of the package in one process. With `isBinaryShared` they load one
 * file, as two copies of the JavaScript do that a bundler or a test runner has made.
 */
async function copies({ count, isBinaryShared }, options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-copies-'));
  try {
    const second = copyTo(folder, !isBinaryShared);
    if (isBinaryShared) linkBinary(second);
    const job = { copies: [ROOT, second], count };
    const { problems, result } = await run('copies', job, options);
    if (result) problems.push(...countsWrong(result, count));
    return { problems, result };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** Links to the binary of the project: node loads the file that a link leads to. */
function linkBinary(copy) {
  const { candidates } = require('../../../lib/handle/binary');
  const { file } = candidates().next().value;
  fs.symlinkSync(file, path.join(copy, path.basename(file)));
}

/** Compares what each copy has counted with what was done on it. */
function countsWrong({ isApart, counts }, count) {
  const SIZE = 5000;
  // A connection of each copy to the other, one within the first, and one from the
  // second through a relay between the two.
  const expected = [
    { accepted: 3, connected: 2, bytesRead: 5, bytesWritten: 5 },
    { accepted: 2, connected: 3, bytesRead: 5, bytesWritten: 5 },
  ].map((each) => ({
    accepted: each.accepted * count,
    connected: each.connected * count,
    bytesRead: each.bytesRead * count * SIZE,
    bytesWritten: each.bytesWritten * count * SIZE,
    sockets: 0,
  }));
  const problems = isApart ? [] : ['they are one module'];
  if (JSON.stringify(counts) !== JSON.stringify(expected)) {
    problems.push(`${JSON.stringify(counts)}, not ${JSON.stringify(expected)}`);
  }
  return problems;
}

module.exports = { ROOT, copies, load, terminate };
