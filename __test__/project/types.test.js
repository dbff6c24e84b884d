'use strict';

// The types, as an editor of a user's sees them: the packed package, installed
// beside each release of @types/node, and the files of `types/` compiled against
// it in each way of resolving modules, as CommonJS and as ESM.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { before, test } = require('node:test');
const { promisify } = require('node:util');

const { pack } = require('../../scripts/pack');
const { unused } = require('../helpers/type-coverage');
const {
  complaints,
  createProgram,
  install,
  modules,
  ownFiles,
  releases,
  resolutions,
} = require('../helpers/type-program');

const sources = path.join(__dirname, '../types');
const limit = { timeout: 240_000 };

const folder = fs.realpathSync(
  fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-types-')),
);
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** @type {any} the main package's tarball */
let tarball;
before(() => {
  [{ tarball }] = pack(folder);
}, limit);

/** The type tests in a folder for each kind of module; their files. */
function copySources(at) {
  return ['commonjs', 'module'].flatMap((type) => {
    const target = path.join(at, type);
    fs.cpSync(sources, target, { recursive: true });
    fs.writeFileSync(
      path.join(target, 'package.json'),
      JSON.stringify({ type }),
    );
    return fs.readdirSync(sources).map((name) => path.join(target, name));
  });
}

for (const [major, name] of Object.entries(releases)) {
  test(`beside @types/node ${major}`, limit, () => {
    const { version } = require(`${name}/package.json`);
    assert.strictEqual(version.split('.')[0], major);
    const at = path.join(folder, `node${major}`);
    install(at, tarball, major);
    const files = copySources(at);
    for (const [resolution, options] of Object.entries(resolutions)) {
      const program = createProgram(at, files, options);
      // That release and no other.
      assert.deepStrictEqual(
        program
          .getSourceFiles()
          .map(({ fileName }) => fileName)
          .filter((each) => /types(\/node|-node-\d+)\/net\.d\.ts$/.test(each)),
        [fs.realpathSync(path.join(modules, name, 'net.d.ts'))],
      );
      // All declarations together once, which takes long; then ours alone.
      const isFirst = resolution === 'node16';
      const looked = isFirst ? undefined : ownFiles(program, at);
      assert.deepStrictEqual(complaints(program, looked), [], resolution);
    }
  });
}

/** A project with one source and the newest @types/node. */
function single(name, text, options) {
  const at = path.join(folder, name);
  install(at, tarball, 26);
  const file = path.join(at, 'index.ts');
  fs.writeFileSync(file, text);
  const program = createProgram(at, [file], {
    ...resolutions.node16,
    ...options,
  });
  return complaints(program, ownFiles(program, at));
}

const entries = Object.keys(require('../../package.json').exports)
  .filter((entry) => entry !== './package.json')
  .map((entry) => path.posix.join('rust-net', entry));

for (const entry of entries) {
  // The default of TypeScript 6: no types that nobody names.
  test(`${entry} alone brings the types it needs`, limit, () => {
    const name = entry.replace('/', '-');
    const text = `import * as all from '${entry}';\nvoid all;\n`;
    assert.deepStrictEqual(single(name, text, { types: [] }), []);
  });
}

test('a mistake is found', limit, () => {
  const text = `import { createServer } from 'rust-net';
createServer({ relay: 'on' });
`;
  const [first, ...rest] = single('mistake', text, {});
  assert.match(first, /^index\.ts:2 .*'string' is not assignable to .*boolean/);
  assert.deepStrictEqual(rest, []);
});

test('every declaration is in a type test', limit, () => {
  const at = path.join(folder, 'coverage');
  install(at, tarball, 20);
  const files = copySources(at);
  const program = createProgram(at, files, resolutions.node16);
  const own = ownFiles(program, at);
  const isOurs = ({ fileName }) => fileName.includes('node_modules');
  const declaring = own.filter(isOurs);
  assert.strictEqual(declaring.length, entries.length);
  const testing = own.filter((file) => !isOurs(file));
  assert.deepStrictEqual(unused(program, declaring, testing), []);
});

const bin = (name) => path.join(modules, '.bin', name);

test('publint finds nothing', limit, async () => {
  const { stdout } = await promisify(execFile)(bin('publint'), [
    '--strict',
    tarball,
  ]);
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
