'use strict';

/*
 * `npm run bench`: measures every row, beside node:net and a bare Rust server
 * in the same run. README.md in this folder explains the output.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { drawChart } = require('./harness/chart');
const { buildLoad } = require('./harness/load');
const { findProgram } = require('./harness/variants');
const { printChanges, printTable, save } = require('./harness/report');
const { runRow } = require('./harness/run-row');
const { drawScaling } = require('./harness/scaling');
const { USAGE, readOptions } = require('./options');
const { makeRows, scalingRows, selectRows } = require('./rows');
const { rowsOf, runShapes } = require('./shapes/run');
const { writePages } = require('./write/pages');

const results = path.join(__dirname, 'results');

/** How many rows of `--cross` the smoke run takes. */
const SMOKE_CROSS = 8;

/** Describes what the figures were measured on, without naming the machine. */
function describe(options, nodeVersion) {
  return {
    node: nodeVersion,
    driver: options.driver ?? 'default',
    peers: Object.keys(options.peers),
    rounds: options.rounds,
    seconds: options.seconds,
    system: `${os.type()} ${os.arch()}, ${os.cpus().length} CPUs`,
    loadBefore: Number(os.loadavg()[0].toFixed(2)),
    date: new Date().toISOString().slice(0, 10),
  };
}

/**
 * Creates a folder that is removed when this process exits or is interrupted.
 */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-bench-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  return folder;
}

/**
 * Measures the rows. A failed row fails the run, but the rows after it are
 * still measured.
 */
async function measure(rows, options) {
  const lines = [];
  for (const row of rows) {
    process.stderr.write(`${row.name}\n`);
    try {
      lines.push(...(await runRow(row, options)));
    } catch (error) {
      console.error(`${row.name} FAILED: ${error.message}`);
      process.exitCode = 1;
    }
  }
  return lines;
}

/** Names the files of a whole run after the Node and the driver. */
function nameOf({ node, driver }, { only, against, scaling }) {
  const parts = [`node${node.slice(1).split('.')[0]}`];
  if (driver !== 'default') parts.push(driver);
  if (scaling) parts.push('scaling');
  if (only || against) parts.push('partial');
  return parts.join('-');
}

/** Runs the workloads, the rows of `rows/`. */
async function runWorkloads(options, rows) {
  const selected = selectRows(rows, options.only);
  const about = describe(options, options.nodeVersion);
  const lines = await measure(selected, options);
  const result = { about, lines };
  if (lines.length > 0) printTable(result);
  if (options.against) printChanges(lines);
  // The figures of a smoke run or of an incomplete table are not kept.
  if (!options.quick && !process.exitCode) {
    const charts = options.scaling
      ? drawScaling(result)
      : [{ alt: 'Ratios to node:net', suffix: '', image: drawChart(result) }];
    await save(result, path.join(results, nameOf(about, options)), charts);
  }
  return result;
}

/** Returns the selected rows of the workloads. */
function workloadRows(options) {
  if (options.scaling) return scalingRows();
  const nodeMajor = Number(options.nodeVersion.slice(1).split('.')[0]);
  const wrk = Boolean(findProgram('wrk'));
  return makeRows({ ...options, nodeMajor, wrk });
}

/**
 * Returns what to measure. The smoke run takes some of everything except the
 * clients.
 */
function planOf(options) {
  const asked = ['shapes', 'cross', 'clients'].filter((name) => options[name]);
  if (asked.length > 0) return { rows: [], passes: asked };
  const rows = workloadRows(options);
  const isSmoke = options.quick && !options.only && !options.scaling;
  if (!isSmoke) return { rows, passes: [] };
  options.cross = SMOKE_CROSS;
  return { rows, passes: ['shapes', 'cross'] };
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  if (options.write) {
    await writePages();
    return;
  }
  options.nodeVersion = execFileSync(options.node, ['--version'], {
    encoding: 'utf8',
  }).trim();
  const { rows, passes } = planOf(options);
  if (options.list) {
    const all = [...rows, ...passes.flatMap((kind) => rowsOf[kind](options))];
    console.log(all.map((row) => row.name).join('\n'));
    return;
  }
  options.folder = temporaryFolder();
  options.load ??= buildLoad();
  const made = [];
  if (rows.length > 0) made.push(await runWorkloads(options, rows));
  for (const kind of passes) made.push(await runShapes(kind, options, results));
  if (options.json) {
    const result = made.length === 1 ? made[0] : made;
    fs.writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
