'use strict';

/*
 * Swaps net for `import`: a loader hook for module.registerHooks and
 * module.register alike. It may run in a loader thread, so it knows file names
 * only.
 */

const path = require('path');
const { pathToFileURL } = require('url');

const { isOwnFile } = require('./own-files');

const entry = pathToFileURL(path.join(__dirname, 'imported-net.js')).href;

/**
 * Resolves an `import` of net to rust-net; passes everything else on.
 *
 * @param {string} specifier
 * @param {{ conditions: string[], parentURL?: string }} context
 * @param {Function} next
 */
function resolve(specifier, context, next) {
  const isNet = specifier === 'net' || specifier === 'node:net';
  // registerHooks also sees `require`, which common-js.js handles. Only
  // `require.resolve` reaches this hook, and it must still name net.
  const isSwapped = isNet && context.conditions.includes('import');
  if (!isSwapped || isOwnFile(context.parentURL)) {
    return next(specifier, context);
  }
  // CommonJS, so that it also serves a `require` that the user's loader has
  // turned into an import.
  return { url: entry, format: 'commonjs', shortCircuit: true };
}

module.exports = { resolve };
