'use strict';

/** Runs Node's own net suite on rust-net: `npm run test:node -- --help`. */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const {
  checkEntry,
  execute,
  killAll,
  nodeVersion,
  unknownFlags,
} = require('./execute.js');
const { expectedFile, readExpected } = require('./expected.js');
const { suiteRoot, suiteVersion } = require('./fetch.js');
const report = require('./report.js');
const { MODULE_SETS, select } = require('./select.js');

const USAGE = `npm run test:node -- [options]
  --release N       18, 20 (the default) or 24, fetched; any other:
                    NODE_SUITE_DIR
  --node PATH       the Node to run on; this one
  --driver NAME     on-loop or threaded; rust-net's own choice
  --set NAME        net (the default), wide (the other tests that require net),
                    http, https, tls or http2 (with rust-net/register)
  --only SUBSTRING  tests whose name holds it
  --every N         each N-th test of the set, for a sample
  --subject NAME    rust-net (the default) or node: node:net, for comparison
  --expect FILE     the failures to expect; expected-failures/[wide-]<release>.txt
  --json FILE       writes the results
  --jobs N          how many tests of parallel/ at a time; 2
  --timeout S       seconds a test may take; 60
  --list            names the tests and ends`;

const OPTIONS = /** @type {const} */ ({
  release: { type: 'string', default: '20' },
  node: { type: 'string', default: process.execPath },
  driver: { type: 'string' },
  set: { type: 'string', default: 'net' },
  only: { type: 'string', default: '' },
  every: { type: 'string', default: '1' },
  subject: { type: 'string', default: 'rust-net' },
  expect: { type: 'string' },
  json: { type: 'string' },
  jobs: { type: 'string', default: '2' },
  timeout: { type: 'string', default: '60' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

const CHOICES = {
  driver: [undefined, 'on-loop', 'threaded'],
  set: ['net', 'wide', ...MODULE_SETS],
  subject: ['rust-net', 'node'],
};

/** @returns {any} the options of the command line, checked */
function readOptions() {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  for (const [name, allowed] of Object.entries(CHOICES)) {
    if (allowed.includes(values[name])) continue;
    throw new Error(`--${name} ${values[name]}?\n${USAGE}`);
  }
  const number = (/** @type {string} */ name) => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} wants a positive number`);
    return value;
  };
  // The tests run in another folder; a bare name is looked up in PATH.
  const isPath = values.node.includes(path.sep);
  const node = isPath ? path.resolve(values.node) : values.node;
  return {
    ...values,
    node,
    every: number('every'),
    jobs: number('jobs'),
    timeout: number('timeout'),
  };
}

/**
 * Returns the start of this run's range of ports, for tests that use fixed
 * numbers. It is below the ephemeral ports and differs between simultaneous
 * runs.
 *
 * @returns {number}
 */
function portRange() {
  return 12400 + (process.pid % 1000) * 20;
}

/**
 * Runs the parallel tests, several at a time, then the others one by one.
 *
 * @param {import('./select.js').Test[]} tests
 * @param {import('./execute.js').Setup} setup
 * @param {number} jobs
 * @param {(result: import('./execute.js').Result) => void} onResult
 */
async function runAll(tests, setup, jobs, onResult) {
  let serial = 0;
  const work = async (
    /** @type {import('./select.js').Test[]} */ queue,
    /** @type {number} */ slot,
  ) => {
    for (let test = queue.shift(); test; test = queue.shift()) {
      onResult(await execute(test, setup, ++serial, slot));
    }
  };
  const parallel = tests.filter((test) => test.parallel);
  const slots = Array.from({ length: jobs }, (_, slot) => work(parallel, slot));
  await Promise.all(slots);
  await work(
    tests.filter((test) => !test.parallel),
    0,
  );
}

/**
 * @param {any} options
 * @param {string} root
 * @param {import('./select.js').Test[]} tests
 * @returns {Promise<import('./execute.js').Result[]>} in the tests' order
 */
async function runTests(options, root, tests, label) {
  // Kept short, because the path of a Unix socket may have at most 107 bytes.
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-'));
  /** @type {Map<string, import('./execute.js').Result>} */
  const results = new Map();
  // A process that was just killed may still be writing.
  const sweep = () =>
    fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  const end = (/** @type {NodeJS.Signals} */ signal) => {
    killAll();
    sweep();
    process.exit(128 + os.constants.signals[signal]);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  const setup = {
    ...options,
    root,
    scratch,
    port: portRange(),
    unknownFlags: unknownFlags(options.node, tests),
  };
  await runAll(tests, setup, options.jobs, (result) => {
    results.set(result.name, result);
    report.writeLog(label, result);
    if (result.status !== 'failed') return;
    console.log(`${result.name}: ${result.reason}`);
  }).finally(sweep);
  return tests.map((test) => results.get(test.name));
}

/** @returns {Promise<void>} */
async function main() {
  const options = readOptions();
  const root = suiteRoot(options.release);
  const suite = suiteVersion(root);
  const tests = select(root, options.set, options.only).filter(
    (test, index) => index % options.every === 0,
  );
  if (options.list) {
    for (const test of tests) console.log(test.name);
    return;
  }
  if (options.subject === 'rust-net') checkEntry(options.node);
  const node = nodeVersion(options.node);
  const { driver = 'default', json, set, subject } = options;
  console.log(
    `suite ${suite}, set ${set}, Node ${node}: ${tests.length} tests`,
  );
  const label = `${suite}-${set}-node${node}-${subject}-${driver}`;
  const results = await runTests(options, root, tests, label);

  const list = options.expect || expectedFile(suite, set);
  const expected = readExpected(list, { node, driver });
  const comparison = report.compare(results, expected);
  const facts = { suite, set, node, subject, driver, ...comparison };
  if (json) report.writeJson(json, facts, results);
  report.printSummary(comparison, label);
  process.exitCode = comparison.unexpectedFailures.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
