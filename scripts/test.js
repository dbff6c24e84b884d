'use strict';

// Runs every check of the project, the cheapest ones first.
// `node scripts/test.js [lint|unit|suite|fuzz|smoke]...` runs the named groups, or all
// groups without a name. `built` is the part of `unit` that needs no Rust, for a binary
// that was built elsewhere. The checks after a failed one still run, unless the addon
// did not build.

const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const isLinux = process.platform === 'linux';
/** The on-loop driver exists only on Linux. */
const drivers = isLinux ? ['on-loop', 'threaded'] : ['threaded'];
/** A fixed sample of the http set: about fifty tests. */
const HTTP_SAMPLE = ['--set', 'http', '--every', '8'];
/** Settings that must not change what Node's suite sees. */
const modes = {
  'write-through': { RUST_NET_COALESCE: '0' },
  'busy-poll': { RUST_NET_BUSY_POLL: '50' },
  offload: { RUST_NET_OFFLOAD: '1' },
};
/** Folders of tests that do not depend on the driver: they run with the default one. */
const driverless = ['address', 'node-suite', 'project'].map((name) =>
  path.join('__test__', name, path.sep),
);
/** Tests that need Unix: sh, npm by its bare name, or modes of files. */
const unixAlone = [
  path.join('project', 'cli.test.js'),
  path.join('project', 'docs.test.js'),
  path.join('project', 'examples.test.js'),
  path.join('project', 'package.test.js'),
  path.join('process', 'descriptors.test.js'),
].map((name) => path.join('__test__', name));
const minutes = 60 * 1000;

/**
 * Returns the project's own test files; those of Node's suite are named test-*.
 */
function testFiles(folder = path.join(root, '__test__')) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const full = path.join(folder, entry.name);
      if (entry.isDirectory()) return testFiles(full);
      return entry.name.endsWith('.test.js') ? [path.relative(root, full)] : [];
    })
    .sort();
}

/** Returns true if the subcommand of cargo is installed. */
function hasCargo(subcommand) {
  const { status } = spawnSync('cargo', [subcommand, '--version']);
  return status === 0;
}

const MODEL = ['--short', '--seed', '20261130'];
const HOSTILE = ['--seconds', '40', '--seed', '20261124'];

/** Half of what a test does is to wait, so that one file for each core is not too much. */
const testRunner = [
  ...[process.execPath, '--test'],
  `--test-concurrency=${os.availableParallelism()}`,
];

const bin = (name) => path.join('node_modules', '.bin', name);

const clippy = (...more) => [
  ...['cargo', 'clippy', '--all-targets', ...more],
  ...['--', '-D', 'warnings'],
];

/** Returns the check that plays random programs: it looks at what only Linux has. */
function model() {
  if (!isLinux) return [];
  return [
    {
      name: 'random programs, short',
      run: ['npm', 'run', 'test:model', '--', ...MODEL],
    },
  ];
}

/**
 * Returns the checks that build the addon with fault rules and run its sweep.
 */
function faults() {
  if (!isLinux) return [];
  return [
    { name: 'build, faults', run: ['npm', 'run', 'build:faults'] },
    {
      name: 'failing system calls, short sweep',
      run: ['npm', 'run', 'test:faults', '--', '--short'],
    },
  ];
}

// The type check reads the binding's declarations, which the build writes.
const build = { name: 'build', run: ['npm', 'run', 'build'], required: true };

function lint() {
  const deny = {
    name: 'cargo-deny',
    run: ['cargo', 'deny', 'check', 'bans', 'licenses', 'sources'],
  };
  return [
    { name: 'rustfmt', run: ['cargo', 'fmt', '--check'] },
    { name: 'clippy', run: clippy() },
    ...(isLinux
      ? [{ name: 'clippy, faults', run: clippy('--features', 'faults') }]
      : []),
    ...(hasCargo('deny') ? [deny] : []),
    { name: 'eslint', run: [bin('eslint'), '--max-warnings=0', '.'] },
    { name: 'prettier', run: [bin('prettier'), '--check', '.'] },
    build,
    { name: 'tsc', run: [bin('tsc')] },
    { name: 'tsc --strict', run: ['node', 'scripts/strict.js'] },
  ];
}

/** Returns the checks of the project's own tests. */
function own() {
  const isWindows = process.platform === 'win32';
  const files = testFiles().filter(
    (file) => !(isWindows && unixAlone.includes(file)),
  );
  const isDriverless = (file) => driverless.some((dir) => file.startsWith(dir));
  const byDriver = files.filter((file) => !isDriverless(file));
  return [
    ...drivers.map((driver) => ({
      name: `__test__, ${driver}`,
      run: [...testRunner, ...byDriver],
      env: { RUST_NET_DRIVER: driver },
    })),
    {
      name: '__test__, either driver',
      run: [...testRunner, ...files.filter(isDriverless)],
    },
  ];
}

function groups() {
  const cargoTest = hasCargo('nextest')
    ? ['cargo', 'nextest', 'run', '--no-tests=pass']
    : ['cargo', 'test'];
  return {
    lint: lint(),
    unit: [
      { name: 'Rust tests', run: cargoTest },
      build,
      ...faults(),
      ...own(),
    ],
    built: own(),
    suite: [
      build,
      ...drivers.map((driver) => ({
        name: `Node's own suite, ${driver}`,
        run: ['npm', 'run', 'test:node', '--', '--driver', driver],
      })),
      ...Object.entries(modes).map(([name, env]) => ({
        name: `Node's own suite, ${name}`,
        run: ['npm', 'run', 'test:node'],
        env,
      })),
      {
        name: "Node's own suite, http",
        run: ['npm', 'run', 'test:node', '--', ...HTTP_SAMPLE],
      },
    ],
    // These are short forms; CONTRIBUTING.md lists the long ones. The seed is
    // fixed, so that a change is judged only by its own effects; the nightly
    // workflow picks new ones.
    fuzz: [
      build,
      {
        name: 'hostile calls, short',
        run: ['npm', 'run', 'test:hostile', '--', ...HOSTILE],
      },
      ...model(),
    ],
    smoke: [
      build,
      {
        name: 'benchmark, smoke',
        run: ['npm', 'run', 'bench', '--', '--quick'],
      },
    ],
  };
}

/** Returns the counts in a runner's output; the last statement of each wins. */
function countsIn(output) {
  const last = (pattern) => {
    const found = [...output.matchAll(pattern)];
    return found.length === 0 ? undefined : found[found.length - 1];
  };
  const plain = last(/^(\d+) passed, (\d+) failed, (\d+) skipped/gm);
  if (plain) return plain.slice(1, 4).map(Number);

  const nextest = last(/Summary .*: (\d+) passed(.*)$/gm);
  if (nextest) {
    const other = (word) =>
      Number(new RegExp(`(\\d+) ${word}`).exec(nextest[2])?.[1] ?? 0);
    return [Number(nextest[1]), other('failed'), other('skipped')];
  }

  const cargo = last(/test result: .* (\d+) passed; (\d+) failed; (\d+) ign/gm);
  if (cargo) return cargo.slice(1, 4).map(Number);

  const nodeTest = ['pass', 'fail', 'skipped'].map((word) =>
    last(new RegExp(`^(?:#|ℹ) ${word} (\\d+)`, 'gm')),
  );
  return nodeTest.every(Boolean) ? nodeTest.map((m) => Number(m[1])) : null;
}

/**
 * Runs one check in its own process group, so that a check that hangs is ended
 * with all its processes.
 */
function run(check) {
  return new Promise((resolve) => {
    const [command, ...args] = check.run;
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...check.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let output = '';
    // Read both streams: nextest reports on stderr.
    for (const [from, to] of [
      [child.stdout, process.stdout],
      [child.stderr, process.stderr],
    ]) {
      from.setEncoding('utf8').on('data', (text) => {
        output += text;
        to.write(text);
      });
    }
    const timer = setTimeout(() => {
      console.log(`${check.name}: not finished in time`);
      // Windows has no process groups.
      if (process.platform === 'win32') child.kill();
      else process.kill(-child.pid, 'SIGKILL');
    }, 20 * minutes);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, counts: null, note: error.message });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ ok: code === 0, counts: countsIn(output) });
    });
  });
}

function summary(results) {
  console.log('\n=== summary');
  const total = [0, 0, 0];
  for (const { name, ok, counts, seconds, note } of results) {
    // A check without tests counts as one test.
    const of = counts ?? (ok ? [1, 0, 0] : [0, 1, 0]);
    of.forEach((n, i) => (total[i] += n));
    const said = note ?? (counts ? `${of[0]}/${of[0] + of[1]}` : '');
    console.log(
      `${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(30)} ${seconds} s ${said}`,
    );
  }
  console.log(`${total[0]} passed, ${total[1]} failed, ${total[2]} skipped`);
}

async function main() {
  const all = groups();
  const wanted = process.argv.slice(2);
  for (const name of wanted) {
    if (!Object.hasOwn(all, name)) {
      console.error(`no group '${name}': ${Object.keys(all).join(', ')}`);
      process.exit(2);
    }
  }
  const names = wanted.length > 0 ? wanted : Object.keys(all);
  // Build only once, even if several groups need it.
  const checks = [];
  for (const check of names.flatMap((name) => all[name])) {
    if (!checks.some((one) => one.name === check.name)) checks.push(check);
  }
  const results = [];
  for (const check of checks) {
    console.log(`\n=== ${check.name}`);
    const start = Date.now();
    const result = await run(check);
    const seconds = Math.round((Date.now() - start) / 1000);
    results.push({ name: check.name, seconds, ...result });
    if (!result.ok && check.required) break;
  }
  summary(results);
  process.exitCode = results.every(({ ok }) => ok) ? 0 : 1;
}

main();
