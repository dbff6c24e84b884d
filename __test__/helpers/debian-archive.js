'use strict';

// Serves a small Debian archive, with the source package `nodejs`, on a loopback
// port. The server answers 404 for files that were removed from its folder.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { folder } = require('./wire');

/**
 * The server. It runs in a thread, because the tests block theirs while they wait
 * for apt.
 */
const SERVER = `
  const fs = require('node:fs');
  const { parentPort, workerData } = require('node:worker_threads');
  const answer = (request, response) => {
    const file = workerData + decodeURIComponent(request.url);
    fs.readFile(file, (error, bytes) => {
      response.statusCode = error ? 404 : 200;
      response.end(error ? '' : bytes);
    });
  };
  const server = require('node:http').createServer(answer);
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address()));
`;

/**
 * Returns the SHA-256 digest of a file, in hexadecimal digits.
 *
 * @param {string} file
 */
const sha256 = (file) =>
  createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/**
 * Returns the line of a file for an index.
 *
 * @param {string} file
 * @param {string} name of the file in the index
 * @returns {string}
 */
const indexLine = (file, name) =>
  ` ${sha256(file)} ${fs.statSync(file).size} ${name}`;

/**
 * Writes a file, and makes its folder.
 *
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

/**
 * Makes the tarball of a source tree with one test.
 *
 * @param {string} scratch
 * @param {string} version of Node, such as `20.19.2`
 * @param {string} tarball
 */
function packSource(scratch, version, tarball) {
  const name = `nodejs-${version}`;
  const [major, minor, patch] = version.split('.');
  const header = Object.entries({ MAJOR: major, MINOR: minor, PATCH: patch })
    .map(([part, value]) => `#define NODE_${part}_VERSION ${value}\n`)
    .join('');
  const files = {
    'src/node_version.h': header,
    'src/node.cc': '',
    'test/parallel/test-net-one.js': `require('net');\n`,
    'test/wpt/heavy.js': '',
  };
  for (const [file, text] of Object.entries(files)) {
    write(path.join(scratch, name, file), text);
  }
  execFileSync('tar', ['-cJf', tarball, '-C', scratch, name]);
}

/**
 * Adds a version of the package to the pool of a suite.
 *
 * @param {string} scratch
 * @param {string} pool
 * @param {string} version of Debian, such as `20.19.2+dfsg-1`
 * @returns {string[]} its files
 */
function packVersion(scratch, pool, version) {
  const upstream = version.replace(/-[^-]*$/, '');
  const at = (/** @type {string} */ name) => path.join(pool, `nodejs_${name}`);
  const files = [
    at(`${version}.dsc`),
    at(`${upstream}.orig-part.tar.xz`),
    at(`${upstream}.orig.tar.xz`),
    at(`${version}.debian.tar.xz`),
  ];
  for (const file of files) write(file, path.basename(file));
  packSource(scratch, /^[\d.]+/.exec(version)[0], files[2]);
  return files;
}

/**
 * Writes the unsigned index of a suite.
 *
 * @param {string} root of the archive
 * @param {string} suite
 * @param {Map<string, string[]>} versions the files of each
 */
function writeIndex(root, suite, versions) {
  const stanzas = [...versions].map(([version, files]) => {
    const lines = files.map((file) => indexLine(file, path.basename(file)));
    return [
      'Package: nodejs',
      'Binary: nodejs',
      `Version: ${version}`,
      'Architecture: any',
      'Format: 3.0 (quilt)',
      `Directory: pool/${suite}`,
      'Checksums-Sha256:',
      ...lines,
      '',
    ].join('\n');
  });
  const dist = path.join(root, 'dists', suite);
  const sources = path.join(dist, 'main', 'source', 'Sources');
  write(sources, stanzas.join('\n'));
  const release = [
    'Origin: a test',
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${new Date().toUTCString().replace('GMT', 'UTC')}`,
    'Architectures: source',
    'Components: main',
    'SHA256:',
    indexLine(sources, 'main/source/Sources'),
    '',
  ];
  write(path.join(dist, 'Release'), release.join('\n'));
}

/**
 * @typedef {object} Archive
 * @property {string} uri
 * @property {(options?: string) => import('../node-suite/fetch/places.js').Place[]} places
 *   returns its suites; their index is trusted unless `options` says otherwise
 * @property {(part: string) => void} lose removes all files whose path contains
 *   `part`
 * @property {(part: string) => void} spoil changes such files, but not the index
 */

/**
 * Lists the files whose path contains `part`.
 *
 * @param {string} root
 * @param {string} part
 * @returns {string[]}
 */
function filesWith(root, part) {
  const names = fs.readdirSync(root, { recursive: true }).map(String);
  const found = names
    .filter((name) => name.includes(part))
    .map((name) => path.join(root, name))
    .filter((file) => fs.statSync(file).isFile());
  if (found.length === 0) throw new Error(`the archive has no ${part}`);
  return found;
}

/**
 * Starts an archive, which is removed when the test ends.
 *
 * @param {object} t the test
 * @param {Record<string, string[]>} suites the versions of `nodejs` in each suite
 * @returns {Promise<Archive>}
 */
async function debianArchive(t, suites) {
  const root = folder(t);
  const scratch = folder(t);
  for (const [suite, versions] of Object.entries(suites)) {
    const pool = path.join(root, 'pool', suite);
    const packed = versions.map((version) => {
      return /** @type {[string, string[]]} */ ([
        version,
        packVersion(scratch, pool, version),
      ]);
    });
    writeIndex(root, suite, new Map(packed));
  }
  const server = new Worker(SERVER, { eval: true, workerData: root });
  t.after(() => server.terminate());
  const [{ port }] = await once(server, 'message');
  const uri = `http://127.0.0.1:${port}`;
  return {
    uri,
    places: (options = 'trusted=yes') =>
      Object.keys(suites).map((suite) => ({ uri, suite, options })),
    lose: (part) => filesWith(root, part).forEach((file) => fs.rmSync(file)),
    spoil: (part) =>
      filesWith(root, part).forEach((file) => {
        const bytes = fs.readFileSync(file);
        bytes[bytes.length - 1] ^= 1;
        fs.writeFileSync(file, bytes);
      }),
  };
}

module.exports = { debianArchive };
