'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { idOf } = require('./both');

/**
 * Runs `program` (a function; `net` is its only argument) in a process of its
 * own and tells how it ended. One that does not end by itself is killed after
 * `limit` ms, and says so by its signal.
 */
async function runs(net, program, options = {}) {
  const { limit = 15_000, flags = [], shell, env } = options;
  const source = `(${program})(require(${JSON.stringify(idOf(net))}))`;
  const node = [process.execPath, ...flags, '-e', source];
  const [command, ...args] = shell ? ['sh', '-c', shell, ...node] : node;
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const timer = setTimeout(() => endAll(child), limit);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, ...output };
}

/** Ends a child with all that it started, where that is to be had. */
function endAll(child) {
  if (process.platform === 'win32') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

/** How a child that did all it should has ended. */
const fine = (stdout = '') => ({ code: 0, signal: null, stdout, stderr: '' });

module.exports = { endAll, fine, runs };
