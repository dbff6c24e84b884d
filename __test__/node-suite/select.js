'use strict';

/**
 * Selects the suite's tests of net, by their names and by the modules that they
 * load.
 *
 * `net`: tests whose name says that they are about net, and that load net or
 * the binding of its handles. `wide`: all other CommonJS tests that require
 * net, without internet/, where net is not under test. `http`, `https`, `tls` and
 * `http2`: all tests with that name, without internet/ and pummel/; they may be in
 * `wide` too.
 */

const fs = require('node:fs');
const path = require('node:path');

const FOLDERS = [
  'parallel',
  'sequential',
  'pummel',
  'async-hooks',
  'es-module',
  'internet',
];

/** As in node's own test configuration; the others run one by one. */
const PARALLEL_FOLDERS = ['parallel', 'async-hooks', 'es-module'];

const SUBJECT =
  /^test-(net|blocklist|socket-?address|pipe|listen-fd|tcp-?wrap|pipe-?wrap)/;
const REQUIRES_NET = /require\(['"](node:)?net['"]\)/;
const IMPORTS_NET = /(from|import|import\()\s*['"](node:)?net['"]/;
const ASKS_FOR_HANDLES = /internalBinding\(['"](tcp|pipe)_wrap['"]\)/;
const MAY_IMPORT = /\bimport\b|\.mjs\b|--input-type/;

/**
 * @typedef {object} Test
 * @property {string} name e.g. `parallel/test-net-pingpong`
 * @property {string} file absolute
 * @property {string[]} flags of the `// Flags:` line
 * @property {Record<string, string>} env of the `// Env:` line
 * @property {boolean} parallel may run beside another
 * @property {boolean} esm may ask for net with `import`
 */

/** The sets of node's modules on top of net, which are chosen by name alone. */
const MODULE_SETS = ['http', 'https', 'tls', 'http2'];
const MODULE_FOLDERS = ['parallel', 'sequential', 'async-hooks', 'es-module'];

/**
 * @param {string} set
 * @param {string} folder
 * @param {string} file the file's name
 * @param {string} source
 * @returns {boolean}
 */
function isIn(set, folder, file, source) {
  if (!MODULE_SETS.includes(set)) return setOf(folder, file, source) === set;
  return (
    MODULE_FOLDERS.includes(folder) && new RegExp(`^test-${set}[-.]`).test(file)
  );
}

/**
 * @param {string} folder
 * @param {string} file the file's name
 * @param {string} source
 * @returns {'net' | 'wide' | undefined}
 */
function setOf(folder, file, source) {
  const requires = REQUIRES_NET.test(source);
  const asks =
    requires || IMPORTS_NET.test(source) || ASKS_FOR_HANDLES.test(source);
  if (SUBJECT.test(file)) return asks ? 'net' : undefined;
  return requires && folder !== 'internet' ? 'wide' : undefined;
}

/**
 * @param {string} source
 * @param {string} key `Flags` or `Env`
 * @returns {string[]}
 */
function directive(source, key) {
  const match = new RegExp(`//\\s+${key}:(.*)`).exec(source);
  return match ? match[1].trim().split(/\s+/).filter(Boolean) : [];
}

/**
 * @param {string} source
 * @returns {Record<string, string>}
 */
function environmentOf(source) {
  const pairs = directive(source, 'Env').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

/**
 * @param {string} folder
 * @param {string} file absolute
 * @param {string} source
 * @returns {Test}
 */
function describe(folder, file, source) {
  return {
    name: `${folder}/${path.basename(file).replace(/\.m?js$/, '')}`,
    file,
    flags: directive(source, 'Flags'),
    env: environmentOf(source),
    parallel: PARALLEL_FOLDERS.includes(folder),
    esm: file.endsWith('.mjs') || MAY_IMPORT.test(source),
  };
}

/**
 * Returns the tests of a set, in a fixed order.
 *
 * @param {string} root of the suite
 * @param {string} set
 * @param {string} [only] a part of the name
 * @returns {Test[]}
 */
function select(root, set, only = '') {
  const tests = [];
  for (const folder of FOLDERS) {
    const dir = path.join(root, 'test', folder);
    if (!fs.existsSync(dir)) continue;
    for (const name of fs.readdirSync(dir).sort()) {
      if (!/^test-.*\.m?js$/.test(name)) continue;
      const file = path.join(dir, name);
      const source = fs.readFileSync(file, 'utf8');
      if (!isIn(set, folder, name, source)) continue;
      const test = describe(folder, file, source);
      if (test.name.includes(only)) tests.push(test);
    }
  }
  return tests;
}

module.exports = { MODULE_SETS, select, setOf };
