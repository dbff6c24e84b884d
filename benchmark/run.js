'use strict';

/*
 * `npm run bench`: every row, measured beside node:net and a bare Rust server
 * in the same run. README.md beside this file says how to read what it prints.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');

const { drawChart } = require('./harness/chart');
const { findPeers, findProgram } = require('./harness/variants');
const { printTable, save } = require('./harness/report');
const { runRow } = require('./harness/run-row');
const { drawScaling } = require('./harness/scaling');
const { makeRows, scalingRows, selectRows } = require('./rows');

const root = path.join(__dirname, '..');
const results = path.join(__dirname, 'results');

const USAGE = `npm run bench -- [options]
  --only ROW,...     these rows alone
  --scaling          other rows: echo by connections and by message size
  --rounds N         measurements of each variant (5)
  --seconds S        length of one measurement (1.5)
  --sustained S      of full load before memory is looked at (60)
  --quick            one short round: fails on a crash or a wrong byte only
  --node PATH        the Node to measure on (the one that runs this)
  --module PATH      the module to measure (this project)
  --driver NAME      on-loop or threaded, for rust-net
  --peers            node:net of Bun and Deno too, where they are installed
  --json FILE        the result as JSON to a file of one's own
  --load FILE        the load's program, already built
  --list             the names of the rows`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      scaling: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      sustained: { type: 'string' },
      quick: { type: 'boolean', default: false },
      node: { type: 'string', default: process.execPath },
      module: { type: 'string', default: root },
      driver: { type: 'string' },
      peers: { type: 'boolean', default: false },
      json: { type: 'string' },
      load: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const number = (name, usual) => {
    const value = Number(values[name] ?? usual);
    if (!(value > 0)) throw new Error(`--${name} must be more than 0`);
    return value;
  };
  return {
    ...values,
    rounds: Math.ceil(number('rounds', values.quick ? 1 : 5)),
    seconds: number('seconds', values.quick ? 0.15 : 1.5),
    sustained: number('sustained', values.quick ? 0.5 : 60),
    module: path.resolve(values.module),
    peers: values.peers ? findPeers() : {},
  };
}

/** Builds the load with cargo, which says where it put the program. */
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

/** What the figures were measured on, without naming the machine. */
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

/** A folder that goes with this process, also where that is interrupted. */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-bench-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => process.exit(1));
  }
  return folder;
}

/** A row that fails fails the run, but not the rows after it. */
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

/** A whole run's files are named for the Node and the driver. */
function nameOf({ node, driver }, { only, scaling }) {
  const parts = [`node${node.slice(1).split('.')[0]}`];
  if (driver !== 'default') parts.push(driver);
  if (scaling) parts.push('scaling');
  if (only) parts.push('partial');
  return parts.join('-');
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const nodeVersion = execFileSync(options.node, ['--version'], {
    encoding: 'utf8',
  }).trim();
  const nodeMajor = Number(nodeVersion.slice(1).split('.')[0]);
  const rows = options.scaling
    ? scalingRows()
    : makeRows({ ...options, nodeMajor, wrk: Boolean(findProgram('wrk')) });
  if (options.list) {
    console.log(rows.map((row) => row.name).join('\n'));
    return;
  }
  const selected = selectRows(rows, options.only);
  const about = describe(options, nodeVersion);
  const folder = temporaryFolder();
  const load = options.load ?? buildLoad();
  const lines = await measure(selected, { ...options, load, folder });
  const result = { about, lines };
  if (lines.length > 0) printTable(result);
  // A smoke run's figures are worth nothing, and half a table is none.
  if (!options.quick && !process.exitCode) {
    const charts = options.scaling
      ? drawScaling(result)
      : [{ alt: 'Ratios to node:net', suffix: '', image: drawChart(result) }];
    await save(result, path.join(results, nameOf(about, options)), charts);
  }
  if (options.json) {
    fs.writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
