'use strict';

// Runs strace where it is installed and permitted.

const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Returns why tracing is impossible here; undefined if it is possible. */
function reasonForNoTrace() {
  if (process.platform !== 'linux') return 'strace is for Linux';
  const args = ['-f', '-qq', '-o', '/dev/null', 'true'];
  const { error, status, stderr } = spawnSync('strace', args);
  if (error) return 'no strace: apt-get install strace';
  return status === 0 ? undefined : `strace cannot trace: ${stderr}`;
}

/**
 * Runs node under strace.
 *
 * @param {string[]} flags of strace
 * @param {string[]} program node's arguments
 * @param {{ env?: object, limit?: number }} options `limit` in ms
 * @returns {Promise<{ code: number | null, signal: string | null,
 *   isLate: boolean, trace: string, stdout: string, stderr: string }>}
 */
async function traced(flags, program, { env, limit = 20_000 } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-strace-'));
  const files = ['trace', 'stdout', 'stderr'].map((it) =>
    path.join(folder, it),
  );
  // Write to files: node's pipes are sockets and would show in the trace.
  const [, out, err] = files.map((name) => fs.openSync(name, 'w'));
  const args = [...flags, '-f', '-qq', '-o', files[0], process.execPath];
  const child = spawn('strace', [...args, ...program], {
    stdio: ['ignore', out, err],
    env: { ...process.env, ...env },
    detached: true,
  });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    process.kill(-child.pid, 'SIGKILL');
  }, limit);
  const [code, signal] = await once(child, 'exit');
  clearTimeout(timer);
  const [trace, stdout, stderr] = files.map((name) =>
    fs.readFileSync(name, 'utf8'),
  );
  for (const fd of [out, err]) fs.closeSync(fd);
  fs.rmSync(folder, { recursive: true, force: true });
  return { code, signal, isLate, trace, stdout, stderr };
}

module.exports = { reasonForNoTrace, traced };
