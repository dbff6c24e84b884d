'use strict';

// Packs what is published as tarballs. The main package names the packages of
// all platforms as optional dependencies. Of those, the ones whose binary is in
// the project's folder are packed, too.
//
//   node scripts/pack.js [folder]     the project's by default

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** Returns the packages of the platforms: the folder and manifest of each. */
function platforms() {
  const npm = path.join(root, 'npm');
  return fs
    .readdirSync(npm)
    .sort()
    .map((name) => {
      const folder = path.join(npm, name);
      return { folder, manifest: read(path.join(folder, 'package.json')) };
    });
}

/** Returns the repository, which npm compares with a package's provenance. */
function origin() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (!server || !name) return {};
  return { repository: { type: 'git', url: `git+${server}/${name}.git` } };
}

/** Packs a copy, so that the project does not change. */
function packCopy(files, original, target) {
  const manifest = { ...origin(), ...original };
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-pack-'));
  try {
    for (const [name, from] of Object.entries(files)) {
      fs.cpSync(from, path.join(copy, name), { recursive: true });
    }
    fs.writeFileSync(
      path.join(copy, 'package.json'),
      `${JSON.stringify(manifest, null, 2)}\n`,
    );
    const args = ['pack', '--json', '--pack-destination', target];
    const said = execFileSync('npm', args, {
      cwd: copy,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      // On Windows npm is a script, which needs a shell.
      shell: process.platform === 'win32',
    });
    const [packed] = JSON.parse(said);
    return {
      name: manifest.name,
      version: manifest.version,
      tarball: path.join(target, packed.filename),
      size: packed.size,
      files: packed.files.map((file) => file.path).sort(),
    };
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
}

function packMain(target) {
  const manifest = read(path.join(root, 'package.json'));
  // Users of the package do not need these.
  for (const name of ['devDependencies', 'napi', 'overrides', 'scripts']) {
    delete manifest[name];
  }
  manifest.optionalDependencies = Object.fromEntries(
    platforms().map(({ manifest: { name, version } }) => [name, version]),
  );
  const names = [...manifest.files, 'README.md', 'LICENSE'];
  const files = names.map((name) => [name, path.join(root, name)]);
  return packCopy(Object.fromEntries(files), manifest, target);
}

function packPlatform({ folder, manifest }, target) {
  const binary = path.join(root, manifest.main);
  if (!fs.existsSync(binary)) return undefined;
  const files = {
    'README.md': path.join(folder, 'README.md'),
    LICENSE: path.join(root, 'LICENSE'),
    [manifest.main]: binary,
  };
  // The size by which the loader detects a truncated copy.
  const { size } = fs.statSync(binary);
  return packCopy(files, { ...manifest, binarySize: size }, target);
}

/**
 * @param {string} target the folder that the tarballs go to
 * @returns {{ name: string, version: string, tarball: string, size: number, files: string[] }[]}
 *   the main package first
 */
function pack(target) {
  const binaries = platforms().map((each) => packPlatform(each, target));
  return [packMain(target), ...binaries.filter((each) => each !== undefined)];
}

if (require.main === module) {
  for (const { tarball, size, files } of pack(process.argv[2] ?? root)) {
    console.log(`${tarball}: ${files.length} files, ${size} bytes`);
  }
}

module.exports = { pack, platforms };
