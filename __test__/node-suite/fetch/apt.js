'use strict';

/**
 * Fetches the index of one place, and a tarball that it names, with apt. apt
 * checks the signature of the index, and the tarball against the index.
 */

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const { run } = require('./command.js');
const { parseDeb822 } = require('./deb822.js');

/**
 * @typedef {object} Source a version of the source package, out of the index
 * @property {string} version Debian's, e.g. `20.19.2+dfsg-1`
 * @property {string} tarball the name of the upstream tarball
 * @property {string} sha256 of the tarball
 */

/**
 * Returns apt's configuration: with the project's own sources, lists and cache,
 * and without the hooks that the machine runs after updates. It rejects an
 * index without a good signature, whatever the machine's own configuration
 * says.
 *
 * apt downloads as the user `_apt`, which may not write below a private folder;
 * run by root, it stays root. An unreachable place is retried once instead of
 * three times, because other places follow.
 *
 * @param {string} dir
 * @returns {string} the text of a configuration file
 */
function aptConfig(dir) {
  const options = {
    'Dir::Etc::sourcelist': path.join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(dir, 'lists'),
    'Dir::Cache': path.join(dir, 'cache'),
    'Acquire::AllowInsecureRepositories': 'false',
    'Acquire::Languages': 'none',
    // Do not use a proxy for archives on this machine.
    'Acquire::http::Proxy::127.0.0.1': 'DIRECT',
    'Acquire::Retries': '1',
    'APT::Get::AllowUnauthenticated': 'false',
    'APT::Get::List-Cleanup': 'false',
    'APT::Update::Error-Mode': 'any',
  };
  if (process.geteuid?.() === 0) options['APT::Sandbox::User'] = 'root';
  const lines = Object.entries(options).map(
    ([key, value]) => `${key} "${value}";`,
  );
  const hooks = ['Pre-Invoke', 'Post-Invoke', 'Post-Invoke-Success'];
  const cleared = hooks.map((hook) => `#clear APT::Update::${hook};`);
  return [...lines, ...cleared, ''].join('\n');
}

/** Throws if apt is not installed. */
function requireApt() {
  run('apt-get', ['--version']);
}

/**
 * Creates a folder in which apt knows only one place.
 *
 * @param {string} dir which does not exist yet
 * @param {import('./places.js').Place} place
 */
function prepare(dir, { uri, suite, options }) {
  fs.mkdirSync(path.join(dir, 'lists', 'partial'), { recursive: true });
  fs.mkdirSync(path.join(dir, 'cache', 'archives', 'partial'), {
    recursive: true,
  });
  const line = `deb-src [${options}] ${uri} ${suite} main\n`;
  fs.writeFileSync(path.join(dir, 'sources.list'), line);
  fs.writeFileSync(path.join(dir, 'apt.conf'), aptConfig(dir));
}

/**
 * Runs one of apt's programs in a prepared folder.
 *
 * @param {string} dir
 * @param {string} program
 * @param {string[]} args
 * @returns {string} what it printed
 */
function apt(dir, program, args) {
  return run(program, ['-c', path.join(dir, 'apt.conf'), '-qq', ...args], dir);
}

/**
 * Parses a stanza of the index.
 *
 * @param {Record<string, string>} fields
 * @returns {Source | undefined} undefined where no upstream tarball is named
 */
function sourceOf(fields) {
  const files = (fields['checksums-sha256'] || '')
    .split('\n')
    .map((line) => line.split(/\s+/));
  const file = files.find(([, , name]) => /\.orig\.tar\.\w+$/.test(name));
  if (!file || !fields.version) return undefined;
  const [sha256, , tarball] = file;
  return { version: fields.version, tarball, sha256 };
}

/**
 * Orders two versions, the newer first.
 *
 * @param {Source} a
 * @param {Source} b
 * @returns {number}
 */
function newestFirst({ version: a }, { version: b }) {
  if (a === b) return 0;
  try {
    run('dpkg', ['--compare-versions', a, 'gt', b]);
    return -1;
  } catch {
    return 1;
  }
}

/**
 * Fetches the index of a place.
 *
 * @param {import('./places.js').Place} place
 * @param {string} release
 * @param {string} dir which does not exist yet
 * @returns {Source[]} the versions of the release, the newest first; never empty
 */
function openIndex(place, release, dir) {
  prepare(dir, place);
  apt(dir, 'apt-get', ['update']);
  const wanted = ['showsrc', '--only-source', 'nodejs'];
  const sources = parseDeb822(apt(dir, 'apt-cache', wanted))
    .map(sourceOf)
    .filter((source) => new RegExp(`^${release}\\.`).test(source?.version));
  if (sources.length === 0) throw new Error(`it has no nodejs ${release}`);
  return sources.sort(newestFirst);
}

/**
 * @param {string} file
 * @returns {string | undefined} undefined where there is no such file
 */
function sha256Of(file) {
  if (!fs.existsSync(file)) return undefined;
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/**
 * Downloads the upstream tarball of a version. apt also downloads the smaller
 * tarballs of the package, which are ignored: only the hash of this one is
 * checked. The rest of the package is not requested, as a point release removes
 * it first.
 *
 * @param {Source} source
 * @param {string} dir of its index
 * @returns {string} the path of the tarball
 */
function download({ version, tarball, sha256 }, dir) {
  const wanted = ['source', '--download-only', '--tar-only'];
  const file = path.join(dir, tarball);
  try {
    apt(dir, 'apt-get', [...wanted, `nodejs=${version}`]);
  } catch (error) {
    if (sha256Of(file) !== sha256) throw error;
  }
  if (sha256Of(file) === sha256) return file;
  throw new Error(`${tarball} is not what the index says`);
}

module.exports = { download, openIndex, requireApt };
