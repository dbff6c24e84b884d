'use strict';

// What is published: the tarballs, installed into an empty project without a
// Rust toolchain and without a network.

const assert = require('node:assert');
const { execFile, execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { before, test } = require('node:test');
const os = require('node:os');
const { promisify } = require('node:util');

const { builds } = require('../../lib/handle/binary');
const manifest = require('../../package.json');
const { pack, platforms } = require('../../scripts/pack');
const { manifestIn, startRegistry } = require('../helpers/registry');

const root = path.resolve(__dirname, '../..');
const limit = { timeout: 120_000 };
// Npm and Node, and nothing that could build an addon.
const bare = [path.dirname(process.execPath), '/usr/bin', '/bin'].join(':');

/** A folder for the whole file. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-package-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** @type {any[]} */
let packed;
before(() => {
  packed = pack(folder);
}, limit);

function project(name) {
  const at = path.join(folder, name);
  fs.mkdirSync(at);
  fs.writeFileSync(path.join(at, 'package.json'), '{"name":"empty"}');
  return at;
}

function install(at, tarballs) {
  const args = ['install', '--offline', '--no-audit', '--no-fund'];
  const env = { ...process.env, PATH: bare };
  execFileSync('npm', [...args, ...tarballs], { cwd: at, env, stdio: 'pipe' });
}

/** Runs a program in a project; its output, and what went wrong. */
function runs(at, program, env = {}) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-e', program],
    { cwd: at, encoding: 'utf8', env: { ...process.env, PATH: bare, ...env } },
  );
  return { status, stdout, stderr };
}

/** Those that lie in the project's folder. */
function binaries() {
  return platforms()
    .map((each) => path.join(root, each.manifest.main))
    .filter((file) => fs.existsSync(file));
}

const echo = `
  const net = require('rust-net');
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    client.setEncoding('utf8').on('data', (data) => {
      console.log(data, net.getStats().accepted);
      client.end();
    });
    client.on('close', () => server.close()).write('hello');
  });`;

test('a package for each platform, all of one version', () => {
  const names = Object.values(builds).flat();
  const found = platforms().map((each) => each.manifest);
  assert.deepStrictEqual(
    found.map(({ name }) => name),
    names.map((name) => `${manifest.name}-${name}`).sort(),
  );
  assert.strictEqual(manifest.napi.targets.length, names.length);
  for (const { name, main, version, os: systems, cpu } of found) {
    assert.strictEqual(version, manifest.version);
    assert.strictEqual(name.replace('rust-net-', ''), main.split('.')[1]);
    const [system, arch] = name.split('-').slice(2);
    assert.deepStrictEqual([systems, cpu], [[system], [arch]]);
  }
});

test('the tarballs hold what is needed and nothing else', () => {
  const [main, platform] = packed;
  assert.strictEqual(main.name, 'rust-net');
  const roots = new Set(main.files.map((file) => file.split('/')[0]));
  assert.deepStrictEqual(
    [...roots].sort(),
    [...manifest.files, 'LICENSE', 'README.md', 'package.json'].sort(),
  );
  const strange = main.files.filter(
    (file) => !/\.(js|d\.ts|md)$|^LICENSE$|^package\.json$/.test(file),
  );
  assert.deepStrictEqual(strange, []);
  assert.deepStrictEqual(platform.files, [
    'LICENSE',
    'README.md',
    'package.json',
    `${platform.name.replace('rust-net-', 'rust-net.')}.node`,
  ]);
  for (const { tarball } of packed) {
    const { scripts, dependencies } = manifestIn(tarball);
    assert.deepStrictEqual([scripts, dependencies], [undefined, undefined]);
  }
});

test('of the optional packages a registry has, one is installed', async (t) => {
  const at = project('by-name');
  const known = platforms().map((each) => each.manifest);
  const registry = await startRegistry(packed, known);
  t.after(registry.close);
  const args = ['install', '--no-audit', '--no-fund', manifest.name];
  await promisify(execFile)('npm', [...args, '--registry', registry.url], {
    cwd: at,
    env: { ...process.env, PATH: bare, npm_config_cache: `${at}/cache` },
  });
  const installed = fs.readdirSync(path.join(at, 'node_modules'));
  const names = packed.map(({ name }) => name);
  assert.deepStrictEqual(
    installed.filter((name) => !name.startsWith('.')).sort(),
    names,
  );
  assert.deepStrictEqual(
    registry.asked.sort(),
    packed.map(({ tarball }) => path.basename(tarball)).sort(),
  );
  assert.strictEqual(runs(at, echo).stdout, 'hello 1\n');
});

test('installed where nothing can be built, it works', limit, () => {
  const at = project('whole');
  const tarballs = packed.map(({ tarball }) => tarball);
  install(at, tarballs);
  const outcome = runs(at, echo);
  assert.deepStrictEqual(outcome, {
    status: 0,
    stdout: 'hello 1\n',
    stderr: '',
  });
});

test('without the package of the platform', limit, () => {
  const at = project('main-alone');
  install(at, [packed[0].tarball]);
  const { status, stderr } = runs(at, "require('rust-net')");
  assert.strictEqual(status, 1);
  assert.match(stderr, /rust-net has no binary for \w+ \w+: rust-net-/);
  assert.match(stderr, /npm run build/);
  assert.match(stderr, /MODULE_NOT_FOUND/);
});

test('a platform that nothing is built for', limit, () => {
  const at = project('elsewhere');
  install(at, [packed[0].tarball]);
  const { stderr } = runs(
    at,
    `Object.defineProperty(process, 'arch', { value: 'mips' });
     require('rust-net');`,
  );
  assert.match(stderr, /rust-net has no binary for \w+ mips, only for darwin-/);
  assert.match(stderr, /npm run build/);
});

test('a binary that was built where nothing is published', limit, () => {
  const at = project('built');
  install(at, [packed[0].tarball]);
  const [binary] = binaries();
  const inside = path.join(at, 'node_modules', manifest.name);
  const name = `rust-net.${process.platform}-mips-gnu.node`;
  fs.copyFileSync(binary, path.join(inside, name));
  const elsewhere = `
    Object.defineProperty(process, 'arch', { value: 'mips' });`;
  assert.strictEqual(runs(at, elsewhere + echo).stdout, 'hello 1\n');
});

test('of two C libraries the one that is here', limit, () => {
  const at = project('both');
  install(at, [packed[0].tarball]);
  const inside = path.join(at, 'node_modules', manifest.name);
  const start = `rust-net.linux-${process.arch}`;
  for (const name of ['gnu', 'musl']) {
    fs.copyFileSync(binaries()[0], path.join(inside, `${start}-${name}.node`));
  }
  // Whichever comes first is loaded: to this system both are the same.
  const loadedOn = (hasMusl) => `
    Object.defineProperty(process, 'platform', { value: 'linux' });
    const fs = require('fs');
    const { existsSync } = fs;
    fs.existsSync = (file) =>
      /ld-musl-\\w+\\.so\\.1$/.test(file) ? ${hasMusl} : existsSync(file);
    require('rust-net');
    require('rust-net/handles');
    const loaded = Object.keys(require.cache).filter((n) => /node$/.test(n));
    console.log(loaded.map((name) => require('path').basename(name)).join());`;
  assert.strictEqual(runs(at, loadedOn(true)).stdout, `${start}-musl.node\n`);
  assert.strictEqual(runs(at, loadedOn(false)).stdout, `${start}-gnu.node\n`);
});

test('RUST_NET_BINARY names the binary', limit, () => {
  const at = project('named');
  install(at, [packed[0].tarball]);
  const [binary] = binaries();
  fs.copyFileSync(binary, path.join(at, 'elsewhere.node'));
  const named = runs(at, echo, { RUST_NET_BINARY: 'elsewhere.node' });
  assert.deepStrictEqual([named.status, named.stdout], [0, 'hello 1\n']);
  // Nothing else is taken then.
  install(at, [packed[1].tarball]);
  const { status, stderr } = runs(at, echo, { RUST_NET_BINARY: 'nowhere' });
  assert.strictEqual(status, 1);
  assert.match(stderr, /rust-net cannot load .*nowhere: /);
});

test('nothing is published where something is missing', limit, (t) => {
  const publish = (tag) =>
    spawnSync(process.execPath, ['scripts/publish.js', tag, '--dry-run'], {
      cwd: root,
      encoding: 'utf8',
    });
  const wrong = publish('v0.0.1');
  assert.deepStrictEqual([wrong.status, wrong.stdout], [1, '']);
  assert.match(wrong.stderr, /the tag is v0\.0\.1, and the version /);
  const missing = platforms().length - binaries().length;
  if (missing === 0) return t.diagnostic('every binary is here');
  const few = publish(`v${manifest.version}`);
  assert.deepStrictEqual([few.status, few.stdout], [1, '']);
  assert.match(few.stderr, new RegExp(`${missing} binaries are missing: rust`));
});

test('a binary of another version, or a damaged one', limit, () => {
  const at = project('other');
  install(
    at,
    packed.map(({ tarball }) => tarball),
  );
  const inside = path.join(at, 'node_modules', packed[1].name);
  const file = path.join(inside, 'package.json');
  const theirs = JSON.parse(fs.readFileSync(file, 'utf8'));
  fs.writeFileSync(file, JSON.stringify({ ...theirs, version: '0.0.9' }));
  assert.match(
    runs(at, echo).stderr,
    /rust-net-.* has version 0\.0\.9, and rust-net has \d+\.\d+\.\d+\. Reinstall/,
  );
  fs.writeFileSync(file, JSON.stringify(theirs));
  const text = 'no binary'.padEnd(theirs.binarySize);
  fs.writeFileSync(path.join(inside, theirs.main), text);
  const { status, stderr } = runs(at, echo);
  assert.strictEqual(status, 1);
  assert.match(stderr, /rust-net cannot load .*\.node: /);
  assert.match(stderr, /npx rust-net doctor/);
});

test('a binary that was cut short', limit, () => {
  const at = project('cut');
  install(
    at,
    packed.map(({ tarball }) => tarball),
  );
  const inside = path.join(at, 'node_modules', packed[1].name);
  const { main, binarySize } = JSON.parse(
    fs.readFileSync(path.join(inside, 'package.json'), 'utf8'),
  );
  const file = path.join(inside, main);
  assert.strictEqual(fs.statSync(file).size, binarySize);
  fs.truncateSync(file, 4096);
  const { status, stderr } = runs(at, echo);
  assert.strictEqual(status, 1);
  assert.match(
    stderr,
    new RegExp(`damaged: .* 4096 bytes, .* has ${binarySize}\\.`),
  );
  const doctor = path.join(at, 'node_modules/rust-net/cli/rust-net.js');
  const said = spawnSync(process.execPath, [doctor, 'doctor'], {
    encoding: 'utf8',
  });
  assert.deepStrictEqual([said.status, said.stderr], [1, '']);
  assert.match(said.stdout, /^FAIL +binary +.* is damaged: it has 4096 bytes/m);
});

test('the binary in a build is stripped', () => {
  const [binary] = binaries();
  assert.ok(binary);
  // The section that `strip` takes away.
  assert.strictEqual(fs.readFileSync(binary).includes('.symtab'), false);
});
