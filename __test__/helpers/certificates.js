'use strict';

// Makes certificates for the tests of one process: an authority, and certificates that
// it has signed for a server and a client.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

function openssl(cwd, ...args) {
  execFileSync('openssl', args, { cwd, stdio: 'pipe' });
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

function makeAuthority(cwd, name) {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  const files = ['-keyout', `${name}.key`, '-out', `${name}.pem`];
  openssl(cwd, 'req', '-x509', ...newKey, ...subject, ...files);
}

function makeSigned(cwd, name, authority) {
  const request = `${name}.csr`;
  const files = ['-keyout', `${name}.key`, '-out', request];
  openssl(cwd, 'req', ...newKey, '-nodes', '-subj', `/CN=${name}`, ...files);
  const by = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`];
  const out = ['-CAcreateserial', '-days', '2', '-out', `${name}.pem`];
  openssl(cwd, 'x509', '-req', '-in', request, ...by, ...out);
}

/** @type {{ cwd: string, ca: string, server: object, client: object } | undefined} */
let made;

/**
 * Returns the certificates. The first call makes them, which takes openssl a third of a
 * second; they are removed when the process ends.
 *
 * @returns {{ cwd: string, ca: string, server: object, client: object }} the
 *   folder, the authority's certificate, and `{ key, cert }` of the two sides
 */
function certificates() {
  made ??= make();
  return made;
}

function make() {
  const cwd = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-'));
  process.on('exit', () => fs.rmSync(cwd, { recursive: true, force: true }));
  const read = (name) => fs.readFileSync(path.join(cwd, name), 'utf8');
  makeAuthority(cwd, 'authority');
  for (const name of ['server', 'client']) makeSigned(cwd, name, 'authority');
  const of = (name) => ({
    key: read(`${name}.key`),
    cert: read(`${name}.pem`),
  });
  return {
    cwd,
    ca: read('authority.pem'),
    server: of('server'),
    client: of('client'),
  };
}

module.exports = { certificates };
