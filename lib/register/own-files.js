'use strict';

const path = require('path');
const { fileURLToPath } = require('url');

const root = path.resolve(__dirname, '../..');
const ENTRIES = ['index', 'handles', 'legacy', 'register'];

function toPath(file) {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    // Another host's, or encoded in a way that no path has: none of ours.
    return '';
  }
}

/**
 * Whether a file is part of rust-net, which goes on seeing node's net: it has
 * to know node's classes and defaults.
 *
 * @param {string} folder that of the package
 * @returns {(file: string | null | undefined) => boolean} takes a path or a URL
 */
function ownFilesOf(folder) {
  const lib = path.join(folder, 'lib') + path.sep;
  const entries = new Set(
    ENTRIES.map((name) => path.join(folder, `${name}.js`)),
  );
  return (file) => {
    if (!file) return false;
    const name = toPath(file);
    return entries.has(name) || name.startsWith(lib);
  };
}

module.exports = { isOwnFile: ownFilesOf(root), ownFilesOf, root };
