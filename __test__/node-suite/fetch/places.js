'use strict';

/** Lists where Debian has the source package `nodejs` of a release. */

const fs = require('node:fs');
const path = require('node:path');

const { parseDeb822 } = require('./deb822.js');

/**
 * @typedef {object} Place a suite of Debian's on one mirror
 * @property {string} uri of the mirror
 * @property {string} suite e.g. `trixie`
 * @property {string} options of its line in the sources list, which say what
 *   its signature is checked with
 */

/** The Debian suites that carry a Node release, the best first. */
const SUITES = {
  18: ['bookworm', 'bookworm-security', 'bookworm-proposed-updates'],
  20: ['trixie', 'trixie-security', 'trixie-proposed-updates'],
  24: ['forky', 'sid', 'forky-security', 'forky-proposed-updates'],
};

const APT_DIR = '/etc/apt';
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
  '/etc/apt/trusted.gpg.d/debian-archive-keyring.gpg',
];

/**
 * Debian's two archives, by the suite names that distinguish a mirror of them
 * from a third party's archive.
 */
const ARCHIVES = {
  main: /^(buster|bullseye|bookworm|trixie|forky|sid|oldoldstable|oldstable|stable|testing|unstable)$/,
  security:
    /^(bullseye|bookworm|trixie|forky|oldoldstable|oldstable|stable|testing)-security$/,
};

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
 * Lists every archive that the machine's apt is configured with.
 *
 * @param {string} dir apt's folder
 * @returns {{ uri: string, suites: string[] }[]}
 */
function configuredArchives(dir) {
  const parts = path.join(dir, 'sources.list.d');
  const names = fs.existsSync(parts) ? fs.readdirSync(parts).sort() : [];
  const files = [
    'sources.list',
    ...names.map((name) => `sources.list.d/${name}`),
  ];
  return files.flatMap((file) => {
    const full = path.join(dir, file);
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
 * @param {RegExp} archive the suites of one of Debian's
 * @param {string} dir apt's folder
 * @returns {string[]} the configured mirrors of it
 */
function mirrorsOf(archive, dir) {
  const uris = configuredArchives(dir)
    .filter(({ suites }) => suites.some((suite) => archive.test(suite)))
    .map(({ uri }) => uri.replace(/\/+$/, ''))
    .filter((uri) => !uri.startsWith('cdrom:'));
  return [...new Set(uris)];
}

/** @returns {string} the machine's Debian keyring */
function debianKeyring() {
  const found = KEYRINGS.find((file) => fs.existsSync(file));
  if (found) return found;
  throw new Error(`no ${KEYRINGS[0]}: install debian-archive-keyring`);
}

/**
 * Lists the places that may have a release, the best first. Each is checked with
 * Debian's own keyring.
 *
 * @param {string} release e.g. `20`
 * @param {{ aptDir?: string, keyring?: string }} [machine]
 * @returns {Place[]}
 * @throws {Error} where apt is configured with no mirror of Debian
 */
function debianPlaces(release, machine = {}) {
  if (!Object.hasOwn(SUITES, release)) {
    const known = Object.keys(SUITES).join(', ');
    throw new Error(`only ${known} can be fetched`);
  }
  const { aptDir = APT_DIR, keyring = debianKeyring() } = machine;
  const options = `signed-by=${keyring}`;
  const places = SUITES[release].flatMap((/** @type {string} */ suite) => {
    const { main, security } = ARCHIVES;
    const archive = suite.endsWith('-security') ? security : main;
    return mirrorsOf(archive, aptDir).map((uri) => ({ uri, suite, options }));
  });
  if (places.length > 0) return places;
  throw new Error('apt is configured with no mirror of Debian');
}

module.exports = { debianPlaces };
