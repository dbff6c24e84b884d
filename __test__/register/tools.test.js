'use strict';

// Tools that load rust-net in their own way. examples/compat/runners.js runs the real
// ones.

const assert = require('node:assert');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');

const root = path.resolve(__dirname, '../..');
const parameters = ['exports', 'require', 'module', '__filename', '__dirname'];

/**
 * Runs a file of lib/ as another loader would, and returns what it exports.
 *
 * @param {string} file
 * @param {{ place?: string, extra?: object }} [how] `place` is where the loader says
 *   the file is; `extra` are further variables
 */
function load(file, { place = path.join(root, file), extra = {} } = {}) {
  const source = fs.readFileSync(path.join(root, file), 'utf8');
  const names = [...parameters, ...Object.keys(extra)];
  const run = vm.compileFunction(source, names);
  const module = { exports: {} };
  const near = createRequire(path.join(root, file));
  const require = Object.assign((id) => near(id), {
    resolve: createRequire(place).resolve,
  });
  const values = [module.exports, require, module, place, path.dirname(place)];
  run(...values, ...Object.values(extra));
  return module.exports;
}

/** What Jest passes to a module, as far as rust-net uses it. */
function fakeJest() {
  const mocks = new Map();
  const jest = {
    doMock: (name, make) => mocks.set(name, make),
    requireActual: (name) => ({ actual: name }),
  };
  return { jest, mocks };
}

test('in Jest net is mocked, and its own module asked for', () => {
  const { jest, mocks } = fakeJest();
  const { actual, mock, runsInJest } = load('lib/node/jest.js', {
    extra: { jest },
  });
  assert.strictEqual(runsInJest(), true);
  mock('net', () => 'ours');
  assert.strictEqual(mocks.get('net')(), 'ours');
  assert.deepStrictEqual(actual('node:net'), { actual: 'node:net' });
});

test('elsewhere nothing is asked of Jest', () => {
  assert.strictEqual(load('lib/node/jest.js').runsInJest(), false);
});

test('in a bundle the error says to name rust-net as external', () => {
  const place = path.join(os.tmpdir(), 'nowhere', 'out', 'bundle.js');
  const { RUST_NET_BINARY } = process.env;
  delete process.env.RUST_NET_BINARY;
  try {
    const { expectBinary } = load('lib/handle/binary.js', { place });
    assert.throws(expectBinary, {
      code: 'MODULE_NOT_FOUND',
      message: /a bundler has put them into another file.*--external:rust-net/,
    });
  } finally {
    if (RUST_NET_BINARY) process.env.RUST_NET_BINARY = RUST_NET_BINARY;
  }
});
