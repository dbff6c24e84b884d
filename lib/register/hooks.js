'use strict';

/*
 * The swap for `import`, as a loader hook that module.registerHooks and
 * module.register both take. It may run in a thread of its own, and so knows
 * files only.
 */

const path = require('path');
const { pathToFileURL } = require('url');

const { isOwnFile, root } = require('./own-files');

const entry = pathToFileURL(path.join(root, 'index.js')).href;

/**
 * @param {string} specifier
 * @param {{ conditions: string[], parentURL?: string }} context
 * @param {Function} next
 */
function resolve(specifier, context, next) {
  const isNet = specifier === 'net' || specifier === 'node:net';
  // registerHooks sees `require` too, which is answered elsewhere; what comes
  // here of it is `require.resolve`, and that goes on naming net.
  const isOurs = isNet && context.conditions.includes('import');
  if (!isOurs || isOwnFile(context.parentURL)) return next(specifier, context);
  // CommonJS, so that it also answers a `require` that a loader of the user's
  // has turned into an import.
  return { url: entry, format: 'commonjs', shortCircuit: true };
}

module.exports = { resolve };
