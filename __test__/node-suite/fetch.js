'use strict';

/**
 * Fetches Node's own test suite, of which nothing is kept in the repository. It
 * is unpacked into the ignored folder `.cache/node-suite/<release>/`. Its
 * source is Debian's source package `nodejs`, or the copy that an earlier fetch
 * left in the user's cache folder. With `NODE_SUITE_DIR` it is read from there.
 */

const fs = require('node:fs');
const path = require('node:path');

const { download, openIndex, requireApt } = require('./fetch/apt.js');
const { copiesFolder, keepCopy, useCopy } = require('./fetch/copies.js');
const { debianPlaces } = require('./fetch/places.js');
const { unpack } = require('./fetch/unpack.js');

const CACHE = path.join(__dirname, '..', '..', '.cache', 'node-suite');

/**
 * @typedef {object} Origins where a suite may come from, and where it goes
 * @property {(release: string) => import('./fetch/places.js').Place[]} places
 * @property {() => string} copies the folder of the user's copies
 * @property {string} cache the project's folder of unpacked suites
 */

/** @type {Origins} */
const ORIGINS = { places: debianPlaces, copies: copiesFolder, cache: CACHE };

/** The failed attempts to get a suite, each with its reason. */
class Tries {
  /** @type {string[]} */
  failed = [];

  /**
   * @template T
   * @param {string} what is tried
   * @param {() => T} action
   * @returns {T | undefined} undefined when it threw
   */
  attempt(what, action) {
    try {
      return action();
    } catch (error) {
      this.failed.push(`${what}: ${error.message}`);
      return undefined;
    }
  }
}

/**
 * Unpacks the newest version that any of Debian's suites still has.
 *
 * @param {string} release
 * @param {Origins} origins
 * @param {string} scratch
 * @param {Tries} tries
 * @returns {string | undefined} the suite's root
 */
function fromDebian(release, origins, scratch, tries) {
  const find = () => {
    requireApt();
    return origins.places(release);
  };
  const places = tries.attempt('Debian', find) ?? [];
  const root = path.join(scratch, 'src');
  for (const [index, place] of places.entries()) {
    const where = `${place.suite} of ${place.uri}`;
    const dir = path.join(scratch, `apt-${index}`);
    const open = () => openIndex(place, release, dir);
    for (const source of tries.attempt(where, open) ?? []) {
      const found = tries.attempt(`${where}, ${source.version}`, () => {
        unpack(download(source, dir), root);
        return root;
      });
      if (found) return found;
    }
  }
  return undefined;
}

/**
 * Unpacks the copy that an earlier fetch left.
 *
 * @param {string} release
 * @param {Origins} origins
 * @param {string} scratch
 * @param {Tries} tries
 * @returns {string | undefined} the suite's root
 */
function fromCopy(release, origins, scratch, tries) {
  const folder = tries.attempt('the copies', origins.copies);
  if (!folder) return undefined;
  return tries.attempt(folder, () => {
    const root = path.join(scratch, 'src');
    useCopy(release, folder, root);
    console.error(`not in Debian's archive: used the copy in ${folder}`);
    return root;
  });
}

/**
 * Keeps a copy for later. If that fails, the fetched suite is still used.
 *
 * @param {string} root
 * @param {string} release
 * @param {Origins} origins
 */
function leaveCopy(root, release, origins) {
  try {
    keepCopy(root, release, origins.copies());
  } catch (error) {
    console.error(`the suite was not copied for later: ${error.message}`);
  }
}

/**
 * @param {string} release
 * @param {string[]} failed
 * @returns {Error} that lists the attempts
 */
function nothingFound(release, failed) {
  const lines = [
    `the test suite of Node ${release} was not found; tried:`,
    ...failed.map((line) => `  ${line}`),
    'NODE_SUITE_DIR takes the root of any unpacked source of Node.',
  ];
  return new Error(lines.join('\n'));
}

/**
 * Moves an unpacked suite to its place. If another run has put one there
 * meanwhile, that one is used.
 *
 * @param {string} from
 * @param {string} root
 */
function settle(from, root) {
  try {
    fs.renameSync(from, root);
  } catch (error) {
    if (!fs.existsSync(root)) throw error;
  }
}

/**
 * Fetches a suite that the project does not have yet. It is unpacked into a
 * temporary folder next to its place and then renamed. An interrupted fetch is
 * therefore not mistaken for a complete one, and every run works in its own
 * folder.
 *
 * @param {string} release
 * @param {Origins} origins
 * @param {string} root where it goes
 */
function fetchSuite(release, origins, root) {
  console.error(`fetching the suite of Node ${release} ...`);
  fs.mkdirSync(path.dirname(root), { recursive: true });
  const scratch = fs.mkdtempSync(path.join(path.dirname(root), 'fetch-'));
  const tries = new Tries();
  try {
    const fetched = fromDebian(release, origins, scratch, tries);
    if (fetched) leaveCopy(fetched, release, origins);
    const found = fetched ?? fromCopy(release, origins, scratch, tries);
    if (!found) throw nothingFound(release, tries.failed);
    settle(found, root);
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Finds the root of a suite, a folder that holds `test/`; fetches the suite if
 * the project does not have it yet.
 *
 * @param {string} release
 * @param {Partial<Origins>} [origins] other ones than Debian's and the user's
 * @returns {string}
 */
function suiteRoot(release, origins = {}) {
  if (process.env.NODE_SUITE_DIR) {
    const root = path.resolve(process.env.NODE_SUITE_DIR);
    if (!fs.existsSync(path.join(root, 'test', 'parallel'))) {
      throw new Error(`NODE_SUITE_DIR=${root} holds no test/parallel`);
    }
    return root;
  }
  const all = { ...ORIGINS, ...origins };
  const root = path.join(all.cache, release, 'src');
  if (!fs.existsSync(root)) fetchSuite(release, all, root);
  return root;
}

/**
 * Reads the full version of a suite from the source tree's own header.
 *
 * @param {string} root
 * @returns {string} e.g. `20.19.2`
 */
function suiteVersion(root) {
  const header = path.join(root, 'src', 'node_version.h');
  if (!fs.existsSync(header)) return 'unknown';
  const text = fs.readFileSync(header, 'utf8');
  const part = (/** @type {string} */ name) =>
    (new RegExp(`#define NODE_${name}_VERSION (\\d+)`).exec(text) || [])[1];
  return [part('MAJOR'), part('MINOR'), part('PATCH')].join('.');
}

module.exports = { CACHE, suiteRoot, suiteVersion };
