'use strict';

/*
 * The node internals that rust-net uses. Each is looked up once, has a fallback,
 * and is listed by `rust-net doctor`.
 */

/** @type {Array<{ name: string, without: string, get: () => any }>} */
const internals = [];

/**
 * Registers a node internal.
 *
 * @template T
 * @param {string} name as in node's sources
 * @param {string} without the consequence where it is not found
 * @param {() => T | undefined} find called once, on first use; if it throws, the
 *   internal counts as not found
 * @returns {() => T | undefined} returns the result of `find`
 */
function internal(name, without, find) {
  let hasLooked = false;
  /** @type {T | undefined} */
  let found;
  function get() {
    if (hasLooked) return found;
    hasLooked = true;
    try {
      found = find();
    } catch {
      // Counts as not found: the fallback is used.
    }
    return found;
  }
  internals.push({ name, without, get });
  return get;
}

/**
 * Lists the internals that the loaded files have registered, by name.
 *
 * @returns {Array<{ name: string, isFound: boolean, without: string }>}
 */
function listInternals() {
  return internals
    .map(({ name, without, get }) => ({
      name,
      isFound: get() !== undefined,
      without,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Returns the value if it is a function, otherwise undefined.
 *
 * @param {unknown} value
 * @returns {any}
 */
function functionOf(value) {
  return typeof value === 'function' ? value : undefined;
}

module.exports = { functionOf, internal, listInternals };
