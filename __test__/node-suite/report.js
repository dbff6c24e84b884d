'use strict';

/**
 * Prints and keeps the results, and compares the failures with the expected
 * ones.
 */

const fs = require('node:fs');
const path = require('node:path');

const { CACHE } = require('./fetch.js');

/**
 * @param {import('./execute.js').Result[]} results
 * @param {Map<string, string>} expected
 */
function compare(results, expected) {
  const named = (/** @type {string} */ status) =>
    results
      .filter((result) => result.status === status)
      .map(({ name }) => name);
  const passed = named('passed');
  const failed = named('failed');
  return {
    passed: passed.length,
    failed: failed.length,
    skipped: named('skipped').length,
    unexpectedFailures: failed.filter((name) => !expected.has(name)),
    unexpectedPasses: passed.filter((name) => expected.has(name)),
  };
}

/**
 * Keeps the whole output of a failure. Every kind of run has its own folder, so
 * that simultaneous runs do not share a file.
 *
 * @param {string} label of the run
 * @param {import('./execute.js').Result} result
 */
function writeLog(label, result) {
  const file = path.join(logFolder(label), `${result.name}.log`);
  if (result.status !== 'failed') {
    fs.rmSync(file, { force: true });
    return;
  }
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${result.reason}\n${result.output}`);
}

/**
 * @param {string} label
 * @returns {string}
 */
function logFolder(label) {
  return path.join(CACHE, 'logs', label);
}

/**
 * @param {string} file
 * @param {object} facts about the run
 * @param {import('./execute.js').Result[]} results
 */
function writeJson(file, facts, results) {
  const kept = results.map(({ name, status, reason, ms }) => ({
    name,
    status,
    reason,
    ms,
  }));
  const text = JSON.stringify({ ...facts, results: kept }, null, 2);
  fs.writeFileSync(file, `${text}\n`);
}

/**
 * @param {ReturnType<typeof compare>} comparison
 * @param {string} label
 */
function printSummary(comparison, label) {
  const { passed, failed, skipped } = comparison;
  for (const name of comparison.unexpectedFailures) {
    console.log(`not expected to fail: ${name}`);
  }
  for (const name of comparison.unexpectedPasses) {
    console.log(`expected to fail, but passed: ${name}`);
  }
  if (failed > 0) {
    console.log(`logs: ${path.relative(process.cwd(), logFolder(label))}`);
  }
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
}

module.exports = {
  compare,
  printSummary,
  writeJson,
  writeLog,
};
