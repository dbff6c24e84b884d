'use strict';

/**
 * Gets Node's own test suite. Nothing of it is kept in the repository: it is
 * unpacked into the ignored `.cache/node-suite/<release>/`, from Debian's
 * source package `nodejs`, or read where `NODE_SUITE_DIR` points.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const CACHE = path.join(__dirname, '..', '..', '.cache', 'node-suite');

/** Which Debian suite carries which Node release. */
const DEBIAN_SUITES = { 18: 'bookworm', 20: 'trixie', 24: 'forky' };

const APT_DIR = '/etc/apt';
const KEYRING_DIRS = ['/usr/share/keyrings', '/etc/apt/trusted.gpg.d'];

/** Directories under test/ that no test of ours reads and that weigh most. */
const EXCLUDED = ['test/wpt', 'test/fixtures/wpt', 'test/cctest'];

/**
 * Splits a deb822 file into its stanzas.
 *
 * @param {string} text
 * @returns {Record<string, string>[]} field names in lower case
 */
function parseDeb822(text) {
  return text
    .split(/\n[ \t]*\n/)
    .map((stanza) => {
      /** @type {Record<string, string>} */
      const fields = {};
      let name = '';
      for (const line of stanza.split('\n')) {
        if (line.startsWith('#')) continue;
        const field = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
        if (field) {
          name = field[1].toLowerCase();
          fields[name] = field[2].trim();
        } else if (name) {
          fields[name] += `\n${line.trim()}`;
        }
      }
      return fields;
    })
    .filter((fields) => Object.keys(fields).length > 0);
}

/**
 * Reads the entries of an old-style sources list.
 *
 * @param {string} text
 * @returns {{ uri: string, suites: string[] }[]}
 */
function parseOneLine(text) {
  return text
    .split('\n')
    .map((line) =>
      /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)/.exec(line),
    )
    .filter((match) => match !== null)
    .map((match) => ({ uri: match[1], suites: [match[2]] }));
}

/**
 * Every archive the machine's apt is configured with.
 *
 * @returns {{ uri: string, suites: string[] }[]}
 */
function configuredArchives() {
  const parts = path.join(APT_DIR, 'sources.list.d');
  const names = fs.existsSync(parts) ? fs.readdirSync(parts).sort() : [];
  const files = [
    'sources.list',
    ...names.map((name) => `sources.list.d/${name}`),
  ];
  return files.flatMap((file) => {
    const full = path.join(APT_DIR, file);
    if (!fs.existsSync(full)) return [];
    const text = fs.readFileSync(full, 'utf8');
    if (file.endsWith('.list')) return parseOneLine(text);
    if (!file.endsWith('.sources')) return [];
    return parseDeb822(text)
      .filter((fields) => fields.uris && !/^no$/i.test(fields.enabled || ''))
      .flatMap((fields) =>
        fields.uris.split(/\s+/).map((uri) => ({
          uri,
          suites: (fields.suites || '').split(/\s+/),
        })),
      );
  });
}

/**
 * The mirrors of Debian itself among the configured archives. A third party's
 * archive names its suites otherwise, and the security archive ends its own in
 * `-security`, so the exact names of Debian's suites tell them apart.
 *
 * @returns {string[]}
 */
function debianMirrors() {
  const own =
    /^(buster|bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/;
  const uris = configuredArchives()
    .filter(({ suites }) => suites.some((suite) => own.test(suite)))
    .map(({ uri }) => uri);
  return [...new Set(uris)];
}

/** @returns {string} the machine's Debian keyring */
function debianKeyring() {
  for (const dir of KEYRING_DIRS) {
    const file = path.join(dir, 'debian-archive-keyring.gpg');
    if (fs.existsSync(file)) return file;
  }
  throw new Error(
    'no debian-archive-keyring.gpg: install debian-archive-keyring',
  );
}

/**
 * apt's options that make it use the cache's own sources, lists and package
 * cache, and leave the machine's alone. apt drops to the user `_apt` for
 * downloads, who may not write below a private folder: with root that is only
 * a warning, and the signatures are checked all the same, so keep our user.
 *
 * @param {string} dir
 * @returns {string[]}
 */
function aptOptions(dir) {
  const options = {
    'Dir::Etc::sourcelist': path.join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State::lists': path.join(dir, 'lists'),
    'Dir::Cache': path.join(dir, 'cache'),
    'APT::Sandbox::User':
      process.geteuid && process.geteuid() === 0 ? 'root' : '',
    'Acquire::Languages': 'none',
    'APT::Get::List-Cleanup': 'false',
  };
  return Object.entries(options)
    .filter(([, value]) => value !== '')
    .flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} [cwd]
 * @returns {string} what it printed
 */
function run(command, args, cwd) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/**
 * The newest version of the wanted major that the Sources index offers.
 *
 * @param {string[]} options
 * @param {string} release
 * @returns {string}
 */
function newestVersion(options, release) {
  const showsrc = run('apt-cache', [
    ...options,
    'showsrc',
    '--only-source',
    'nodejs',
  ]);
  const versions = parseDeb822(showsrc)
    .map((fields) => fields.version || '')
    .filter((version) => version.startsWith(`${release}.`));
  if (versions.length === 0) {
    throw new Error(
      `the archive has no nodejs ${release}: point NODE_SUITE_DIR at a source tree`,
    );
  }
  const newer = (/** @type {string} */ a, /** @type {string} */ b) => {
    try {
      run('dpkg', ['--compare-versions', a, 'gt', b]);
      return true;
    } catch {
      return false;
    }
  };
  return versions.reduce((best, version) =>
    newer(version, best) ? version : best,
  );
}

/**
 * Downloads the source package of a release, its signature checked by apt.
 *
 * @param {string} release
 * @param {string} dir the release's folder in the cache
 * @returns {string} the path of the orig tarball
 */
function download(release, dir) {
  const mirrors = debianMirrors();
  if (mirrors.length === 0) {
    throw new Error(
      'apt knows no Debian archive: point NODE_SUITE_DIR at a Node source tree',
    );
  }
  const apt = path.join(dir, 'apt');
  fs.mkdirSync(path.join(apt, 'lists', 'partial'), { recursive: true });
  fs.mkdirSync(path.join(apt, 'cache', 'archives', 'partial'), {
    recursive: true,
  });
  const signed = `[signed-by=${debianKeyring()}]`;
  const lines = mirrors.map(
    (uri) => `deb-src ${signed} ${uri} ${DEBIAN_SUITES[release]} main`,
  );
  fs.writeFileSync(path.join(apt, 'sources.list'), `${lines.join('\n')}\n`);

  const options = aptOptions(apt);
  run('apt-get', [...options, '-q', '-q', 'update']);
  const version = newestVersion(options, release);
  run(
    'apt-get',
    [...options, '-q', '-q', '--download-only', 'source', `nodejs=${version}`],
    apt,
  );
  const upstream = version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
  return path.join(apt, `nodejs_${upstream}.orig.tar.xz`);
}

/**
 * @param {string} tarball
 * @param {string} target an empty folder, which becomes the suite's root
 */
function unpack(tarball, target) {
  fs.mkdirSync(target, { recursive: true });
  const excluded = EXCLUDED.map((name) => `--exclude=*/${name}`);
  const wanted = ['*/test', '*/src/node_version.h'];
  const flags = [
    '--strip-components=1',
    '--no-same-owner',
    '--wildcards',
    '--no-wildcards-match-slash',
  ];
  run('tar', ['-xJf', tarball, '-C', target, ...flags, ...excluded, ...wanted]);
}

/**
 * The root of the wanted suite: a folder that holds `test/`. Fetches it when
 * the cache lacks it.
 *
 * @param {string} release
 * @returns {string}
 */
function suiteRoot(release) {
  if (process.env.NODE_SUITE_DIR) {
    const root = path.resolve(process.env.NODE_SUITE_DIR);
    if (!fs.existsSync(path.join(root, 'test', 'parallel'))) {
      throw new Error(`NODE_SUITE_DIR=${root} holds no test/parallel`);
    }
    return root;
  }
  if (!Object.hasOwn(DEBIAN_SUITES, release)) {
    const known = Object.keys(DEBIAN_SUITES).join(', ');
    throw new Error(
      `only ${known} can be fetched: point NODE_SUITE_DIR at a Node source tree`,
    );
  }
  const dir = path.join(CACHE, release);
  const root = path.join(dir, 'src');
  if (fs.existsSync(root)) return root;
  // Unpacked beside its place and renamed, so that a broken-off fetch is not
  // mistaken for a whole one, nor two runs at once for one.
  const partial = path.join(dir, `src.${process.pid}`);
  console.error(`fetching the suite of Node ${release} ...`);
  fs.mkdirSync(dir, { recursive: true });
  unpack(download(release, dir), partial);
  try {
    fs.renameSync(partial, root);
  } catch (error) {
    fs.rmSync(partial, { recursive: true, force: true });
    if (!fs.existsSync(root)) throw error;
  }
  fs.rmSync(path.join(dir, 'apt'), { recursive: true, force: true });
  return root;
}

/**
 * The full version of a suite, from the source tree's own header.
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

module.exports = { CACHE, suiteRoot, suiteVersion, parseDeb822, parseOneLine };
