'use strict';

/**
 * The swap of rust-net/register, which also leaves a mark, and the swap of the
 * internal modules that tests reach with --expose-internals. Only what user
 * code receives changes: node's own modules do not pass through here.
 */

const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const { threadId } = require('node:worker_threads');

const { swapCommonJs } = require('../../../lib/register/common-js.js');
const { ownFilesOf } = require('../../../lib/register/own-files.js');
const names = require('../environment.js');

const { writeFileSync } = fs;
const entry = fs.realpathSync(process.env[names.ENTRY]);
const packageRoot = path.dirname(entry);
const handles = path.join(packageRoot, 'handles.js');
const common = path.join(process.env[names.ROOT] || '', 'test', 'common');
const marks = process.env[names.MARKS];
const swapFiles = [
  __filename,
  require.resolve('../../../lib/register/common-js.js'),
];
const SWAPPED_BINDINGS = ['tcp_wrap', 'pipe_wrap', 'stream_wrap'];

/** rust-net itself must still get node's net, which its bridge needs. */
const isOwnFile = ownFilesOf(packageRoot);

let marked = false;
/** @type {any} */
let binding;
/** @type {any} */
let internalNet;

/** @type {Function} */
let load;

/**
 * Leaves the proof that code of the test received rust-net. The suite's common/
 * requires net in every test, so its requests do not count.
 *
 * @param {string | undefined} file that requires net
 */
function mark(file) {
  if (marked || !marks) return;
  if (file && file.startsWith(common + path.sep)) return;
  marked = true;
  const name = path.join(marks, `${process.pid}-${threadId}`);
  try {
    writeFileSync(name, `${file || 'no file'}\n`);
  } catch {
    // A test may drop its permission to write; it then counts as not swapped.
  }
}

/**
 * @param {string | undefined} file that requires net
 * @returns {any} rust-net
 */
function handOut(file) {
  const net = load(entry, null, false);
  mark(file);
  return net;
}

/**
 * @param {any} original the exports of `internal/test/binding`
 * @param {string | undefined} file
 */
function swapBinding(original, file) {
  if (binding) return binding;
  if (!fs.existsSync(handles)) return original;
  const internalBinding = (/** @type {string} */ name) => {
    if (!SWAPPED_BINDINGS.includes(name)) return original.internalBinding(name);
    const swapped = load(handles, null, false)[name];
    mark(file);
    return swapped;
  };
  binding = { ...original, internalBinding };
  return binding;
}

/**
 * Swaps the symbol of `internal/net`. `net._normalizeArgs` marks its results
 * with that private symbol, and tests compare the two.
 *
 * @param {any} original the exports of `internal/net`
 */
function swapInternalNet(original) {
  if (internalNet) return internalNet;
  const args = load(entry, null, false)._normalizeArgs([]);
  const symbol = Object.getOwnPropertySymbols(args)[0];
  internalNet = { ...original };
  if (symbol) internalNet.normalizedArgsSymbol = symbol;
  return internalNet;
}

/**
 * Removes the swap's frames from an error's stack, because tests compare
 * stacks. Reading a stack also fixes its text before the REPL can cut it, so
 * that cut is made here as well.
 *
 * @param {any} error
 */
function hideFrames(error) {
  const stack = error instanceof Error ? error.stack : undefined;
  if (typeof stack !== 'string' || !stack.includes(__filename)) return;
  const lines = stack
    .split('\n')
    .filter((line) => !swapFiles.some((file) => line.includes(file)));
  const typed = lines.findIndex((line) => /^ +at REPL\d+:/.test(line));
  const kept = typed === -1 ? lines : lines.slice(0, typed);
  Object.defineProperty(error, 'stack', { value: kept.join('\n') });
}

/** @returns {void} */
function swapInternals() {
  const module = /** @type {any} */ (Module);
  load = module._load;
  module._load = function (/** @type {any[]} */ ...args) {
    const [request, parent] = args;
    const file = parent ? parent.filename : undefined;
    try {
      const original = load.apply(this, args);
      if (request === 'internal/test/binding') {
        return swapBinding(original, file);
      }
      return request === 'internal/net' ? swapInternalNet(original) : original;
    } catch (error) {
      hideFrames(error);
      throw error;
    }
  };
}

/** @returns {string[]} the names that rust-net exports; leaves no mark */
function exportedNames() {
  return Object.keys(load(entry, null, false));
}

/** Replaces node:net with rust-net for all code that is not node's own. */
function install() {
  swapInternals();
  swapCommonJs((file) => (isOwnFile(file) ? undefined : handOut(file)));
}

module.exports = { exportedNames, install };
