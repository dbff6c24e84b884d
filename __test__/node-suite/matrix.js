'use strict';

/**
 * Runs the suites of several Node releases on several Nodes with each driver,
 * and writes docs/conformance.md: `npm run test:matrix -- --help`.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { expectedFile, readExpected } = require('./expected.js');
const { suiteVersion } = require('./fetch.js');
const { nodeBinary } = require('./matrix/nodes.js');
const { conformancePage } = require('./matrix/page.js');
const results = require('./matrix/results.js');
const { MODULE_SETS } = require('./select.js');

const PAGE = path.resolve(__dirname, '..', '..', 'docs', 'conformance.md');

const USAGE = `npm run test:matrix -- [options]
  --suites LIST     18,20,24: the releases to fetch; more in NODE_SUITE_DIR,
                    the roots of source trees, separated as PATH is
  --nodes LIST      18,20,22,24,26: major versions, from npm
  --drivers LIST    on-loop,threaded
  --wide            the wide set too
  --modules         http, https, tls and http2 with rust-net/register, instead of net
  --fresh           runs what has not changed since the last time as well
  --page            runs nothing, and writes the page out of what is there
  --jobs, --timeout as in \`npm run test:node\``;

const OPTIONS = /** @type {const} */ ({
  suites: { type: 'string', default: '18,20,24' },
  nodes: { type: 'string', default: '18,20,22,24,26' },
  drivers: { type: 'string', default: 'on-loop,threaded' },
  wide: { type: 'boolean', default: false },
  modules: { type: 'boolean', default: false },
  fresh: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  jobs: { type: 'string', default: '2' },
  timeout: { type: 'string', default: '60' },
  help: { type: 'boolean', default: false },
});

/** @param {string} list */
const split = (list) => list.split(',').filter(Boolean);

/**
 * @param {string} list of releases
 * @returns {{ suite: string, root?: string }[]}
 */
function suitesOf(list) {
  const roots = (process.env.NODE_SUITE_DIR || '').split(path.delimiter);
  const given = roots.filter(Boolean).map((dir) => {
    const root = path.resolve(dir);
    return { suite: suiteVersion(root), root };
  });
  return [...split(list).map((suite) => ({ suite })), ...given];
}

/**
 * @param {any} options
 * @returns {string[]} the sets to run
 */
function setsOf(options) {
  if (options.modules) return MODULE_SETS;
  return options.wide ? ['net', 'wide'] : ['net'];
}

/**
 * @param {any} options
 * @param {string[]} sets
 * @returns {import('./matrix/results.js').Cell[]} in the order of the page
 */
function cellsOf(options, sets) {
  const subjects = [
    ...split(options.drivers).map((driver) => ({
      subject: 'rust-net',
      driver,
    })),
    { subject: 'node' },
  ];
  const suites = suitesOf(options.suites);
  return sets.flatMap((set) =>
    suites.flatMap((suite) =>
      split(options.nodes).flatMap((node) =>
        subjects.map((subject) => ({ ...suite, set, node, ...subject })),
      ),
    ),
  );
}

/**
 * @param {import('./matrix/results.js').Cell} cell
 * @param {any} options
 * @param {string} json where the results go
 * @returns {{ args: string[], env: NodeJS.ProcessEnv }} of the runner
 */
function commandFor(cell, options, json) {
  const args = [path.join(__dirname, 'run.js')];
  const given = {
    release: cell.suite,
    node: nodeBinary(cell.node),
    set: cell.set,
    subject: cell.subject,
    driver: cell.driver,
    json,
    jobs: options.jobs,
    timeout: options.timeout,
  };
  for (const [name, value] of Object.entries(given)) {
    if (value) args.push(`--${name}`, value);
  }
  const env = { ...process.env };
  if (cell.root) env.NODE_SUITE_DIR = cell.root;
  else delete env.NODE_SUITE_DIR;
  return { args, env };
}

/**
 * @param {import('./matrix/results.js').Cell} cell
 * @param {any} options
 */
async function runCell(cell, options) {
  const print = results.fingerprint(cell);
  const kept = results.readResults(cell);
  if (!options.fresh && kept && kept.fingerprint === print) return;
  console.log(`=== ${results.cellName(cell)}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-matrix-'));
  const json = path.join(folder, 'results.json');
  const { args, env } = commandFor(cell, options, json);
  const child = spawn(process.execPath, args, { env, stdio: 'inherit' });
  // The runner ends its tests and keeps the results so far.
  const end = (/** @type {NodeJS.Signals} */ signal) => child.kill(signal);
  process.on('SIGINT', end).on('SIGTERM', end);
  const [code, signal] = await require('node:events').once(child, 'close');
  process.off('SIGINT', end).off('SIGTERM', end);
  const isWhole = code < 2 && !signal && fs.existsSync(json);
  if (isWhole) results.keepResults(cell, json, print);
  fs.rmSync(folder, { recursive: true });
  if (!isWhole) throw new Error(`${results.cellName(cell)}: no results`);
}

/**
 * @param {any[]} runs
 * @returns {string[]} where rust-net does worse than node:net, or than expected
 */
function complaints(runs) {
  const ours = runs.filter(({ subject }) => subject !== 'node');
  return ours.flatMap((run) => {
    const { suite, set, node, driver, passed } = run;
    const expected = readExpected(expectedFile(suite, set), run);
    const unexpected = run.results.filter(
      (/** @type {any} */ { name, status }) =>
        status === 'failed' && !expected.has(name),
    );
    const label = `suite ${suite}, ${set}, Node ${node}, ${driver}`;
    const reference = runs.find(
      (one) =>
        one.subject === 'node' &&
        one.suite === suite &&
        one.set === set &&
        one.node === node,
    );
    const said = unexpected.map(
      (/** @type {any} */ { name }) => `${label}: ${name}`,
    );
    if (reference && passed < reference.passed) {
      said.push(`${label}: ${passed} passed, node:net ${reference.passed}`);
    }
    return said;
  });
}

/** @param {any[]} runs */
async function writePage(runs) {
  const prettier = await import('prettier');
  const style = await prettier.resolveConfig(PAGE);
  const options = { ...style, filepath: PAGE };
  const text = await prettier.format(conformancePage(runs), options);
  fs.mkdirSync(path.dirname(PAGE), { recursive: true });
  fs.writeFileSync(PAGE, text);
}

/** @returns {Promise<void>} */
async function main() {
  const { values: options } = parseArgs({ options: OPTIONS });
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const cells = cellsOf(options, setsOf(options));
  for (const cell of cells) {
    if (!options.page) await runCell(cell, options);
  }
  const runs = cells.map(results.readResults).filter(Boolean);
  const others = cellsOf(options, ['net', 'wide', ...MODULE_SETS]);
  await writePage(others.map(results.readResults).filter(Boolean));
  const said = complaints(runs);
  for (const line of said) console.log(line);
  const old = cells.filter((cell) => {
    const kept = results.readResults(cell);
    return kept && kept.fingerprint !== results.fingerprint(cell);
  });
  if (old.length > 0) console.log(`${old.length} cells are out of date`);
  console.log(
    `${runs.length} of ${cells.length} cells, ${path.basename(PAGE)}`,
  );
  process.exitCode = said.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
