'use strict';

const { kNormalizedArgs } = require('./symbols');

/**
 * Reads a value as a non-negative number.
 *
 * @param {any} value
 * @returns {number | false} false for anything else
 */
function toNumber(value) {
  const number = Number(value);
  return number >= 0 ? number : false;
}

/**
 * Returns true for a string that names a path. A numeric string is a port, as in
 * `listen('8080')`.
 *
 * @param {any} value
 * @returns {boolean}
 */
function isPipeName(value) {
  return typeof value === 'string' && toNumber(value) === false;
}

function readOptions(args) {
  const [first, second] = args;
  if (typeof first === 'object' && first !== null) return first;
  if (isPipeName(first)) return { path: first };
  const options = { port: first };
  if (args.length > 1 && typeof second === 'string') options.host = second;
  return options;
}

/**
 * Reads the forms that `connect` and `listen` share: `(options, [cb])`,
 * `(path, [cb])` and `([port], [host], [cb])`.
 *
 * @param {unknown[]} args
 * @returns {[object, Function | null]} marked with `kNormalizedArgs`, so that it
 *   is not normalized again
 */
function normalizeArgs(args) {
  const options = args.length === 0 ? {} : readOptions(args);
  const last = args[args.length - 1];
  /** @type {any} */
  const normalized = [options, typeof last === 'function' ? last : null];
  normalized[kNormalizedArgs] = true;
  return normalized;
}

module.exports = { isPipeName, normalizeArgs, toNumber };
