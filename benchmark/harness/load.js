'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');

const root = path.join(__dirname, '../..');

/**
 * Builds the load with cargo, which prints the program's path.
 *
 * @returns {string} the program's path
 */
function buildLoad() {
  const args = ['build', '--release', '--package', 'rust-net-load'];
  const output = execFileSync(
    'cargo',
    [...args, '--message-format=json-render-diagnostics'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const program = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).executable)
    .find(Boolean);
  if (!program) throw new Error('cargo built no program');
  return program;
}

module.exports = { buildLoad };
