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
 * @param {string} entry of node's list, such as `NativeModule tls`
 * @param {number} [from] how much of the list to skip
 * @returns {boolean} true when node has loaded it, or does not tell
 */
function isLoaded(entry, from = 0) {
  return loadList()?.includes(entry, from) ?? true;
}

/** @returns {number} how much node has loaded; it only grows */
function countLoaded() {
  return loadList()?.length ?? Infinity;
}

module.exports = { countLoaded, isLoaded };
