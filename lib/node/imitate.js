'use strict';

/**
 * Gives a replacement the `name` and the `length` of the function that it replaces.
 *
 * @template {Function} T
 * @param {T} replacement
 * @param {Function} original
 * @returns {T} the replacement
 */
function imitate(replacement, original) {
  for (const key of ['name', 'length']) {
    const value = Reflect.get(original, key);
    Object.defineProperty(replacement, key, { value, configurable: true });
  }
  return replacement;
}

module.exports = { imitate };
