'use strict';

// What is published, as tarballs: the main package, which names the packages of
// all platforms as optional dependencies, and those of the platforms whose
// binary lies in the project's folder.
//
//   node scripts/pack.js [folder]     the project's by default

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** The packages of the platforms: folder and manifest of each. */
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

/** Where the sources are, which npm holds against a package's provenance. */
function origin() {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env;
  if (!server || !name) return {};
  return { repository: { type: 'git', url: `git+${server}/${name}.git` } };
}

/** Packs a copy, so that nothing in the project changes. */
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
      // Where npm is no program of its own.
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
  // Of no use to those who install it.
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
  // By which a copy that was cut short is known.
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
