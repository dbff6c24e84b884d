'use strict';

const fs = require('node:fs');

/**
 * Returns the peak resident memory of a process so far, in bytes; undefined
 * where the system does not report it.
 *
 * @param {number} pid
 */
function peakMemory(pid) {
  const file = `/proc/${pid}/status`;
  if (!fs.existsSync(file)) return undefined;
  const status = fs.readFileSync(file, 'utf8');
  return Number(/VmHWM:\s*(\d+)/.exec(status)[1]) * 1024;
}

module.exports = { peakMemory };
