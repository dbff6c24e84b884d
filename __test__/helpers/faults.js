'use strict';

// Makes system calls fail in a child process; see faults.c.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

/** Sends whose bytes contain this fail. */
const MARK = '@fail@';

let library;

/** Returns why calls cannot be made to fail here, or undefined when they can. */
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
 * Returns the environment of a child process whose sends of MARK fail.
 *
 * @param {string} code such as 'ENOMEM'
 * @param {number} times how many sends fail
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
