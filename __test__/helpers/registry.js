'use strict';

// Runs a package registry on loopback that serves only the packed packages.

const { execFileSync } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** Returns the package.json of a tarball. */
function manifestIn(tarball) {
  const args = ['-xzOf', tarball, 'package/package.json'];
  return JSON.parse(execFileSync('tar', args, { encoding: 'utf8' }));
}

function sha512(file) {
  const hash = crypto.createHash('sha512').update(fs.readFileSync(file));
  return `sha512-${hash.digest('base64')}`;
}

/**
 * Starts the registry.
 *
 * @param {{ tarball: string }[]} packed packages that can be downloaded
 * @param {any[]} known manifests of further packages, whose tarballs cannot be
 *   downloaded
 * @returns {Promise<{ url: string, asked: string[], close: () => void }>} `asked`
 *   are the names of the requested tarballs
 */
async function startRegistry(packed, known) {
  /** @type {Record<string, any>} */
  const packages = {};
  const tarballs = {};
  const asked = [];
  const add = (manifest, integrity) => {
    packages[manifest.name] = { ...manifest, dist: { integrity } };
  };
  for (const manifest of known) add(manifest, `sha512-${'A'.repeat(86)}==`);
  for (const { tarball } of packed) {
    add(manifestIn(tarball), sha512(tarball));
    tarballs[path.basename(tarball)] = tarball;
  }

  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url ?? '').slice(1);
    const found = packages[name];
    if (found !== undefined) {
      const { version } = found;
      const tarball = `${url}/${name}-${version}.tgz`;
      const full = { ...found, dist: { ...found.dist, tarball } };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          name,
          'dist-tags': { latest: version },
          versions: { [version]: full },
        }),
      );
      return;
    }
    if (name.endsWith('.tgz')) asked.push(name);
    if (tarballs[name] !== undefined) {
      fs.createReadStream(tarballs[name]).pipe(response);
    } else {
      response.writeHead(404).end('{}');
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('net').AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}`;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url, asked, close };
}

module.exports = { manifestIn, startRegistry };
