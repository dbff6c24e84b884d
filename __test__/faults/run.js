'use strict';

/*
 * The sweep: every system call of every scenario fails in every way that it can,
 * the first of its kind, the second, and so on, until a run ends without reaching
 * it. `npm run build:faults` first. Before that each scenario is played without a
 * fault, and the calls that it makes are compared with those that it may need.
 *
 *   node __test__/faults/run.js [--short] [--costs] [--driver on-loop|threaded]
 *     [--scenario NAME] [--call NAME] [--fault NAME] [--nth N] [--times N]
 *     [--seconds N] [--record]
 *
 * --costs     fails nothing, and prints the calls and their bounds
 * --short     the first, second, fourth, eighth call and so on
 * --times     how many calls in a row fail, 1 where nothing is said
 * --seconds   ends with what is done by then
 * --record    writes the outcome to docs/reliability.md
 *
 * Nothing in it is random: a case is named by scenario, call, fault and nth, and
 * these four options run it alone. The exit code is 1 where something was found.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const readline = require('node:readline');
const { parseArgs } = require('node:util');

const { record } = require('../../scripts/reliability-table');
const { faultsBinary } = require('./engine');
const { scenarios } = require('./scenarios');
const { costly } = require('./scenarios/costly');

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean' },
    costs: { type: 'boolean' },
    record: { type: 'boolean' },
    driver: text,
    scenario: text,
    call: text,
    fault: text,
    nth: text,
    times: text,
    seconds: text,
  },
});

const drivers = options.driver ? [options.driver] : ['on-loop', 'threaded'];
const deadline = Date.now() + 1000 * Number(options.seconds ?? 3600);
const binary = faultsBinary();

/** What costs.js plays. */
const bounded = [...Object.keys({ ...scenarios, ...costly }), 'memory'];
const totals = {
  runs: 0,
  found: 0,
  cases: new Set(),
  /** The scenarios whose calls were compared with their bounds. */
  bounded: new Set(),
  isCut: false,
};
const job = {
  isShort: options.short,
  most: options.short ? 64 : 1000,
  call: options.call,
  fault: options.fault,
  nth: options.nth && Number(options.nth),
  times: options.times && Number(options.times),
};

/** The options that run a case alone. */
function replay({ driver, scenario, call, fault, nth }) {
  const times = options.times ? { times: options.times } : {};
  return Object.entries({ driver, scenario, call, fault, nth, ...times })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `--${name} ${JSON.stringify(value)}`)
    .join(' ');
}

function report(driver, { problems, ...what }) {
  console.log(`FOUND ${replay({ driver, ...what })}`);
  for (const problem of problems) console.log(`  ${problem}`);
}

/** Prints what was counted, where that is what was asked for. */
function reportCosts(driver, { scenario, rows, ...others }) {
  totals.bounded.add(scenario);
  if (!options.costs) return;
  console.log(`${driver}, ${scenario}: ${JSON.stringify(others)}`);
  for (const { name, made, most } of rows) {
    if (made > 0) console.log(`  ${name}: ${made} of ${most}`);
  }
}

/** Runs a child over some scenarios; how far it came, and what it found. */
async function runChild(program, driver, part) {
  const child = spawn(process.execPath, [path.join(__dirname, program)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      RUST_NET_BINARY: binary,
      RUST_NET_DRIVER: driver,
      FAULTS_JOB: JSON.stringify({ ...job, ...part }),
    },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (more) => (stderr += more));
  const seen = { last: undefined, done: [], found: [], isKilled: false };
  const timer = setTimeout(
    () => (seen.isKilled = child.kill('SIGKILL')),
    Math.max(0, deadline - Date.now()),
  );
  let exit;
  readline.createInterface(child.stdout).on('line', (line) => {
    const what = JSON.parse(line.slice(2));
    if (line[0] === '>') {
      seen.last = what;
    } else if (line[0] === '+') {
      totals.cases.add(Object.values(what).join('|'));
    } else if (line[0] === '#') {
      reportCosts(driver, what);
    } else if (line[0] === '!') {
      seen.found.push(what);
      report(driver, what);
    } else {
      seen.last = undefined;
      seen.done.push(what.scenario);
      totals.runs += what.cases;
    }
    // All was said: what is left is to end by itself.
    clearTimeout(exit);
    if (seen.done.length === part.scenarios.length) {
      exit = setTimeout(() => child.kill('SIGABRT'), 10_000);
    }
  });
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  clearTimeout(exit);
  return { ...seen, code, signal, stderr };
}

function noteEnd(driver, { last, code, signal, stderr, found, isKilled }) {
  if (isKilled) return;
  const isHung = code === 3 && found.length > 0;
  if ((code === 0 && signal === null && stderr === '') || isHung) return;
  const problem = `the process ends with ${signal ?? code}: ${stderr.slice(-2000)}`;
  const what = { ...last, problems: [problem] };
  found.push(what);
  report(driver, what);
}

/** Runs a program over scenarios, anew behind each that has ended it. */
async function sweep(program, driver, names) {
  const { scenario } = options;
  let left = names.filter((name) => !scenario || name === scenario);
  let after;
  while (left.length > 0 && Date.now() < deadline) {
    const ended = await runChild(program, driver, { scenarios: left, after });
    noteEnd(driver, ended);
    totals.found += ended.found.length;
    left = left.filter((name) => !ended.done.includes(name));
    after = ended.last;
    // A scenario that does not work without a fault is left out.
    if (after === undefined) left = left.slice(1);
  }
  if (left.length > 0) totals.isCut = true;
}

async function main() {
  if (process.platform !== 'linux' || binary === undefined) {
    console.log('no binary: run `npm run build:faults`, on Linux');
    process.exitCode = process.platform === 'linux' ? 2 : 0;
    return;
  }
  const start = Date.now();
  for (const driver of drivers) {
    const before = totals.found;
    const isOneCase = options.call || options.fault || options.nth;
    if (!isOneCase) await sweep('costs.js', driver, bounded);
    if (!options.costs) {
      await sweep('child.js', driver, Object.keys(scenarios));
    }
    console.log(`${driver}: ${totals.found - before} found`);
  }
  const seconds = Math.round((Date.now() - start) / 1000);
  const counts =
    `${totals.cases.size} cases (scenario, call, fault, n) in ` +
    `${Object.keys(scenarios).length} scenarios; calls bounded in ` +
    `${totals.bounded.size}; ${drivers.join(' and ')}`;
  console.log(`${counts}, ${seconds} s${totals.isCut ? ', cut by time' : ''}`);
  console.log(`${totals.runs} passed, ${totals.found} failed, 0 skipped`);
  process.exitCode = totals.found > 0 ? 1 : 0;
  if (!options.record) return;
  await record({
    layer: `Failing system calls, ${options.short ? 'short' : 'full'} sweep`,
    command: `npm run test:faults${options.short ? ' -- --short' : ''}`,
    counts: `${counts}; ${seconds} s`,
    seed: 'none: all are tried',
    result: totals.found > 0 ? `${totals.found} found` : 'nothing found',
  });
}

main();
