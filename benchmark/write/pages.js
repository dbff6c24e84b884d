'use strict';

/*
 * Implements `--write`: the README's part, its chart, and docs/performance.md.
 */

const fs = require('node:fs');
const path = require('node:path');

const { format } = require('../harness/report');
const { drawTen } = require('./chart');
const { performancePage } = require('./performance');
const { readmePart, replacePart, withPeers } = require('./readme');
const { keptResults } = require('./results');

const root = path.join(__dirname, '../..');

/**
 * Returns the pages as the kept results imply them.
 *
 * @returns {Promise<Record<string, string>>} texts by path in the project
 */
async function makePages() {
  const kept = keptResults();
  const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
  const markdown = (text) => format(text, 'markdown');
  return {
    'README.md': await markdown(replacePart(readme, readmePart(kept))),
    'docs/performance.md': await markdown(performancePage(kept)),
    'docs/performance.svg': drawTen(withPeers(kept)),
  };
}

/** Writes the pages. */
async function writePages() {
  for (const [file, text] of Object.entries(await makePages())) {
    fs.writeFileSync(path.join(root, file), text);
    console.log(`written: ${file}`);
  }
}

module.exports = { makePages, writePages };
