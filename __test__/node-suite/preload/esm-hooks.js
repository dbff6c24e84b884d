'use strict';

/**
 * Loader hooks for module.register and module.registerHooks. `net` resolves to
 * a module that requires it on behalf of the importing file, and so gets what
 * the CommonJS swap returns.
 */

const SCHEME = 'rust-net-suite:';

/** @type {string[]} */
let exported = [];

/** @param {{ exported: string[] }} data the names that net exports */
function initialize(data) {
  exported = data.exported;
}

/**
 * @param {string} specifier
 * @param {any} context
 * @param {Function} next
 */
function resolve(specifier, context, next) {
  const isNet = specifier === 'net' || specifier === 'node:net';
  // registerHooks also sees `require`, which is swapped elsewhere.
  const isImport = context.conditions.includes('import');
  if (!isNet || !isImport) return next(specifier, context);
  const from = encodeURIComponent(context.parentURL || __filename);
  return { url: SCHEME + from, format: 'module', shortCircuit: true };
}

/**
 * @param {string} url
 * @param {any} context
 * @param {Function} next
 */
function load(url, context, next) {
  if (!url.startsWith(SCHEME)) return next(url, context);
  const from = decodeURIComponent(url.slice(SCHEME.length));
  const base = /^(file:|\/)/.test(from) ? from : __filename;
  const source = `
    import { createRequire } from 'node:module';
    const net = createRequire(${JSON.stringify(base)})('net');
    export default net;
    export const { ${exported.join(', ')} } = net;
  `;
  return { format: 'module', shortCircuit: true, source };
}

module.exports = { initialize, load, resolve };
