'use strict';

// Hostile calls: calls every verb of `rust-net/handles`, of the binding and of
// `rust-net/bridge`, and the address classes, with arguments that no
// well-behaved caller passes. The process must survive, and no connection may
// receive bytes that were not written to it. hostile/ contains the checks.
//
//   node __test__/fuzz/hostile.js [--calls N] [--seconds S] [--seed S] [--mode M]
//     [--driver D] [--from N] [--age N] [--root FOLDER] [--minimize] [--record]
//     [--skip NAME]...
//
// `--age` creates and closes that many handles first; `--skip` leaves out a
// verb. Between the calls the programs of processes.js are played; with
// `--mode processes` these alone.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { record } = require('../../scripts/reliability-table');
const { readTrace } = require('./hostile/trace');
const { playSome } = require('./processes');

const LAYER = 'hostile calls';
/** The most calls of one process; the next process has another seed. */
const MOST_CALLS = 25_000;
const STALL_MS = 15_000;
const LAST_CALLS = 40;
/** The share of the time of the calls that is spent on programs as well. */
const PROGRAMS = 0.7;
const MOST_PROGRAMS = 25;
/** More handles than an earlier numbering had room for. */
const AGE = 640_000;

const drivers =
  process.platform === 'linux' ? ['on-loop', 'threaded'] : ['threaded'];
const PROCESSES = 'processes';
const modes = {
  plain: {},
  offload: { RUST_NET_OFFLOAD: '1' },
  'write-through': { RUST_NET_COALESCE: '0' },
  'busy-poll': { RUST_NET_BUSY_POLL: '50' },
  'copy-writes': { RUST_NET_COPY_WRITES: '1' },
};

const { values: given } = parseArgs({
  options: {
    age: { type: 'string' },
    calls: { type: 'string', default: '200000' },
    driver: { type: 'string' },
    from: { type: 'string', default: '0' },
    minimize: { type: 'boolean', default: false },
    mode: { type: 'string' },
    record: { type: 'boolean', default: false },
    root: { type: 'string', default: path.resolve(__dirname, '../..') },
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string' },
    skip: { type: 'string', multiple: true, default: [] },
  },
});

/** @returns {{ driver: string, mode: string }[]} the variants to run in turn */
function variants() {
  const all = Object.keys(modes).flatMap((mode) =>
    drivers.map((driver) => ({ driver, mode })),
  );
  return all.filter(
    ({ driver, mode }) =>
      (given.driver ?? driver) === driver && (given.mode ?? mode) === mode,
  );
}

function environment({ driver, mode }) {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('RUST_NET_') || name === 'RUST_NET_BINARY',
  );
  return {
    ...Object.fromEntries(clean),
    RUST_NET_DRIVER: driver,
    ...modes[mode],
  };
}

/** Returns what was wrong with a child's exit; undefined if nothing was. */
function complaint({ code, signal, isStalled, stderr }) {
  if (isStalled) return 'stands still';
  if (/AddressSanitizer/.test(stderr)) return 'AddressSanitizer reports';
  if (signal !== null) return `ended by ${signal}`;
  if (/panicked/.test(stderr)) return 'panicked';
  if (code !== 0) return `ended with ${code}`;
  return undefined;
}

// As long as the child's loop iterates, the time of its trace file changes.
function watchProgress(child, trace, onStall) {
  let last = -1;
  let since = Date.now();
  return setInterval(() => {
    const { mtimeMs } = fs.statSync(trace, { throwIfNoEntry: false }) ?? {};
    if (mtimeMs !== last) {
      last = mtimeMs;
      since = Date.now();
    } else if (Date.now() - since > STALL_MS) {
      onStall();
      child.kill('SIGKILL');
    }
  }, 1000);
}

/** Runs one child. */
function run(variant, options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-hostile-'));
  const trace = path.join(folder, 'trace');
  const sandbox = path.join(folder, 'work');
  fs.mkdirSync(sandbox);
  const { root, skip } = given;
  const argument = { root, skip, trace, folder: sandbox, ...options };
  const file = path.join(__dirname, 'hostile/child.js');
  const args = ['--expose-gc', file, JSON.stringify(argument)];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      env: environment(variant),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let isStalled = false;
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    const timer = watchProgress(child, trace, () => (isStalled = true));
    child.on('close', (code, signal) => {
      clearInterval(timer);
      const result = outcome(stdout, { code, signal, isStalled, stderr });
      if (result.findings.length > 0) result.last ??= readTrace(trace);
      fs.rmSync(folder, { recursive: true, force: true });
      resolve(result);
    });
  });
}

function outcome(stdout, end) {
  const said = stdout.trim().split('\n').pop();
  const result = said?.startsWith('{')
    ? JSON.parse(said)
    : { calls: 0, findings: [], soft: {} };
  const text = complaint(end);
  if (text !== undefined) {
    result.findings.push({ kind: 'process', text });
    result.stderr = end.stderr;
  }
  return result;
}

function replayCommand({ driver, mode }, { seed, from, calls, age }) {
  const range = from > 0 ? ` --from ${from}` : '';
  const aged = age > 0 ? ` --age ${age}` : '';
  return (
    `node __test__/fuzz/hostile.js --seed ${seed} --calls ${calls}${range}` +
    `${aged} --driver ${driver} --mode ${mode}`
  );
}

function printFound(variant, options, result) {
  console.log(`FOUND: ${replayCommand(variant, options)}`);
  for (const { kind, call, text } of result.findings) {
    console.log(
      `  ${kind}${call === undefined ? '' : ` at call ${call}`}: ${text}`,
    );
  }
  for (const line of result.last.slice(-LAST_CALLS)) console.log(`    ${line}`);
  if (result.stderr) console.log(result.stderr.slice(-6000));
}

/** Halves the calls of a failing run for as long as it still fails. */
async function minimize(variant, options) {
  let { from, calls } = options;
  const fails = async (range) => {
    const { findings } = await run(variant, { ...options, ...range });
    return findings.length > 0;
  };
  while (calls > 1) {
    const half = Math.ceil(calls / 2);
    const halves = [
      { from, calls: half },
      { from: from + calls - half, calls: half },
    ];
    let smaller;
    for (const range of halves) {
      if (smaller === undefined && (await fails(range))) smaller = range;
    }
    if (smaller === undefined) break;
    ({ from, calls } = smaller);
  }
  console.log(
    `smallest: ${replayCommand(variant, { ...options, from, calls })}`,
  );
}

function addUp(
  total,
  { calls, nested = 0, ms = 0, hostileBytes = 0, ...rest },
) {
  total.calls += calls;
  total.nested += nested;
  total.ms += ms;
  total.hostileBytes += hostileBytes;
  total.witnessBytes += rest.witnessBytes ?? 0;
  total.targets = rest.targets ?? total.targets;
  for (const [text, count] of Object.entries(rest.soft)) {
    total.soft[text] = (total.soft[text] ?? 0) + count;
  }
}

const newTotal = () => ({
  calls: 0,
  nested: 0,
  programs: 0,
  ms: 0,
  hostileBytes: 0,
  witnessBytes: 0,
  targets: {},
  soft: {},
});

function printSummary(total, seed, found, failing) {
  for (const [text, count] of Object.entries(total.soft)) {
    console.log(`note, ${count} times: ${text}`);
  }
  const { soft, ms, ...counts } = total;
  const perSecond = Math.round(counts.calls / (ms / 1000 || 1));
  console.log(
    JSON.stringify({
      layer: LAYER,
      date: new Date().toISOString().slice(0, 10),
      node: process.version,
      counts: { ...counts, perSecond, notes: Object.keys(soft).length, found },
      seeds: [seed],
      failing,
      result: found === 0 ? 'ok' : 'found',
    }),
  );
}

/** Writes the row of docs/reliability.md. */
async function recordTotal(total, seed, found) {
  const { calls, nested, programs, hostileBytes, witnessBytes } = total;
  const megabytes = (bytes) => Math.round(bytes / 1e6);
  await record({
    layer: 'Hostile calls',
    command: 'npm run test:hostile',
    counts:
      `${calls} calls, ${nested} more from within others, and ${programs} programs ` +
      `under odd conditions, on ${process.version}; ` +
      `${megabytes(hostileBytes)} MB of hostile connections and ` +
      `${megabytes(witnessBytes)} MB of others checked`,
    seed: String(seed),
    result: found === 0 ? 'nothing found' : `${found} found`,
  });
}

/** Plays programs; the commands that play those again which differ. */
async function programs(total, seed, seconds, runs = MOST_PROGRAMS) {
  // There is no sh on Windows, and one variant alone is for looking at.
  const isChosen = given.mode === undefined || given.mode === PROCESSES;
  if (process.platform === 'win32' || !isChosen) return [];
  const { root } = given;
  const node = process.execPath;
  const options = { seed: seed * 1000, runs, seconds, most: 10, node, root };
  const played = await playSome(options);
  total.programs += played.runs;
  return played.found.map(
    (one) => `node __test__/fuzz/processes.js --seed ${one} --runs 1`,
  );
}

async function onlyPrograms(seed) {
  const total = newTotal();
  const failing = await programs(total, seed, Number(given.seconds), Infinity);
  printSummary(total, seed, failing.length, failing);
  process.exitCode = failing.length === 0 ? 0 : 1;
}

function ageOfFirst() {
  return Number(given.age ?? (given.mode === undefined ? AGE : 0));
}

async function main() {
  const seed = Number(given.seed ?? Date.now() % 1_000_000_000);
  if (given.mode === PROCESSES) return onlyPrograms(seed);
  const wanted = Number(given.calls);
  const from = Number(given.from);
  const deadline = Date.now() + Number(given.seconds) * 1000;
  const kinds = variants();
  const total = newTotal();
  const failing = [];
  console.log(`seed ${seed}, ${wanted} calls, ${given.seconds} s at most`);
  const share = Math.ceil(wanted / kinds.length);
  const step =
    given.seed && kinds.length === 1 ? wanted : Math.min(share, MOST_CALLS);
  for (let n = 0; total.calls < wanted && Date.now() < deadline; n++) {
    const variant = kinds[n % kinds.length];
    const seconds = (deadline - Date.now()) / 1000;
    const calls = Math.min(step, wanted - total.calls);
    const age = n === 0 ? ageOfFirst() : 0;
    const options = { seed: seed + n, from, calls, seconds, age };
    const start = Date.now();
    const result = await run(variant, options);
    addUp(total, result);
    const spent = (Date.now() - start) / 1000;
    const left = (deadline - Date.now()) / 1000;
    const most = Math.min(PROGRAMS * spent, left);
    failing.push(...(await programs(total, seed + n, most)));
    if (result.findings.length > 0) {
      failing.push(replayCommand(variant, options));
      printFound(variant, options, result);
      if (given.minimize) await minimize(variant, options);
      // A run that ended early has made some of its calls.
      if (result.calls === 0) total.calls += calls;
    }
  }
  printSummary(total, seed, failing.length, failing);
  if (given.record) await recordTotal(total, seed, failing.length);
  process.exitCode = failing.length === 0 ? 0 : 1;
}

main();
