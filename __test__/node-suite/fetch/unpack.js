'use strict';

const fs = require('node:fs');

const { run } = require('./command.js');

/** The largest directories under test/ that no selected test reads. */
const EXCLUDED = ['test/wpt', 'test/fixtures/wpt', 'test/cctest'];

/**
 * Unpacks the parts of a release's source that the runner reads.
 *
 * @param {string} tarball
 * @param {string} target the folder that becomes the suite's root; what an
 *   earlier try left there goes
 */
function unpack(tarball, target) {
  fs.rmSync(target, { recursive: true, force: true });
  fs.mkdirSync(target, { recursive: true });
  const excluded = EXCLUDED.map((name) => `--exclude=*/${name}`);
  const wanted = ['*/test', '*/src/node_version.h'];
  const flags = [
    '--strip-components=1',
    '--no-same-owner',
    '--wildcards',
    '--no-wildcards-match-slash',
  ];
  run('tar', ['-xf', tarball, '-C', target, ...flags, ...excluded, ...wanted]);
}

module.exports = { unpack };
