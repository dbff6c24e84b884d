'use strict';

// Tests of the lists of expected failures, and of the page that the matrix
// writes.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const { expectedFile, readExpected } = require('./expected.js');
const { conformancePage } = require('./matrix/page.js');
const { cellName, fingerprint } = require('./matrix/results.js');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-matrix-'));
test.after(() => fs.rmSync(folder, { recursive: true }));

function expected(text, place) {
  const file = path.join(folder, 'list.txt');
  fs.writeFileSync(file, text);
  return [...readExpected(file, place)];
}

test('a list names its failures with their reasons', () => {
  const list =
    '# a comment\n\nparallel/test-net-a # is bad # twice\nb/test-c\n';
  assert.deepStrictEqual(expected(list, { node: '20.1.0' }), [
    ['parallel/test-net-a', 'is bad # twice'],
    ['b/test-c', ''],
  ]);
});

test('conditions are those of the Node and the driver', () => {
  const list = [
    'at-least [node >= 22] # r',
    'below [node < 22] # r',
    'exactly [node = 22] # r',
    'driver [driver = threaded] # r',
    'both [node >= 20, driver = threaded] # r',
  ].join('\n');
  const names = (node, driver) =>
    expected(list, { node, driver }).map(([name]) => name);
  assert.deepStrictEqual(names('22.4.1'), ['at-least', 'exactly']);
  assert.deepStrictEqual(names('18.0.0', 'threaded'), ['below', 'driver']);
  assert.deepStrictEqual(names('24.0.0', 'threaded'), [
    'at-least',
    'driver',
    'both',
  ]);
});

test('what is not understood is an error', () => {
  const place = { node: '20.1.0' };
  assert.throws(() => expected('a b # c', place), /list\.txt: a b/);
  assert.throws(() => expected('a [os = linux]', place), /not a condition/);
});

test('a list is of a major, whatever the patch release of the suite', () => {
  const [written, later] = ['20.19.2', '20.30.1'];
  assert.strictEqual(path.basename(expectedFile(written)), '20.txt');
  assert.strictEqual(expectedFile(later), expectedFile(written));
  const wide = expectedFile(later, 'wide');
  assert.strictEqual(path.basename(wide), 'wide-20.txt');
});

test('every list of the repository can be read', () => {
  const lists = fs.readdirSync(path.dirname(expectedFile('20.0.0')));
  assert.ok(lists.includes('20.txt'));
  for (const list of lists) {
    const file = path.join(path.dirname(expectedFile('20.0.0')), list);
    for (const [name, reason] of readExpected(file, { node: '20.1.0' })) {
      assert.notStrictEqual(reason, '', name);
    }
  }
});

/** @param {string[]} failed */
function run(node, driver, failed, passed = []) {
  const of = (names, status) => names.map((name) => ({ name, status }));
  return {
    suite: '20.19.2',
    set: 'net',
    node: `${node}.1.0`,
    subject: driver === 'default' ? 'node' : 'rust-net',
    driver,
    passed: passed.length,
    failed: failed.length,
    skipped: 0,
    results: [...of(passed, 'passed'), ...of(failed, 'failed')],
  };
}

test('the page has a row a suite and Node, and every failing name', () => {
  const known = 'internet/test-net-connect-timeout';
  const page = conformancePage([
    run(18, 'on-loop', [known], ['a', 'b']),
    run(18, 'threaded', [known, 'b'], ['a']),
    run(18, 'default', [known, 'a'], ['b']),
    run(20, 'on-loop', [known], ['a', 'b']),
  ]);
  const lines = page.split('\n');
  const has = (line) => assert.ok(lines.includes(line), page);
  has('| 20.19.2 | 18.1.0 | 1 / 2 / 0 | 2 / 1 / 0 | 1 / 2 / 0 |');
  has('| 20.19.2 | 20.1.0 | - | 2 / 1 / 0 | - |');
  has('| `b` | 18 (threaded) | none | **not expected** |');
  has('- Node 18: `a`');
  const row = lines.find((line) => line.includes(known));
  assert.match(row, /\| 18, 20 \(on-loop\) \| 18 \| no internet/);
});

test('a cell has a name, and its results a fingerprint', () => {
  const cell = { suite: '20', set: 'net', node: '22', subject: 'node' };
  assert.strictEqual(cellName(cell), '20-net-node22-node');
  const ours = { ...cell, subject: 'rust-net', driver: 'threaded' };
  assert.strictEqual(cellName(ours), '20-net-node22-rust-net-threaded');
  assert.strictEqual(fingerprint(cell), fingerprint({ ...cell, node: '24' }));
  assert.notStrictEqual(fingerprint(cell), fingerprint(ours));
});
