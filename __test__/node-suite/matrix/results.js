'use strict';

/**
 * The kept results, one file for each cell of the matrix. An interrupted run
 * continues where it was, and unchanged cells are not run again.
 */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const names = require('../environment.js');
const { CACHE } = require('../fetch.js');

const FOLDER = path.join(CACHE, 'matrix');
const RUNNER = path.resolve(__dirname, '..');
const ENTRY = path.resolve(
  process.env[names.ENTRY] || path.join(RUNNER, '..', '..', 'index.js'),
);

/** The files that decide how a test is run and judged. */
const RUNNER_PARTS = [
  'environment.js',
  'execute.js',
  'preload',
  'preload.js',
  'select.js',
];

/**
 * @typedef {object} Cell
 * @property {string} suite the release, as it is asked for
 * @property {string} [root] of a suite that is not fetched
 * @property {string} set
 * @property {string} node the major version
 * @property {string} subject
 * @property {string} [driver]
 */

/**
 * @param {string} file or folder
 * @returns {string[]} the files in it
 */
function filesOf(file) {
  if (!fs.existsSync(file)) return [];
  if (!fs.statSync(file).isDirectory()) return [file];
  const inside = fs.readdirSync(file).sort();
  return inside.flatMap((name) => filesOf(path.join(file, name)));
}

/** @param {string[]} parts */
function digest(parts) {
  const hash = createHash('sha256');
  for (const file of parts.flatMap(filesOf)) {
    hash.update(`${path.basename(file)}\n`).update(fs.readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

/** @returns {string[]} everything that a user's program loads of rust-net */
function packageParts() {
  const root = path.dirname(ENTRY);
  const addons = fs.readdirSync(root).filter((name) => name.endsWith('.node'));
  const files = ['index.js', 'handles.js', 'http.js', 'register.js', 'lib'];
  const inRoot = [...files, ...addons];
  return inRoot.map((name) => path.join(root, name));
}

/**
 * Returns a fingerprint of what the results of a cell depend on; results with
 * another one are out of date. node:net does not depend on rust-net.
 *
 * @param {Cell} cell
 * @returns {string}
 */
function fingerprint(cell) {
  const runner = RUNNER_PARTS.map((name) => path.join(RUNNER, name));
  return digest(
    cell.subject === 'node' ? runner : runner.concat(packageParts()),
  );
}

/**
 * @param {Cell} cell
 * @returns {string}
 */
function cellName({ suite, set, node, subject, driver }) {
  const name = [suite, set, `node${node}`, subject, driver];
  return name.filter(Boolean).join('-');
}

/** @param {Cell} cell */
const fileOf = (cell) => path.join(FOLDER, `${cellName(cell)}.json`);

/**
 * @param {Cell} cell
 * @returns {any} the results, or null
 */
function readResults(cell) {
  const file = fileOf(cell);
  if (!fs.existsSync(file)) return null;
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/**
 * Keeps the results that a run has written.
 *
 * @param {Cell} cell
 * @param {string} written
 * @param {string} print the fingerprint from before the run
 */
function keepResults(cell, written, print) {
  const results = JSON.parse(fs.readFileSync(written, 'utf8'));
  fs.rmSync(written);
  fs.mkdirSync(FOLDER, { recursive: true });
  const text = JSON.stringify({ ...results, fingerprint: print });
  fs.writeFileSync(`${fileOf(cell)}.new`, text);
  fs.renameSync(`${fileOf(cell)}.new`, fileOf(cell));
}

module.exports = { cellName, fingerprint, keepResults, readResults };
