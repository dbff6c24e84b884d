'use strict';

// Tests of the runner itself, with a small suite made here and a stand-in for
// rust-net. They check which tests it selects, how it judges them, and its exit
// code.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { setTimeout } = require('node:timers/promises');

const names = require('./environment.js');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-runner-'));
const write = (name, text) => {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};

const entry = write(
  'package/index.js',
  `module.exports = { ...require('net') };`,
);
const tests = {
  'parallel/test-net-passes.js': `require('net');`,
  'parallel/test-net-imports.mjs': `import 'node:net';`,
  'parallel/test-net-throws.js': `require('net'); throw new Error('no good');`,
  'parallel/test-net-skips.js': `// like require('net')
     console.log('1..0 # Skipped: not here');`,
  'parallel/test-net-untouched.js': `if (!process) require('net');`,
  'parallel/test-net-flags.js': `// Flags: --expose-gc --no-such-flag
     // Env: WANTED=yes
     require('net');
     if (!global.gc || process.env.WANTED !== 'yes') process.exit(1);`,
  'parallel/test-net-nothing.js': `// asks for no net`,
  'pummel/test-net-port.js': `require('net');
     if (+process.env.TEST_PARALLEL) process.exit(1);`,
  'parallel/test-http-raw.js': `require('net');`,
  'internet/test-dns.js': `require('net');`,
  'sequential/test-net-hangs.js': `const net = require('net');
     const { spawn } = require('child_process');
     const forever = ['-e', 'setInterval(() => {}, 1000)'];
     const { pid } = spawn(process.execPath, forever, { stdio: 'ignore' });
     require('fs').writeFileSync(${JSON.stringify(folder)} + '/pid', '' + pid);
     setInterval(() => {}, 1000);`,
};
for (const [name, text] of Object.entries(tests)) write(`test/${name}`, text);

const run = (...args) => runIn(folder, ...args);

function runIn(suite, ...args) {
  const env = {
    ...process.env,
    NODE_SUITE_DIR: suite,
    [names.ENTRY]: entry,
  };
  delete env.NODE_TEST_CONTEXT;
  const script = path.join(__dirname, 'run.js');
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    env,
  });
  return { status, lines: stdout.trim().split('\n') };
}

/**
 * Returns true if a process runs. A zombie that init has not reaped yet does
 * not.
 */
const runs = (pid) => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
};

test.after(() => fs.rmSync(folder, { recursive: true }));

test('it counts, names the failures, and says when one was not expected', () => {
  const expect = write(
    'expected.txt',
    `# a comment
     parallel/test-net-throws # is bad
     parallel/test-net-passes # was bad once\n`,
  );
  const json = path.join(folder, 'results.json');
  const args = ['--expect', expect, '--json', json, '--only', 'parallel/'];
  const { lines, status } = run(...args);
  assert.strictEqual(lines.pop(), '3 passed, 2 failed, 1 skipped');
  assert.ok(lines.includes('parallel/test-net-throws: Error: no good'));
  assert.ok(lines.includes('parallel/test-net-untouched: swap not in force'));
  assert.deepStrictEqual(
    lines.filter((line) => /expected/.test(line)),
    [
      'not expected to fail: parallel/test-net-untouched',
      'expected to fail, but passed: parallel/test-net-passes',
    ],
  );
  assert.strictEqual(status, 1);
  const { results } = JSON.parse(fs.readFileSync(json, 'utf8'));
  assert.strictEqual(results.length, 6);
});

test('expected failures alone end well, and still count as failed', () => {
  const expect = write('expected.txt', 'parallel/test-net-throws # is bad\n');
  const { lines, status } = run('--expect', expect, '--only', 'throws');
  assert.strictEqual(lines.pop(), '0 passed, 1 failed, 0 skipped');
  assert.strictEqual(status, 0);
});

test('the list of a major holds for every patch release of its suite', (t) => {
  const suite = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-runner-'));
  t.after(() => fs.rmSync(suite, { recursive: true }));
  const inSuite = (name) => path.relative(folder, path.join(suite, name));
  // This test is in the list for Node 20, on every Node and driver.
  const known = 'internet/test-net-connect-timeout';
  write(inSuite(`test/${known}.js`), tests['parallel/test-net-throws.js']);
  write(inSuite('test/parallel/test-net-passes.js'), `require('net');`);
  const header = ['MAJOR 20', 'MINOR 99', 'PATCH 7']
    .map((text) => text.split(' '))
    .map(([part, value]) => `#define NODE_${part}_VERSION ${value}\n`);
  write(inSuite('src/node_version.h'), header.join(''));
  const { lines, status } = runIn(suite);
  assert.match(lines[0], /^suite 20\.99\.7, set net/);
  assert.strictEqual(lines.pop(), '1 passed, 1 failed, 0 skipped');
  assert.strictEqual(status, 0, lines.join('\n'));
});

const hangs = 'a test that hangs is ended with all it started';
test(hangs, { skip: process.platform !== 'linux' }, async () => {
  const { lines } = run('--only', 'hangs', '--timeout', '2');
  const [reason] = lines.filter((line) => line.includes('hangs: '));
  assert.match(reason, /: timeout after 2 s$/);
  const pid = Number(fs.readFileSync(path.join(folder, 'pid'), 'utf8'));
  for (let n = 0; n < 100 && runs(pid); n++) await setTimeout(20);
  assert.ok(!runs(pid));
});

test('node:net as the subject needs no swap', () => {
  const { lines } = run('--subject', 'node', '--only', 'untouched');
  assert.strictEqual(lines.pop(), '1 passed, 0 failed, 0 skipped');
});

test('the sets do not overlap', () => {
  const net = run('--list').lines;
  assert.strictEqual(net.length, 8);
  assert.ok(net.includes('pummel/test-net-port'));
  assert.deepStrictEqual(run('--list', '--set', 'wide').lines, [
    'parallel/test-http-raw',
  ]);
});

test('a test that is not run beside others is told so', () => {
  const { lines } = run('--only', 'pummel');
  assert.strictEqual(lines.pop(), '1 passed, 0 failed, 0 skipped');
});

test('an unknown choice is an error', () => {
  assert.strictEqual(run('--driver', 'none').status, 2);
});
