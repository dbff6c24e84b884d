'use strict';

const { internal } = require('./internals');

const loadList = internal(
  'process.moduleLoadList',
  "node's modules count as loaded and are patched early",
  () => {
    const list = /** @type {any} */ (process).moduleLoadList;
    return Array.isArray(list) ? list : undefined;
  },
);

/**
 * Returns true when node has loaded one of its modules.
 *
 * @param {string} entry of node's list, such as `NativeModule tls`
 * @param {number} [from] how many entries to skip
 * @returns {boolean} also true where this Node has no such list
 */
function isLoaded(entry, from = 0) {
  return loadList()?.includes(entry, from) ?? true;
}

/**
 * Returns how many entries node's list of loaded modules has. It only grows.
 *
 * @returns {number} Infinity where this Node has no such list
 */
function countLoaded() {
  return loadList()?.length ?? Infinity;
}

module.exports = { countLoaded, isLoaded };
