'use strict';

// Tests of how Node's own suite is fetched. One source is a local archive that
// loses one file after the other; the other is the copy of an earlier fetch.

const assert = require('node:assert');
const { execFile, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { promisify } = require('node:util');

const { debianArchive } = require('../helpers/debian-archive.js');
const { folder } = require('../helpers/wire.js');
const { copiesFolder } = require('./fetch/copies.js');
const { debianPlaces } = require('./fetch/places.js');
const { suiteRoot, suiteVersion } = require('./fetch.js');

const lacksApt = spawnSync('apt-get', ['--version']).status !== 0;
const needsApt = { skip: lacksApt && 'apt is missing' };

const SUITES = {
  trixie: ['20.19.2+dfsg-1', '20.19.10+dfsg-1', '24.1.0-1'],
  'trixie-security': ['20.19.3+dfsg-1'],
};
const COPY = 'node-20.tar.gz';

// These tests must not use the tree that a developer has configured.
delete process.env.NODE_SUITE_DIR;

/** Creates a project and a user without a suite. */
function newcomer(t) {
  const cache = folder(t);
  const copies = path.join(folder(t), 'deep', 'copies');
  return { cache, copies };
}

/** @returns {string} the version of Node 20's suite, fetched from these places */
function fetchFrom(places, { cache, copies }) {
  const from = { places: () => places, copies: () => copies, cache };
  const root = suiteRoot('20', from);
  assert.ok(fs.existsSync(path.join(root, 'test/parallel/test-net-one.js')));
  // No folder of apt's is left, and nothing is unpacked that is not read.
  assert.deepStrictEqual(fs.readdirSync(path.join(cache, '20')), ['src']);
  assert.deepStrictEqual(fs.readdirSync(path.join(root, 'test')), ['parallel']);
  assert.deepStrictEqual(fs.readdirSync(path.join(root, 'src')), [
    'node_version.h',
  ]);
  return suiteVersion(root);
}

/** @returns {string} the message of the error when no suite is found */
function complaintOf(places, { cache, copies }) {
  const from = { places: () => places, copies: () => copies, cache };
  let message = '';
  assert.throws(
    () => suiteRoot('20', from),
    (error) => {
      message = /** @type {Error} */ (error).message;
      return true;
    },
  );
  assert.deepStrictEqual(fs.readdirSync(path.join(cache, '20')), []);
  return message;
}

test('the newest version of the major, and a copy', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const me = newcomer(t);
  assert.strictEqual(fetchFrom(archive.places(), me), '20.19.10');
  assert.deepStrictEqual(fs.readdirSync(me.copies), [COPY]);
});

test('the tarball is all that is needed of a version', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  archive.lose('trixie/nodejs_20.19.10+dfsg-1.dsc');
  archive.lose('trixie/nodejs_20.19.10+dfsg-1.debian.tar.xz');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.10');
  archive.lose('trixie/nodejs_20.19.10+dfsg.orig-part.tar.xz');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.10');
});

test('a lost tarball: the next version', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  archive.lose('trixie/nodejs_20.19.10+dfsg.orig.tar.xz');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.2');
});

test('a tarball of another hash: the next version', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  archive.spoil('trixie/nodejs_20.19.10+dfsg.orig.tar.xz');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.2');
});

test('lost tarballs: another suite', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  archive.lose('trixie/nodejs_20.19.10+dfsg.orig.tar.xz');
  archive.lose('trixie/nodejs_20.19.2+dfsg.orig.tar.xz');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.3');
});

test('a lost index: another suite', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  archive.lose('dists/trixie/');
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.3');
});

test('a suite without the major: another suite', needsApt, async (t) => {
  const archive = await debianArchive(t, { sid: ['24.1.0-1'], ...SUITES });
  assert.strictEqual(fetchFrom(archive.places(), newcomer(t)), '20.19.10');
});

test('everything lost: the copy of an earlier fetch', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const me = newcomer(t);
  fetchFrom(archive.places(), me);
  archive.lose('');
  const second = { ...me, cache: folder(t) };
  assert.strictEqual(fetchFrom(archive.places(), second), '20.19.10');
});

test('a newer suite replaces the copy', needsApt, async (t) => {
  const me = newcomer(t);
  for (const version of ['20.1.0-1', '20.2.0-1']) {
    const archive = await debianArchive(t, { trixie: [version] });
    fetchFrom(archive.places(), { ...me, cache: folder(t) });
  }
  assert.strictEqual(fetchFrom([], { ...me, cache: folder(t) }), '20.2.0');
});

test(
  'nothing anywhere: what was tried, and the way out',
  needsApt,
  async (t) => {
    const archive = await debianArchive(t, SUITES);
    archive.lose('trixie/nodejs_20.19.10+dfsg.orig.tar.xz');
    archive.lose('trixie/nodejs_20.19.2+dfsg.orig.tar.xz');
    archive.lose('dists/trixie-security/');
    const me = newcomer(t);
    const lines = complaintOf(archive.places(), me).split('\n');
    const at = `of ${archive.uri}`;
    const expected = [
      /^the test suite of Node 20 was not found/,
      /^ {2}trixie AT, 20\.19\.10\+dfsg-1: .*orig\.tar\.xz +404 /,
      /^ {2}trixie AT, 20\.19\.2\+dfsg-1: .*orig\.tar\.xz +404 /,
      /^ {2}trixie-security AT: .* 404 /,
      /^ {2}COPIES: it has no node-20\.tar\.gz$/,
      /^NODE_SUITE_DIR takes the root of any unpacked source/,
    ];
    const said = lines.map((line) =>
      line.replace(at, 'AT').replace(me.copies, 'COPIES'),
    );
    assert.strictEqual(said.length, expected.length, said.join('\n'));
    for (const [n, pattern] of expected.entries()) {
      assert.match(said[n], pattern);
    }
  },
);

test('an archive that is not signed is refused', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const keyring = path.join(folder(t), 'keyring.gpg');
  fs.writeFileSync(keyring, '');
  const [{ options }] = debianPlaces('20', { keyring });
  assert.strictEqual(options, `signed-by=${keyring}`);
  const message = complaintOf(archive.places(options), newcomer(t));
  assert.match(message, /trixie of .* is not signed/);
});

test('an archive that cannot be reached is said to be so', needsApt, (t) => {
  const place = {
    uri: 'http://127.0.0.1:1/debian',
    suite: 'trixie',
    options: 'trusted=yes',
  };
  const message = complaintOf([place], newcomer(t));
  assert.match(message, /trixie of \S+: .*Could not connect/);
});

test('a copy that is cut short is one more try', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const me = newcomer(t);
  fetchFrom(archive.places(), me);
  const copy = path.join(me.copies, COPY);
  fs.truncateSync(copy, fs.statSync(copy).size - 20);
  const message = complaintOf([], { ...me, cache: folder(t) });
  assert.ok(message.includes(`  ${me.copies}: `), message);
});

test('a folder that takes no copy does no harm', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const file = path.join(folder(t), 'file');
  fs.writeFileSync(file, '');
  const me = { cache: folder(t), copies: path.join(file, 'copies') };
  assert.strictEqual(fetchFrom(archive.places(), me), '20.19.10');
});

test('fetches at the same time do not meet', needsApt, async (t) => {
  const archive = await debianArchive(t, SUITES);
  const me = newcomer(t);
  const program = `
    const [places, copies, cache] = JSON.parse(process.argv[1]);
    const { suiteRoot } = require(${JSON.stringify(require.resolve('./fetch.js'))});
    suiteRoot('20', { places: () => places, copies: () => copies, cache });`;
  const given = JSON.stringify([archive.places(), me.copies, me.cache]);
  const args = ['-e', program, given];
  const run = promisify(execFile);
  await Promise.all([1, 2, 3].map(() => run(process.execPath, args)));
  assert.strictEqual(fetchFrom([], me), '20.19.10');
  assert.deepStrictEqual(fs.readdirSync(me.copies), [COPY]);
});

test('without apt the copy is tried all the same', (t) => {
  const { PATH } = process.env;
  t.after(() => (process.env.PATH = PATH));
  process.env.PATH = folder(t);
  const message = complaintOf([], newcomer(t));
  assert.match(message, /Debian: apt-get is not on this machine/);
  assert.match(message, /it has no node-20\.tar\.gz/);
});

test('the copies lie in the cache folder of the user', () => {
  const home = path.join(os.homedir(), '.cache');
  const below = path.join('rust-net', 'node-suite');
  const moved = path.resolve('/elsewhere');
  assert.strictEqual(copiesFolder({}), path.join(home, below));
  assert.strictEqual(
    copiesFolder({ XDG_CACHE_HOME: moved }),
    path.join(moved, below),
  );
  assert.strictEqual(
    copiesFolder({ XDG_CACHE_HOME: 'not/absolute' }),
    path.join(home, below),
  );
  assert.strictEqual(
    copiesFolder({ XDG_CACHE_HOME: '/x', NET_SUITE_CACHE: moved }),
    moved,
  );
});

test('the configured mirrors of Debian', (t) => {
  const aptDir = folder(t);
  const machine = { aptDir, keyring: 'K' };
  const urisOf = () =>
    debianPlaces('20', machine).map(({ uri, suite }) => `${suite} ${uri}`);
  assert.throws(urisOf, /apt is configured with no mirror of Debian/);
  fs.writeFileSync(
    path.join(aptDir, 'sources.list'),
    [
      '# deb http://commented.example/debian bookworm main',
      'deb [arch=amd64] http://one.example/debian/ bookworm main',
      'deb cdrom:[Debian]/ bookworm main',
      'deb http://other.example/ubuntu noble main',
    ].join('\n'),
  );
  fs.mkdirSync(path.join(aptDir, 'sources.list.d'));
  fs.writeFileSync(
    path.join(aptDir, 'sources.list.d', 'debian.sources'),
    [
      'Types: deb',
      'URIs: http://two.example/debian',
      'Suites: trixie trixie-updates',
      '',
      'Enabled: no',
      'URIs: http://off.example/debian',
      'Suites: trixie',
      '',
      'URIs: http://two.example/security',
      'Suites: bookworm-security',
    ].join('\n'),
  );
  assert.deepStrictEqual(urisOf(), [
    'trixie http://one.example/debian',
    'trixie http://two.example/debian',
    'trixie-security http://two.example/security',
    'trixie-proposed-updates http://one.example/debian',
    'trixie-proposed-updates http://two.example/debian',
  ]);
  assert.throws(() => debianPlaces('21', machine), /only 18, 20, 24 can be/);
});
