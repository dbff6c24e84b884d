'use strict';

// Runs the project under AddressSanitizer. The addon is built with it, and node
// runs the tests, the hostile calls and any other command on that addon. A file
// fails if there is a report.
//
//   node scripts/asan.js [--node PATH]... [--driver D]... [--only PART]
//     [--calls N] [--skip-tests] [--skip-hostile] [--with-children] [--record]
//     [-- COMMAND ARG...]
//
// The command after `--` is a script of the project; each node runs it.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const asan = require('./asan/build');
const { record } = require('./reliability-table');

const { root, folder } = asan;
const minutes = 60 * 1000;
const tests = path.join(root, '__test__');
/** Folders whose tests have their own builds, runners or programs. */
const others = new Set([
  'faults',
  'fixtures',
  'fuzz',
  'node-suite',
  'process',
  'project',
]);
/** Sources that start processes, which would all be under AddressSanitizer. */
const starts = /child_process|node:cluster|require\('cluster'\)/;

const split = process.argv.indexOf('--');
const command = split < 0 ? [] : process.argv.slice(split + 1);
const { values: given } = parseArgs({
  args: process.argv.slice(2, split < 0 ? undefined : split),
  options: {
    calls: { type: 'string', default: '20000' },
    driver: {
      type: 'string',
      multiple: true,
      default: ['on-loop', 'threaded'],
    },
    node: { type: 'string', multiple: true, default: [process.execPath] },
    only: { type: 'string', default: '' },
    record: { type: 'boolean', default: false },
    'with-children': { type: 'boolean', default: false },
    'skip-hostile': { type: 'boolean', default: false },
    'skip-tests': { type: 'boolean', default: false },
  },
});

/** Returns the files that a test file requires, itself included. */
function withHelpers(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = fs.readFileSync(file, 'utf8');
  for (const [, name] of text.matchAll(/require\('(\.[^']*)'\)/g)) {
    const helper = `${path.resolve(path.dirname(file), name)}.js`;
    if (helper.startsWith(tests) && fs.existsSync(helper)) {
      withHelpers(helper, seen);
    }
  }
  return seen;
}

const startsProcesses = (file) =>
  [...withHelpers(file)].some((one) =>
    starts.test(fs.readFileSync(one, 'utf8')),
  );

/** @returns {{ chosen: string[], leftOut: string[] }} paths of test files */
function testFiles() {
  const folders = fs.readdirSync(tests).filter((name) => !others.has(name));
  const all = folders
    .flatMap((folder) =>
      fs.readdirSync(path.join(tests, folder)).map((name) => [folder, name]),
    )
    .filter(([, name]) => name.endsWith('.test.js'))
    .map((names) => path.join(tests, ...names))
    .filter((file) => path.relative(tests, file).includes(given.only))
    .sort();
  if (given['with-children']) return { chosen: all, leftOut: [] };
  return {
    chosen: all.filter((file) => !startsProcesses(file)),
    leftOut: all.filter(startsProcesses),
  };
}

let runs = 0;

/** Runs one script; resolves with its reports, and with how it ended. */
function run(node, script, args, env) {
  const log = path.join(folder, 'reports', `run-${runs++}`);
  fs.mkdirSync(path.dirname(log), { recursive: true });
  return new Promise((resolve) => {
    const child = spawn(node, [script, ...args], {
      cwd: root,
      env: { ...asan.environment(log), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const from of [child.stdout, child.stderr]) {
      from.setEncoding('utf8').on('data', (text) => (output += text));
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), 15 * minutes);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output, reports: reportsOf(log) });
    });
  });
}

function reportsOf(log) {
  const all = fs.readdirSync(path.dirname(log));
  return all
    .filter((name) => name.startsWith(`${path.basename(log)}.`))
    .map((name) => fs.readFileSync(path.join(path.dirname(log), name), 'utf8'))
    .filter((text) => text.includes('AddressSanitizer'));
}

/**
 * Checks that a deliberate memory error is reported, and reported in the addon.
 */
async function selfCheck(node, poison) {
  const script = path.join(root, 'scripts/asan/self-check.js');
  const { reports, output } = await run(node, script, [poison], {});
  const frames = reports.map((text) =>
    /use-after-poison[\s\S]*?(#\d+ .* src\/env\/js\.rs:\d+)/.exec(text),
  );
  const isSeen = frames.some(Boolean);
  if (!isSeen) {
    throw new Error(`a fault on purpose is not reported by ${node}: ${output}`);
  }
  console.log(`${node}: a fault on purpose is reported: ${frames[0]?.[1]}`);
}

function print(name, { code, signal, output, reports }) {
  const isOk = reports.length === 0 && code === 0;
  const how = reports.length > 0 ? 'REPORT' : isOk ? 'ok' : `${signal ?? code}`;
  console.log(`${how.padEnd(7)} ${name}`);
  for (const report of reports) console.log(report);
  if (!isOk && reports.length === 0) console.log(output.slice(-3000));
}

function note(counts, result) {
  counts.runs++;
  if (result.reports.length > 0) counts.reported++;
  else if (result.code !== 0) counts.failedWithoutReport++;
}

async function runTests(node, driver, counts, files) {
  for (const file of files) {
    const env = { RUST_NET_DRIVER: driver, NET_SUBJECTS: 'rust-net' };
    const result = await run(node, file, [], env);
    note(counts, result);
    print(`${path.relative(root, file)}, ${driver}`, result);
  }
}

async function runScript(node, driver, counts, [script, ...args]) {
  const result = await run(node, path.resolve(root, script), args, {
    RUST_NET_DRIVER: driver,
  });
  note(counts, result);
  print(`${script}, ${driver}`, result);
  console.log(result.output.trim().split('\n').pop());
}

async function runAll(node, counts, files) {
  for (const driver of given.driver) {
    if (!given['skip-tests']) await runTests(node, driver, counts, files);
    if (!given['skip-hostile']) {
      const hostile = ['__test__/fuzz/hostile.js', '--driver', driver];
      const args = [...hostile, '--calls', given.calls];
      await runScript(node, driver, counts, args);
    }
    if (command.length > 0) await runScript(node, driver, counts, command);
  }
}

function versionOf(node) {
  const { spawnSync } = require('node:child_process');
  return spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

/** Writes the row of docs/reliability.md. */
async function recordCounts(counts, versions) {
  const { files, leftOut, runs, reported, failedWithoutReport } = counts;
  const result = [
    reported === 0 ? 'no report' : `${reported} reports`,
    ...(failedWithoutReport ? [`${failedWithoutReport} failed without`] : []),
  ];
  await record({
    layer: 'AddressSanitizer in Node',
    command: 'npm run test:asan',
    counts:
      `${runs} runs on ${versions}: ${files} test files (not the ${leftOut} that ` +
      `start processes) and the hostile calls, ${given.driver.join(' and ')}`,
    seed: "the hostile calls' own",
    result: result.join('; '),
  });
}

async function main() {
  const reason = asan.reasonForNone();
  if (reason !== undefined) {
    console.error(reason);
    process.exitCode = 2;
    return;
  }
  fs.rmSync(path.join(folder, 'reports'), { recursive: true, force: true });
  asan.build();
  const poison = asan.buildPoison();
  const { chosen, leftOut } = testFiles();
  const names = leftOut.map((file) => path.basename(file));
  console.log(`left out, as they start processes: ${names.join(', ')}`);
  const counts = { files: chosen.length, leftOut: leftOut.length };
  Object.assign(counts, { runs: 0, reported: 0, failedWithoutReport: 0 });
  for (const node of given.node) {
    await selfCheck(node, poison);
    await runAll(node, counts, chosen);
  }
  const versions = given.node.map(versionOf).join(', ');
  if (given.record) await recordCounts(counts, versions);
  console.log(
    JSON.stringify({
      layer: 'AddressSanitizer',
      date: new Date().toISOString().slice(0, 10),
      node: versions,
      counts,
      seeds: [],
      result: counts.reported === 0 ? 'ok' : 'found',
    }),
  );
  const isOk = counts.reported + counts.failedWithoutReport === 0;
  process.exitCode = isOk ? 0 : 1;
}

main();
