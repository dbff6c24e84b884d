'use strict';

// What the benchmark makes of its samples, and which rows a seed picks.

const assert = require('node:assert');
const test = require('node:test');
const { compare, isUnsteady } = require('../../benchmark/harness/statistics');
const { crossRows } = require('../../benchmark/shapes/cross');
const { figure, worst } = require('../../benchmark/shapes/figures');
const { shapes } = require('../../benchmark/shapes/table');
const { checker, chunks } = require('../../benchmark/subjects/shape/content');
const { compareRow, isEven, rows } = require('../../benchmark/write/ten');

/** An entry of runs by the seconds of node:net and of rust-net. */
const entryOf = (name, pairs, unsteady = []) => ({
  row: { name, title: name },
  runs: pairs.map(([node, own], i) => ({
    unsteady: unsteady.includes(i),
    samples: {
      node: { seconds: node, cpu: 1 },
      'on-loop': { seconds: own, cpu: 1 },
    },
  })),
});

test('a ratio is the median of the ratios of pairs', () => {
  const entry = entryOf('a', [
    [1, 2],
    [10, 10],
    [100, 50],
  ]);
  const { ratio, low, high, ratios } = figure(entry, 'on-loop', 'seconds');
  assert.deepStrictEqual([ratio, low, high], [1, 0.5, 2]);
  assert.deepStrictEqual(ratios, [2, 1, 0.5]);
  const samples = [{ value: 2 }, { value: 10 }, { value: 50 }];
  const base = [{ value: 1 }, { value: 10 }, { value: 100 }];
  assert.strictEqual(compare(base, samples, 'value').ratio, 1);
});

test('an unsteady run is kept and not counted', () => {
  const pairs = [
    [1, 2],
    [9, 9],
    [1, 2],
  ];
  assert.strictEqual(isUnsteady(9, [1, 9, 1]), true);
  assert.strictEqual(isUnsteady(1.3, [1, 1.3, 1]), false);
  const { ratios } = figure(entryOf('a', pairs, [1]), 'on-loop', 'seconds');
  assert.deepStrictEqual(ratios, [2, 2]);
});

test('where all runs are unsteady all are counted', () => {
  const pairs = [
    [1, 2],
    [9, 18],
  ];
  const { ratios } = figure(entryOf('a', pairs, [0, 1]), 'on-loop', 'seconds');
  assert.deepStrictEqual(ratios, [2, 2]);
  const base = [1, 9].map((value) => ({ value, unsteady: true }));
  const found = compare(base, [{ value: 2 }, { value: 18 }], 'value');
  assert.strictEqual(found?.ratio, 2);
});

test('the worst come first', () => {
  const entries = [entryOf('a', [[1, 1]]), entryOf('b', [[1, 3]])];
  const [first] = worst(entries, 'on-loop', 1);
  assert.strictEqual(first.entry.row.name, 'b');
});

test('a figure that was not measured is none', () => {
  assert.strictEqual(figure(entryOf('a', [[1, 1]]), 'deno', 'seconds'), null);
  assert.strictEqual(compareRow({ shapes: null }, rows[0], 'rust-net'), null);
});

test('runs on both sides of node:net are as fast', () => {
  assert.strictEqual(isEven({ low: 0.9, high: 1.1 }), true);
  assert.strictEqual(isEven({ low: 1.01, high: 1.1 }), false);
});

test('a seed gives the same rows again, and others give others', () => {
  const names = (seed) => crossRows(30, seed).map(({ name }) => name);
  assert.deepStrictEqual(names(7), names(7));
  assert.notDeepStrictEqual(names(7), names(8));
  assert.strictEqual(new Set(names(7)).size, 30);
});

test('names of shapes are unique', () => {
  assert.strictEqual(
    new Set(shapes.map(({ name }) => name)).size,
    shapes.length,
  );
});

test('a wrong, lost or doubled byte shows in what is read', () => {
  for (const write of [
    { size: 1000 },
    { size: [1, 300] },
    { size: 1000, kind: 'utf8' },
    { size: 1000, kind: 'hex' },
  ]) {
    const source = chunks(write, 3);
    const sent = Buffer.concat(
      [source.next(), source.next(), source.next()].map(
        ({ value, encoding, length }) => {
          const bytes = Buffer.from(value, encoding);
          assert.strictEqual(bytes.length, length);
          return bytes;
        },
      ),
    );
    assert.strictEqual(source.left, 0);
    const half = sent.length >> 1;
    const check = checker(write);
    assert.strictEqual(check(sent.subarray(0, half)), half);
    assert.strictEqual(check(sent.subarray(half)), sent.length - half);
    assert.throws(() => checker(write)(sent.subarray(1)), /wrong bytes/);
  }
});
