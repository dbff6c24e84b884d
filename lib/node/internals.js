'use strict';

/*
 * The list of what rust-net uses of node that node keeps to itself. Each thing is
 * looked for once, has a fallback, and is listed by `rust-net doctor`.
 */

/** @type {Array<{ name: string, without: string, get: () => any }>} */
const internals = [];

/**
 * Registers something that node keeps to itself.
 *
 * @template T
 * @param {string} name as node's sources have it
 * @param {string} without what happens where it is not found
 * @param {() => T | undefined} find called once, when it is first needed; what it
 *   throws counts as not found
 * @returns {() => T | undefined} returns what was found
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
      // As good as missing: its fallback is used.
    }
    return found;
  }
  internals.push({ name, without, get });
  return get;
}

/**
 * Lists the internals of the files that are loaded, by name.
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
 * @param {unknown} value
 * @returns {any} the value, or undefined where it is no function
 */
function functionOf(value) {
  return typeof value === 'function' ? value : undefined;
}

module.exports = { functionOf, internal, listInternals };
