'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { idOf } = require('./both');

/**
 * Runs `program`, a function that gets `net`, in a child process. Resolves with
 * its exit code, signal and output. After `limit` ms the child is killed, which
 * shows in `signal`.
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

/** Kills a child and, except on Windows, all processes that it started. */
function endAll(child) {
  if (process.platform === 'win32') child.kill('SIGKILL');
  else process.kill(-child.pid, 'SIGKILL');
}

/** Returns the result of `runs` for a child that succeeded. */
const fine = (stdout = '') => ({ code: 0, signal: null, stdout, stderr: '' });

module.exports = { endAll, fine, runs };
