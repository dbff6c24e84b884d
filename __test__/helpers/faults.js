'use strict';

// System calls that fail on demand, in a child process: see faults.c.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** In the bytes that are not to be sent. */
const MARK = '@fail@';

let library;

/** Why no call can be failed here; undefined where it can. */
function reasonForNone() {
  if (process.platform !== 'linux') return 'calls are failed on Linux alone';
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'no C compiler to build faults.c';
  }
}

function build() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-faults-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const made = path.join(folder, 'faults.so');
  const source = path.join(__dirname, 'faults.c');
  execFileSync('cc', ['-shared', '-fPIC', '-o', made, source, '-ldl']);
  return made;
}

/**
 * The environment of a child whose sends of MARK fail.
 *
 * @param {string} code e.g. 'ENOMEM'
 * @param {number} times how often
 */
function failing(code, times) {
  library ??= build();
  return {
    LD_PRELOAD: library,
    FAULT_MARK: MARK,
    FAULT_ERRNO: String(os.constants.errno[code]),
    FAULT_TIMES: String(times),
  };
}

module.exports = { failing, reasonForNone };
