'use strict';

/** Runs one test file once, in its own process group. */

const { execFileSync, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const names = require('./environment.js');
const { MODULE_SETS } = require('./select.js');

const PRELOAD = path.join(__dirname, 'preload.js');
const ENTRY = path.resolve(
  process.env[names.ENTRY] || path.join(__dirname, '..', '..', 'index.js'),
);

/** Variables that would change how a test's processes behave or print. */
const DROPPED_VARIABLES = [
  'FORCE_COLOR',
  'NODE_COMMON_PORT',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_REPL_EXTERNAL_MODULE',
  'NODE_TEST_CONTEXT',
  'NODE_V8_COVERAGE',
];

/**
 * @typedef {object} Setup
 * @property {string} node the binary
 * @property {string} root of the suite
 * @property {string} scratch a folder of this run
 * @property {string} set
 * @property {'rust-net' | 'node'} subject
 * @property {string} [driver]
 * @property {number} timeout in seconds
 * @property {number} port the first of this run's range
 * @property {Set<string>} unknownFlags that the binary refuses
 */

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {'passed' | 'failed' | 'skipped'} status
 * @property {string} reason one line, empty when passed
 * @property {number} ms
 * @property {string} output for the log
 */

/** The running process groups, by the id of their leader. */
const running = new Set();

/** @param {number} leader */
function killGroup(leader) {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group is empty, as usual.
  }
}

/** Kills all running tests, for a runner that is itself being ended. */
function killAll() {
  for (const leader of running) killGroup(leader);
}

/**
 * Returns the tests' flags that the binary does not know. A test runs without a
 * flag that a later release dropped or introduced.
 *
 * @param {string} node
 * @param {import('./select.js').Test[]} tests
 * @returns {Set<string>}
 */
function unknownFlags(node, tests) {
  const flags = new Set(tests.flatMap((test) => test.flags));
  const refused = [...flags].filter((flag) => {
    const { status, stderr } = spawnSync(node, [flag, '-e', '0'], {
      encoding: 'utf8',
      env: withoutOurs(),
    });
    return status === 9 && stderr.includes('bad option');
  });
  return new Set(refused);
}

/** @returns {NodeJS.ProcessEnv} */
function withoutOurs() {
  const env = { ...process.env };
  for (const name of DROPPED_VARIABLES) delete env[name];
  return env;
}

/**
 * @param {import('./select.js').Test} test
 * @param {Setup} setup
 * @param {number} serial unique within the run
 * @param {number} slot
 * @param {string} dir the test's scratch folder
 * @returns {NodeJS.ProcessEnv}
 */
function environment(test, setup, serial, slot, dir) {
  const env = {
    ...withoutOurs(),
    ...test.env,
    GITHUB_STEP_SUMMARY: '',
    NODE_COMMON_PORT: String(setup.port),
    NODE_OPTIONS: `-r ${JSON.stringify(PRELOAD)}`,
    NODE_TEST_DIR: setup.scratch,
    // An older suite would report the globals of a newer Node as leaks.
    NODE_TEST_KNOWN_GLOBALS: '0',
    TEST_PARALLEL: test.parallel ? '1' : '0',
    TEST_SERIAL_ID: String(serial),
    TEST_THREAD_ID: String(slot),
    [names.SUBJECT]: setup.subject,
    [names.ENTRY]: ENTRY,
    [names.MARKS]: dir,
    [names.ROOT]: setup.root,
  };
  if (test.esm) env[names.ESM] = '1';
  if (MODULE_SETS.includes(setup.set)) {
    env[names.REGISTER] = '1';
    env[names.HTTP] = '1';
  }
  if (setup.driver) env[names.DRIVER] = setup.driver;
  // Otherwise common/ restarts the test with the flags that were left out.
  if (test.flags.some((flag) => setup.unknownFlags.has(flag))) {
    env.NODE_SKIP_FLAG_CHECK = '1';
  }
  return env;
}

/**
 * Returns the line of the output that says most about a failure.
 *
 * @param {string} output
 * @returns {string}
 */
function gist(output) {
  const lines = output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);
  const isNews = (/** @type {string} */ line) =>
    /^(Uncaught )?\w*(Error|Exception)( \[|:|$)|^Mismatched |panicked at|FATAL/.test(
      line,
    );
  const at = lines.findIndex(isNews);
  if (at === -1) return lines[lines.length - 1] || '';
  // The message of a deep comparison continues on the next lines.
  const goesOn = lines[at].endsWith(':') ? 4 : 1;
  return lines.slice(at, at + goesOn).join(' ');
}

/**
 * @param {{ code: number | null, signal: string | null, late: boolean }} end
 * @param {{ out: string, err: string, touched: boolean }} seen
 * @param {Setup} setup
 * @returns {Pick<Result, 'status' | 'reason'>}
 */
function judge(end, seen, setup) {
  const failed = (/** @type {string} */ reason) => ({
    status: /** @type {const} */ ('failed'),
    reason: reason.replace(/\s+/g, ' ').slice(0, 300),
  });
  const said = gist(`${seen.err}\n${seen.out}`);
  if (end.late) return failed(`timeout after ${setup.timeout} s`);
  if (end.signal) return failed(`${end.signal}: ${said}`);
  if (end.code !== 0) return failed(said || `exit code ${end.code}`);
  const skip = /^1\.\.0 # skip\w*:?\s*(.*)/im.exec(seen.out);
  if (skip) return { status: 'skipped', reason: skip[1] };
  if (setup.subject === 'rust-net' && !seen.touched) {
    return failed('swap not in force');
  }
  return { status: 'passed', reason: '' };
}

/**
 * @param {string} node
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {number} seconds
 * @returns {Promise<{ code: number | null, signal: string | null, late: boolean }>}
 */
function finish(node, args, options, seconds) {
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, options);
    const leader = child.pid;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(leader);
    }, seconds * 1000);
    if (leader) running.add(leader);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(leader);
      running.delete(leader);
      resolve({ code, signal, late });
    });
  });
}

/**
 * Runs a test once, without retries.
 *
 * @param {import('./select.js').Test} test
 * @param {Setup} setup
 * @param {number} serial
 * @param {number} slot
 * @returns {Promise<Result>}
 */
async function execute(test, setup, serial, slot) {
  const dir = path.join(setup.scratch, `marks-${serial}`);
  fs.mkdirSync(dir);
  const outFile = path.join(setup.scratch, `${serial}.out`);
  const errFile = path.join(setup.scratch, `${serial}.err`);
  // Write to files, as node's own runner does: a pipe would fill up, and is
  // asynchronous in the test's process.
  const out = fs.openSync(outFile, 'w');
  const err = fs.openSync(errFile, 'w');
  const flags = test.flags.filter((flag) => !setup.unknownFlags.has(flag));
  const args = [...flags, test.file];
  const started = Date.now();
  const end = await finish(
    setup.node,
    args,
    {
      cwd: setup.root,
      detached: true,
      env: environment(test, setup, serial, slot, dir),
      stdio: ['ignore', out, err],
    },
    setup.timeout,
  );
  fs.closeSync(out);
  fs.closeSync(err);
  const seen = {
    out: fs.readFileSync(outFile, 'utf8'),
    err: fs.readFileSync(errFile, 'utf8'),
    touched: fs.readdirSync(dir).length > 0,
  };
  fs.rmSync(outFile);
  fs.rmSync(errFile);
  fs.rmSync(dir, { recursive: true });
  return {
    name: test.name,
    ...judge(end, seen, setup),
    ms: Date.now() - started,
    output: `$ ${[setup.node, ...args].join(' ')}\n${seen.err}\n${seen.out}`,
  };
}

/**
 * Throws if rust-net does not load at all, instead of failing every test.
 *
 * @param {string} node
 */
function checkEntry(node) {
  const script = `require(${JSON.stringify(ENTRY)})`;
  const options = /** @type {const} */ ({
    encoding: 'utf8',
    env: withoutOurs(),
  });
  const { status, stderr } = spawnSync(node, ['-e', script], options);
  if (status !== 0) throw new Error(`rust-net does not load:\n${stderr}`);
}

/**
 * @param {string} node
 * @returns {string} e.g. `20.20.2`
 */
function nodeVersion(node) {
  const options = /** @type {const} */ ({
    encoding: 'utf8',
    env: withoutOurs(),
  });
  return execFileSync(node, ['-p', 'process.versions.node'], options).trim();
}

module.exports = { checkEntry, execute, killAll, nodeVersion, unknownFlags };
