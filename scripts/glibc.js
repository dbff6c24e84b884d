'use strict';

// Fails if a binary in the project's folder requires a newer glibc than
// allowed: `node scripts/glibc.js 2.17`. A binary contains the versions as
// text.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');

function compare(a, b) {
  const [x, y] = [a, b].map((text) => text.split('.').map(Number));
  return x[0] - y[0] || (x[1] ?? 0) - (y[1] ?? 0) || (x[2] ?? 0) - (y[2] ?? 0);
}

/**
 * @param {string} file a binary for Linux
 * @returns {string | undefined} the newest version of glibc that it asks for
 */
function newestGlibc(file) {
  const text = fs.readFileSync(file, 'latin1');
  const versions = [...text.matchAll(/\bGLIBC_(\d[\d.]*)\0/g)];
  return versions
    .map(([, version]) => version)
    .sort(compare)
    .at(-1);
}

function main() {
  const allowed = process.argv[2];
  const files = fs.readdirSync(root).filter((name) => /gnu\.node$/.test(name));
  if (!allowed || files.length === 0) {
    console.error('usage: glibc.js VERSION, beside a binary for glibc');
    process.exit(2);
  }
  for (const name of files) {
    const needed = newestGlibc(path.join(root, name));
    const isFine = needed !== undefined && compare(needed, allowed) <= 0;
    console.log(`${isFine ? 'ok  ' : 'FAIL'} ${name} needs glibc ${needed}`);
    if (!isFine) process.exitCode = 1;
  }
}

main();
