'use strict';

// The types, as an editor of a user's sees them: the packed package, installed
// beside each release of @types/node, and the files of `types/` compiled against
// it in each way of resolving modules.

const assert = require('node:assert');
const { execFile, execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { before, test } = require('node:test');
const { promisify } = require('node:util');

const ts = require('typescript');

const { pack } = require('../scripts/pack');

const root = path.resolve(__dirname, '..');
const modules = path.join(root, 'node_modules');
const sources = path.join(__dirname, 'types');
const limit = { timeout: 240_000 };
const releases = { 18: 'types-node-18', 20: '@types/node' };
for (const release of [22, 24, 26]) releases[release] = `types-node-${release}`;

/** By name, the compiler's options. */
const resolutions = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'preserve', moduleResolution: 'bundler' },
};

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-types-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** @type {any} the main package's tarball */
let tarball;
before(() => {
  [{ tarball }] = pack(folder);
}, limit);

/** A project with the package and one release of @types/node. */
function project(release) {
  const at = path.join(folder, `node${release}`);
  const inside = path.join(at, 'node_modules');
  const target = path.join(inside, 'rust-net');
  fs.mkdirSync(path.join(inside, '@types'), { recursive: true });
  fs.mkdirSync(target);
  execFileSync('tar', ['xzf', tarball, '--strip=1', '-C', target]);
  fs.symlinkSync(
    path.join(modules, releases[release]),
    path.join(inside, '@types/node'),
  );
  fs.cpSync(sources, path.join(at, 'src'), { recursive: true });
  fs.writeFileSync(path.join(at, 'package.json'), '{"type":"commonjs"}');
  return at;
}

const compilerOptions = {
  exactOptionalPropertyTypes: false,
  lib: ['es2023', 'esnext.disposable'],
  noEmit: true,
  // Of @types/node as well as ours.
  skipLibCheck: false,
  strict: true,
  target: 'es2022',
  types: ['node'],
};

/** What the compiler has to say; nothing, if all is well. */
async function compile(at, name) {
  const config = path.join(at, `tsconfig.${name}.json`);
  fs.writeFileSync(
    config,
    JSON.stringify({
      compilerOptions: { ...compilerOptions, ...resolutions[name] },
      include: ['src'],
    }),
  );
  const tsc = path.join(modules, 'typescript/bin/tsc');
  const run = promisify(execFile)(process.execPath, [tsc, '-p', config]);
  return run.then(
    ({ stdout }) => stdout,
    ({ stdout, message }) => stdout || message,
  );
}

for (const release of Object.keys(releases)) {
  test(`beside @types/node ${release}`, limit, async () => {
    const manifest = require(`${releases[release]}/package.json`);
    assert.strictEqual(manifest.version.split('.')[0], release);
    const at = project(release);
    for (const name of Object.keys(resolutions)) {
      assert.strictEqual(await compile(at, name), '', name);
    }
  });
}

test('a mistake is found', limit, async () => {
  const at = path.join(folder, 'node20');
  fs.writeFileSync(
    path.join(at, 'src/mistake.ts'),
    "import { createServer } from 'rust-net';\ncreateServer({ relay: 'on' });\n",
  );
  assert.match(
    await compile(at, 'node16'),
    /mistake\.ts\(2,16\): error .*\n.*\n.*'relay'/,
  );
});

test('what the types name is there at run time', limit, async () => {
  const at = path.join(folder, 'runs');
  fs.mkdirSync(path.join(at, 'node_modules'), { recursive: true });
  fs.symlinkSync(root, path.join(at, 'node_modules/rust-net'));
  const source = fs.readFileSync(path.join(sources, 'named.mts'), 'utf8');
  const { outputText } = ts.transpileModule(source, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
    },
  });
  const file = path.join(at, 'named.mjs');
  fs.writeFileSync(file, outputText);
  const { stderr } = await promisify(execFile)(process.execPath, [file]);
  assert.strictEqual(stderr, '');
});

const bin = (name) => path.join(modules, '.bin', name);

test('publint finds nothing', limit, async () => {
  const { stdout } = await promisify(execFile)(bin('publint'), [tarball]);
  assert.match(stdout, /All good!/);
});

test('are the types wrong? no', limit, async () => {
  const { stdout } = await promisify(execFile)(bin('attw'), [
    ...['--format', 'json'],
    tarball,
  ]);
  const { analysis } = JSON.parse(stdout);
  assert.strictEqual(analysis.types.kind, 'included');
  assert.deepStrictEqual(analysis.problems, []);
});
