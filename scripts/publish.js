'use strict';

// Publishes every package of one version, or none if a binary is missing:
//
//   node scripts/publish.js v1.2.3 [arguments of npm publish]
//
// The main package comes last, so that it is never available before its
// binaries. Packages that the registry already has are skipped, so an
// interrupted run can be repeated.

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const { version } = require('../package.json');
const { pack, platforms } = require('./pack');

function check(tag, packed) {
  if (tag !== `v${version}`) {
    throw new Error(`the tag is ${tag}, and the version ${version}`);
  }
  const others = packed.filter((each) => each.version !== version);
  if (others.length > 0) {
    const names = others.map((each) => `${each.name} ${each.version}`);
    throw new Error(`not of version ${version}: ${names.join(', ')}`);
  }
  const names = new Set(packed.map((each) => each.name));
  const missing = platforms()
    .map(({ manifest }) => manifest)
    .filter(({ name }) => !names.has(name));
  if (missing.length > 0) {
    const files = missing.map(({ main }) => main);
    throw new Error(`${files.length} binaries are missing: ${files.join(' ')}`);
  }
}

function isPublished({ name }) {
  const args = ['view', `${name}@${version}`, 'version', '--json'];
  const { status, stdout } = spawnSync('npm', args, { encoding: 'utf8' });
  // For a version that does not exist, npm prints nothing and succeeds.
  if (status === 0) return stdout.trim() !== '';
  if (JSON.parse(stdout).error.code === 'E404') return false;
  throw new Error(`npm view ${name}: ${stdout}`);
}

function publish(packed, args) {
  // `npm install` must not select a version such as 1.2.3-beta.1 by default.
  const channel = version.includes('-') ? ['--tag', 'next'] : [];
  const [main, ...binaries] = packed;
  for (const each of [...binaries, main]) {
    if (isPublished(each)) {
      console.log(`${each.name}@${version} is there already`);
      continue;
    }
    execFileSync('npm', ['publish', each.tarball, ...channel, ...args], {
      stdio: 'inherit',
    });
  }
}

function main() {
  const [tag, ...args] = process.argv.slice(2);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-publish-'));
  try {
    const packed = pack(folder);
    check(tag, packed);
    publish(packed, args);
  } catch (error) {
    console.error(`stopped publishing: ${error.message}`);
    process.exitCode = 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
