'use strict';

// A small Debian archive on a loopback port, with the source package `nodejs`
// in it. A file that is taken out of its folder answers 404.

const { execFileSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { folder } = require('./wire');

/** Serves a folder, in a thread: the tests wait for apt in their own. */
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

/** @param {string} file */
const sha256 = (file) =>
  createHash('sha256').update(fs.readFileSync(file)).digest('hex');

/**
 * @param {string} file
 * @param {string} name as the index calls it
 * @returns {string} a line of an index
 */
const indexLine = (file, name) =>
  ` ${sha256(file)} ${fs.statSync(file).size} ${name}`;

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

/**
 * Makes a source tree with one test, and the tarball of it.
 *
 * @param {string} scratch
 * @param {string} version Node's, e.g. `20.19.2`
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
 * Puts a version of the package into a suite's pool.
 *
 * @param {string} scratch
 * @param {string} pool
 * @param {string} version Debian's, e.g. `20.19.2+dfsg-1`
 * @returns {string[]} the files of it
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
 * Writes the index of a suite, unsigned.
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
 *   its suites; their index is trusted, unless `options` say otherwise
 * @property {(part: string) => void} lose makes all files answer 404 whose path
 *   holds `part`
 * @property {(part: string) => void} spoil changes those files behind the index
 */

/**
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
 * Starts an archive, which goes when the test ends.
 *
 * @param {object} t the test
 * @param {Record<string, string[]>} suites Debian's versions of `nodejs` in each
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
