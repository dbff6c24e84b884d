'use strict';

// `npx rust-net`: what it says, and with which exit code, where all is well and
// where something is not.

const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { measure } = require('../../cli/bench');
const { explain } = require('../../lib/handle/binary-failure');
const { describeDriver } = require('../../cli/doctor');
const { version } = require('../../package.json');
const { folder } = require('../helpers/wire');

const root = path.resolve(__dirname, '../..');
const binaryName = fs
  .readdirSync(root)
  .find((name) => /^rust-net\..*\.node$/.test(name));
const limit = { timeout: 60_000 };

async function run(command, env) {
  const inherited = { ...process.env };
  delete inherited.NODE_TEST_CONTEXT;
  const child = spawn(command[0], command.slice(1), {
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, ...output };
}

const cli = (args, { at = root, env, before = [] } = {}) =>
  run(
    [...before, process.execPath, path.join(at, 'cli/rust-net.js'), ...args],
    env,
  );

/** The package without its binary, to be given another one. */
function copied(t) {
  const made = fs.realpathSync(folder(t));
  for (const name of ['cli', 'index.js', 'lib', 'package.json']) {
    fs.cpSync(path.join(root, name), path.join(made, name), {
      recursive: true,
    });
  }
  return made;
}

test('package.json names the command', () => {
  const { bin } = require('../../package.json');
  assert.deepStrictEqual(bin, { 'rust-net': 'cli/rust-net.js' });
  const mode = fs.statSync(path.join(root, bin['rust-net'])).mode;
  assert.strictEqual(mode & 0o111, 0o111);
});

test('what is not understood is answered with the usage', async () => {
  for (const args of [[], ['cure'], ['__proto__']]) {
    const { code, stdout, stderr } = await cli(args);
    assert.deepStrictEqual([code, stdout], [2, '']);
    assert.match(stderr, /^usage: rust-net doctor/m);
    for (const name of args) {
      assert.ok(stderr.startsWith(`rust-net: unknown command ${name}\n`));
    }
  }
  const help = await cli(['--help']);
  assert.strictEqual(help.code, 0);
  assert.match(help.stdout, /rust-net bench/);
  assert.strictEqual((await cli(['doctor', 'who'])).code, 2);
  assert.strictEqual((await cli(['bench', '--rounds', 'many'])).code, 2);
  assert.strictEqual((await cli(['bench', '--loud'])).code, 2);
});

test('the version', async () => {
  for (const name of ['--version', '-v']) {
    const outcome = await cli([name]);
    assert.deepStrictEqual(outcome, {
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  }
});

test('a reader that has seen enough', limit, async () => {
  const file = path.join(root, 'cli/rust-net.js');
  const child = spawn(process.execPath, [file, 'doctor']);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  child.stdout.once('data', () => child.stdout.destroy());
  const [code, signal] = await once(child, 'close');
  assert.deepStrictEqual(
    { code, signal, stderr },
    {
      code: 0,
      signal: null,
      stderr: '',
    },
  );
});

function assertHealthy({ code, stdout, stderr }) {
  assert.deepStrictEqual([code, stderr], [0, ''], stdout);
  assert.doesNotMatch(stdout, /FAIL/);
  assert.match(stdout, new RegExp(`^rust-net ${version}, Node `));
  assert.match(stdout, /^ok {4}binary .*\.node \(\d+ KiB\)$/m);
  const tests = stdout.match(/^ok {4}self-test .*: [1-9]\d* echoes/gm) ?? [];
  assert.ok(tests.length >= 2, stdout);
  assert.match(stdout, /\nEverything works\.\n$/);
}

/** What the kernel decides about is tried out, and a refusal names the option. */
function assertOptions(stdout) {
  for (const name of ['fastOpen', 'multipath', 'mark', 'transparent']) {
    const refused = `note +${name} +not available here: .* E[A-Z]+ ${name}`;
    assert.match(
      stdout,
      new RegExp(`^(ok +${name} +available|${refused})$`, 'm'),
    );
  }
}

for (const driver of ['on-loop', 'threaded']) {
  test(`the doctor finds all well, ${driver}`, limit, async () => {
    const start = Date.now();
    const outcome = await cli(['doctor'], { env: { RUST_NET_DRIVER: driver } });
    assertHealthy(outcome);
    assert.match(outcome.stdout, new RegExp(`^ok +driver +${driver}:`, 'm'));
    if (process.platform === 'linux') assertOptions(outcome.stdout);
    assert.ok(Date.now() - start < 15_000);
  });
}

test('the doctor reads the settings', limit, async () => {
  const { code, stdout } = await cli(['doctor'], {
    env: {
      RUST_NET_BUSY_POLL: '50',
      RUST_NET_COALESCE: 'no',
      RUST_NET_DRIVER: 'automobile',
      RUST_NET_OFFLOAD: '1',
      RUST_NET_RELAY: '0',
      RUST_NET_SPEED: 'high',
    },
  });
  assert.strictEqual(code, 0);
  assert.match(stdout, /^ok +setting +RUST_NET_BUSY_POLL=50$/m);
  assert.match(stdout, /^ok +setting +RUST_NET_OFFLOAD=1$/m);
  assert.match(stdout, /^ok +setting +RUST_NET_RELAY=0$/m);
  assert.match(stdout, /^note +setting +RUST_NET_COALESCE=no is invalid/m);
  assert.match(
    stdout,
    /^note +setting +RUST_NET_DRIVER=automobile is invalid/m,
  );
  assert.match(stdout, /^note +setting +RUST_NET_SPEED is not a setting/m);
});

// As root, or where users may have namespaces of their own.
const unshare = ['unshare', '-rm'];
const canUnshare =
  spawnSync(unshare[0], [...unshare.slice(1), 'true']).status === 0;

test(
  'the doctor does without /proc',
  { ...limit, skip: !canUnshare && 'no mount namespaces here' },
  async () => {
    const hide = 'mount -t tmpfs none /proc && exec "$@"';
    const before = [...unshare, 'sh', '-c', hide, 'sh'];
    const outcome = await cli(['doctor'], { before });
    assertHealthy(outcome);
    assert.match(outcome.stdout, /^note +\/proc +is not mounted/m);
  },
);

test('a binary that is not there', limit, async (t) => {
  const { code, stdout, stderr } = await cli(['doctor'], { at: copied(t) });
  assert.deepStrictEqual([code, stderr], [1, '']);
  assert.match(stdout, /^FAIL +binary +rust-net has no binary for /m);
  assert.doesNotMatch(stdout, /self-test/);
  assert.match(stdout, /\nSomething does not work\.\n$/);
});

test('a binary that is damaged', limit, async (t) => {
  const whole = fs.readFileSync(path.join(root, binaryName));
  // The machine's number in an ELF header: none has this one.
  const foreign = Buffer.from(whole).fill(0xfe, 18, 20);
  const text = Buffer.from('no binary\n');
  for (const bytes of [text, whole.subarray(0, 100), foreign]) {
    const at = copied(t);
    fs.writeFileSync(path.join(at, binaryName), bytes);
    const { code, stdout, stderr } = await cli(['doctor'], { at });
    assert.deepStrictEqual([code, stderr], [1, '']);
    assert.match(stdout, /^FAIL +binary +The binary is damaged, or was built/m);
    assert.ok(stdout.includes(`found:       ${path.join(at, binaryName)}`));
    assert.match(stdout, /message: +.*\.node: /);
  }
});

// As after a copy that broke off: the system maps it, and then misses the rest.
test('a binary that ends the process that loads it', limit, async (t) => {
  const at = copied(t);
  const whole = fs.readFileSync(path.join(root, binaryName));
  fs.writeFileSync(path.join(at, binaryName), whole.subarray(0, 4096));
  const { code, stdout, stderr } = await cli(['doctor'], { at });
  assert.deepStrictEqual([code, stderr], [1, '']);
  assert.match(
    stdout,
    /^FAIL +binary +The binary is damaged.* Reinstall rust-net\.$/m,
  );
  assert.ok(stdout.includes(`found:       ${path.join(at, binaryName)}`));
});

test('what the system says of a binary, in plain words', () => {
  const said = (message) => {
    const cause = new Error(message);
    return explain(new Error('rust-net cannot load x.node', { cause })).reason;
  };
  const old = "libc.so.6: version `GLIBC_2.28' not found (required by x.node)";
  assert.match(said(old), /needs glibc 2\.28 or newer/);
  assert.match(
    said('Error loading shared library ld-linux-x86-64.so.2: No such file'),
    /another C library/,
  );
  assert.match(said('x.node: failed to map segment'), /noexec/);
  assert.match(said('x.node: undefined symbol: uv_poll_init'), /Node 18\.19/);
  assert.match(said('x.node: wrong ELF class: ELFCLASS32'), /another kind/);
  const both = new AggregateError([new Error(old)], 'all failed');
  assert.match(explain(both).reason, /needs glibc 2\.28/);
  const odd = new Error('not loaded', { cause: new Error('?') });
  assert.match(explain(odd).reason, /^Loading the binary failed/);
  assert.strictEqual(explain(new Error('plain')).reason, 'plain');
});

// With one descriptor too few the loop cannot be watched, and a thread needs no
// more than there is; at how many that happens is the runtime's affair.
test('a driver that was fallen back to, and why', limit, async () => {
  const program = path.join(__dirname, '../fixtures/few-descriptors.js');
  const shell = ['sh', '-c', 'ulimit -n 60 && exec "$@"', 'sh'];
  const outcomes = [];
  for (let left = 1; left <= 8; left++) {
    const command = [...shell, process.execPath, program, String(left)];
    const { code, stdout, stderr } = await run(command, {
      RUST_NET_DRIVER: 'auto',
    });
    assert.deepStrictEqual([code, stderr], [0, '']);
    outcomes.push(JSON.parse(stdout));
  }
  const fallen = outcomes.filter(({ fallback }) => fallback);
  assert.ok(fallen.length > 0, JSON.stringify(outcomes));
  for (const outcome of fallen) {
    assert.strictEqual(outcome.driver, 'threaded');
    const [level, text] = describeDriver(outcome);
    assert.strictEqual(level, 'note');
    assert.match(text, /^threaded, because .*Too many open files/);
  }
  assert.deepStrictEqual(outcomes.at(-1), {
    driver: 'on-loop',
    fallback: null,
  });
});

test('the bench compares, and ends', limit, async () => {
  const args = ['bench', '--rounds', '1', '--seconds', '0.3'];
  const { code, stdout, stderr } = await cli(args);
  assert.deepStrictEqual([code, stderr], [0, '']);
  const rows = stdout.match(/^(echo|Unix|connect|stream).*$/gm) ?? [];
  assert.strictEqual(rows.length, 5, stdout);
  for (const row of rows) {
    const [ratio, spread] = /(\d+\.\d\d) +(\d+\.\d\d-\d+\.\d\d)/
      .exec(row)
      ?.slice(1) ?? ['', ''];
    // Of one round, the spread is the ratio.
    assert.strictEqual(spread, `${ratio}-${ratio}`);
  }
});

test('the bench goes on until something was answered', limit, async () => {
  const seconds = 0.05;
  let begun = 0;
  let answer = () => {};
  const load = {
    name: 'an answer that takes four times as long as is measured',
    at: 'echo',
    run: (_, tally) =>
      new Promise((resolve) => {
        answer = () => resolve(tally.count++);
      }),
  };
  const server = {
    where: () => ({}),
    // Asked as the measurement begins, and as it ends.
    cpu: async () => {
      if (begun++ > 0) return 60;
      setTimeout(() => answer(), seconds * 4000);
      return 0;
    },
  };
  const { rate, cpu } = await measure(load, server, seconds);
  assert.strictEqual(cpu, 60);
  assert.ok(rate > 0 && rate < 1 / (3 * seconds), `${rate}/s`);
});
