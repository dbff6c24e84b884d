'use strict';

const path = require('path');
const { fileURLToPath } = require('url');

const root = path.resolve(__dirname, '../..');
const ENTRIES = ['index', 'handles', 'http', 'legacy', 'promises', 'register'];

function toPath(file) {
  if (!file.startsWith('file:')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    // On another host, or not encodable as a path: not a file of rust-net.
    return '';
  }
}

/**
 * Returns a test for rust-net's own files. They keep node's net, because they
 * need node's classes and defaults.
 *
 * @param {string} folder the package's root
 * @returns {(file: string | null | undefined) => boolean} true when a path or URL
 *   is part of that package
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
