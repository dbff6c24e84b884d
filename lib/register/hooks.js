'use strict';

/*
 * Swaps net for `import`: a loader hook for module.registerHooks and
 * module.register alike. It may run in a loader thread, so it knows file names
 * only.
 */

const path = require('path');
const { pathToFileURL } = require('url');

const { isOwnFile } = require('./own-files');

/** @param {string} name */
const entryOf = (name) => pathToFileURL(path.join(__dirname, name)).href;
const net = entryOf('imported-net.js');
const promises = entryOf('imported-promises.js');

/** What is imported in place of a module of node. */
const entries = new Map([
  ['net', net],
  ['node:net', net],
  ['net/promises', promises],
  ['node:net/promises', promises],
]);

/**
 * Resolves an `import` of net or `net/promises` to rust-net; passes everything else on.
 *
 * @param {string} specifier
 * @param {{ conditions: string[], parentURL?: string }} context
 * @param {Function} next
 */
function resolve(specifier, context, next) {
  const entry = entries.get(specifier);
  // registerHooks also sees `require`, which common-js.js handles. Only
  // `require.resolve` reaches this hook, and it must still name net.
  const isSwapped = entry && context.conditions.includes('import');
  if (!isSwapped || isOwnFile(context.parentURL)) {
    return next(specifier, context);
  }
  // CommonJS, so that it also serves a `require` that the user's loader has
  // turned into an import.
  return { url: entry, format: 'commonjs', shortCircuit: true };
}

module.exports = { resolve };
