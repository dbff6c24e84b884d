'use strict';

// Which layer may know which: ARCHITECTURE.md's rules, read off the sources.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const root = path.resolve(__dirname, '..');

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
const leaves = [
  'errors',
  'node/loader',
  'node/net',
  'normalize-args',
  'symbols',
  'validators',
].map((name) => `lib/${name}.js`);

test('only lib/native.js loads the binding', () => {
  const loads = (file) => /= loadBinary\(\)/.test(code(file));
  assert.deepStrictEqual(breakers(js, loads), ['lib/native.js']);
});

test("only lib/node/net.js requires node's net", () => {
  const asks = (file) => /require\('(node:)?net'\)/.test(code(file));
  assert.deepStrictEqual(breakers(js, asks), ['lib/node/net.js']);
});

test('what lib requires later on passes by hooks and mocks', () => {
  // In binary.js it is part of loading lib/native.js, which passes already.
  const late = /(^ +|=> )(?!.*loadOwn\()(?<!loadOwn.*).*\brequire\('/m;
  const asks = (file) => file !== 'lib/binary.js' && late.test(code(file));
  assert.deepStrictEqual(breakers(js, asks), []);
});

test('socket.js does not know server.js', () => {
  assert.ok(js.includes('lib/socket.js'));
  assert.ok(!requires('lib/socket.js').includes('lib/server.js'));
});

test('the leaves require no sibling but leaves', () => {
  const above = (file) => requires(file).some((name) => !leaves.includes(name));
  assert.deepStrictEqual(breakers(leaves, above), []);
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
