'use strict';

// Which layer may know which: ARCHITECTURE.md's rules, read off the sources.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const root = path.resolve(__dirname, '../..');

function sources(folder, extension) {
  return fs
    .readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return sources(file, extension);
      return entry.name.endsWith(extension) ? [file] : [];
    });
}

const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const code = (file) => read(file).replace(/\/\/.*|\/\*[^]*?\*\//g, '');
const requires = (file) =>
  [...code(file).matchAll(/require\('(\.[^']*)'\)/g)].map(([, name]) =>
    path.posix.join(path.posix.dirname(file), name).replace(/(\.js)?$/, '.js'),
  );
const breakers = (files, rule) => files.filter((file) => rule(file));

const js = sources('lib', '.js');
const rust = sources('src', '.rs');
test('only lib/handle/native.js loads the binding', () => {
  const loads = (file) => /= loadBinary\(\)/.test(code(file));
  assert.deepStrictEqual(breakers(js, loads), ['lib/handle/native.js']);
});

test("only lib/node/net.js requires node's net", () => {
  const asks = (file) => /require\('(node:)?net'\)/.test(code(file));
  assert.deepStrictEqual(breakers(js, asks), ['lib/node/net.js']);
});

test('what lib requires later on passes by hooks and mocks', () => {
  // What binary.js and net.js load is loaded past them by their callers.
  const passes = ['lib/handle/binary.js', 'lib/net.js'];
  const late = /(^ +|=> )(?!.*loadOwn\()(?<!loadOwn.*).*\brequire\('/m;
  const asks = (file) => !passes.includes(file) && late.test(code(file));
  assert.deepStrictEqual(breakers(js, asks), []);
});

// Each may import what stands behind it, and itself.
const folders = [
  'register',
  'http',
  'legacy',
  'net.js',
  'promises.js',
  'bridge',
  'stats',
  'server',
  'socket',
  'connect',
  'address',
  'handle',
  'node',
  'common',
];
const layers = [
  'lib.rs',
  'binding',
  'env',
  'net',
  'stream',
  'runtime',
  'queue',
  'error',
  'sys',
  'event',
  'address',
  'proxy',
  'sync',
];

/** The folder of a file, or the file itself where it stands at the top. */
const partOf = (file) => file.split('/')[1];

/** Imports of `[from, to]` that go up in the order. */
function climbing(order, imports) {
  const placeOf = (part) => order.indexOf(part.replace(/(?<!lib)\.rs$/, ''));
  return imports.filter(([from, to]) => placeOf(to) < placeOf(from));
}

const required = () =>
  js.flatMap((file) =>
    requires(file)
      .filter((name) => name.startsWith('lib/'))
      .map((name) => [file, name]),
  );

/** Files by the files that they require, as far as they are in a circle. */
function circles(imports) {
  let left = imports;
  for (;;) {
    const next = left.filter(
      ([from, to]) =>
        left.some(([other]) => other === to) &&
        left.some(([, other]) => other === from),
    );
    if (next.length === left.length) return left;
    left = next;
  }
}

test('every folder of lib and src has its place in the order', () => {
  const unknown = (order, files) =>
    files
      .map((file) => partOf(file).replace(/(?<!lib)\.rs$/, ''))
      .filter((part) => !order.includes(part));
  assert.deepStrictEqual(unknown(folders, js), []);
  assert.deepStrictEqual(unknown(layers, rust), []);
});

test('imports between folders of lib go down', () => {
  const between = required().map(([from, to]) => [partOf(from), partOf(to)]);
  assert.ok(between.length > 100);
  assert.deepStrictEqual(climbing(folders, between), []);
});

test('no files of lib require each other in a circle', () => {
  assert.deepStrictEqual(circles(required()), []);
});

test("lib/net.js, register and legacy's TLS alone load later on", () => {
  const late = /(^ +|=> ).*\brequire\('\.(?!.*package\.json)/m;
  assert.deepStrictEqual(
    breakers(js, (file) => late.test(code(file))),
    [
      'lib/http/load.js',
      'lib/legacy/stream.js',
      'lib/net.js',
      'lib/register/find-net.js',
      'lib/register/install.js',
      'lib/register/override-hooks.js',
    ],
  );
});

test('imports between the layers of src go down', () => {
  const imports = rust.flatMap((file) =>
    [...code(file).matchAll(/\bcrate::([a-z_]+)/g)].map(([, name]) => [
      partOf(file),
      name,
    ]),
  );
  assert.ok(imports.length > 50);
  assert.deepStrictEqual(climbing(layers, imports), []);
});

/** Imports `super::…` of `[from, to]` between two files of a folder of src. */
function siblings(file) {
  const names = [...code(file).matchAll(/\bsuper::(?:\{([^}]*)\}|(\w+))/g)]
    .flatMap(([, list, name]) => list?.split(',') ?? [name])
    .map((name) => `${path.posix.dirname(file)}/${/\w*/.exec(name.trim())}.rs`);
  return names
    .filter((name) => name !== file && rust.includes(name))
    .map((name) => [file, name]);
}

test('no files of a folder of src import each other in a circle', () => {
  const imports = rust.flatMap(siblings);
  assert.ok(imports.length > 30, String(imports.length));
  assert.deepStrictEqual(circles(imports), []);
  assert.deepStrictEqual(
    siblings('src/sys/windows/poller.rs').map(([, to]) => path.basename(to)),
    ['pipe.rs', 'socket.rs'],
  );
});

test('the checks of imports see what they are for', () => {
  assert.deepStrictEqual(
    climbing(folders, [
      ['handle', 'socket'],
      ['socket', 'handle'],
    ]),
    [['handle', 'socket']],
  );
  const circle = [
    ['a', 'b'],
    ['b', 'c'],
    ['c', 'b'],
  ];
  assert.deepStrictEqual(circles(circle), circle.slice(1));
});

test('napi is named in src/binding, src/env and src/lib.rs alone', () => {
  const outside = (file) =>
    !/^src\/(binding|env)\/|^src\/(binding|env|lib)\.rs$/.test(file) &&
    /\bnapi/.test(code(file));
  assert.deepStrictEqual(breakers(rust, outside), []);
});

test('unsafe is in src/sys, src/env and src/binding/raw.rs alone', () => {
  const outside = (file) =>
    !/^src\/(sys|env)\/|^src\/binding\/raw\.rs$/.test(file) &&
    /\bunsafe\b/.test(code(file));
  assert.deepStrictEqual(breakers(rust, outside), []);
});
