'use strict';

// Runs the same scenario over node:net and over rust-net; node:net defines what is
// right.
//
// NET_SUBJECTS=node:net or NET_SUBJECTS=rust-net runs only one of the two.

const assert = require('node:assert');
const test = require('node:test');
const { reasonToSkip } = require('./not-on-windows');

const limit = 30_000;

const loaders = {
  'node:net': () => require('node:net'),
  'rust-net': () => require('../..'),
};

const wanted = (process.env.NET_SUBJECTS ?? 'node:net,rust-net').split(',');
const subjects = Object.keys(loaders).filter((name) => wanted.includes(name));
if (subjects.length === 0) throw new Error('NET_SUBJECTS names no module');

// A handle that was left open would keep this process alive forever. The timer is
// unref'ed, so it fires only if something else has kept the process alive.
setTimeout(() => {
  const open = process.getActiveResourcesInfo().join(', ');
  process._rawDebug(`still alive after ${4 * limit} ms, kept by: ${open}`);
  process.exit(1);
}, 4 * limit).unref();

const [major, minor] = process.versions.node.split('.').map(Number);

/** Returns true when the running Node is at least `version`, such as '22.13'. */
function nodeIs(version) {
  const [wantedMajor, wantedMinor = 0] = version.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

const optionsOf = (name) => ({ timeout: limit, skip: reasonToSkip(name) });

/**
 * Registers one test per subject. `since` is the first Node release whose node:net
 * has the feature: on older ones only rust-net is tested.
 *
 * @param {string} name
 * @param {{ since?: string }} options
 * @param {(net: typeof import('node:net'), t: object) => unknown} fn
 */
function both(name, options, fn) {
  if (typeof options === 'function') return both(name, {}, options);
  for (const subject of subjects) {
    if (subject === 'node:net' && options.since && !nodeIs(options.since)) {
      continue;
    }
    test(`${subject}: ${name}`, optionsOf(name), (t) =>
      fn(loaders[subject](), t),
    );
  }
}

/**
 * Runs a scenario over node:net and over the subject, and compares the results.
 * Use it for results that differ by Node release, or would be copied from node:net
 * anyway.
 */
function same(name, fn) {
  for (const subject of subjects) {
    test(`${subject}: ${name}, as node:net`, optionsOf(name), async (t) => {
      const expected = await fn(loaders['node:net'](), t);
      assert.notStrictEqual(expected, undefined, 'the scenario says nothing');
      const actual = await fn(loaders[subject](), t);
      assert.deepStrictEqual(actual, expected);
    });
  }
}

/** Registers a test of rust-net alone, where it differs from node:net on purpose. */
function alone(name, fn) {
  if (!subjects.includes('rust-net')) return;
  test(`rust-net: ${name}`, optionsOf(name), (t) =>
    fn(loaders['rust-net'](), t),
  );
}

/** Returns the name by which a child process or a worker requires the subject. */
const idOf = (net) =>
  net === require('node:net') ? 'node:net' : require.resolve('../..');

module.exports = { alone, both, same, nodeIs, idOf, subjects };
