'use strict';

/**
 * Reads the lists of expected failures, with their reasons. A line is
 *
 *     parallel/test-net-name [node >= 24] # the reason
 *
 * The bracket is left out when the test fails everywhere. It holds one or
 * several conditions, separated by commas: `node >= N`, `node < N`, `node = N`,
 * or `driver = NAME`.
 */

const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, 'expected-failures');
const LINE = /^(\S+)\s*(?:\[([^\]]*)\]\s*)?(?:#\s*(.*))?$/;
const CONDITION = /^(node|driver)\s*(>=|<|=)\s*(\S+)$/;

/**
 * @typedef {object} Place
 * @property {string} node e.g. `20.20.2`
 * @property {string} [driver]
 */

/**
 * @param {string} text one condition
 * @param {Place} place
 * @returns {boolean}
 */
function holds(text, place) {
  const match = CONDITION.exec(text.trim());
  if (!match) throw new Error(`not a condition: ${text}`);
  const [, subject, operator, value] = match;
  if (subject === 'driver') return place.driver === value;
  const major = parseInt(place.node, 10);
  if (operator === '>=') return major >= Number(value);
  return operator === '<' ? major < Number(value) : major === Number(value);
}

/**
 * @param {string} file
 * @param {Place} place where the suite runs
 * @returns {Map<string, string>} reasons by name; empty without a file
 */
function readExpected(file, place) {
  if (!fs.existsSync(file)) return new Map();
  const entries = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const match = LINE.exec(line);
      if (!match) throw new Error(`${path.basename(file)}: ${line}`);
      const [, name, conditions = '', reason = ''] = match;
      return { name, reason, conditions: conditions.split(',') };
    })
    .filter(({ conditions }) =>
      conditions.every((text) => text.trim() === '' || holds(text, place)),
    );
  return new Map(entries.map(({ name, reason }) => [name, reason]));
}

/**
 * @param {string} suite its version
 * @param {string} [set] `net` has the list that is named for the suite alone
 * @returns {string} the path of the list, which need not exist
 */
function expectedFile(suite, set = 'net') {
  const [release] = suite.split('.');
  const name = set === 'net' ? release : `${set}-${release}`;
  return path.join(FOLDER, `${name}.txt`);
}

module.exports = { expectedFile, readExpected };
