'use strict';

/** The Nodes that the suites run on: the running one, and others from npm. */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.resolve(__dirname, '..', '..', '..', '.cache', 'nodes');

/** npm's package that holds only the binary of a release. */
const PACKAGE = `node-${process.platform}-${process.arch}`;

/**
 * @param {string} folder
 * @param {string} major
 */
function install(folder, major) {
  fs.mkdirSync(folder, { recursive: true });
  console.log(`installing Node ${major} ...`);
  const args = [
    'install',
    '--ignore-scripts',
    '--no-save',
    '--no-audit',
    '--no-fund',
    '--prefix',
    folder,
    `${PACKAGE}@${major}`,
  ];
  execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/**
 * @param {string} major e.g. `22`
 * @returns {string} the path of a binary of that release
 */
function nodeBinary(major) {
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  const folder = path.join(FOLDER, major);
  const binary = path.join(folder, 'node_modules', PACKAGE, 'bin', 'node');
  if (!fs.existsSync(binary)) install(folder, major);
  return binary;
}

module.exports = { nodeBinary };
