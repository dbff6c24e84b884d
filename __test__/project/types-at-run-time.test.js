'use strict';

// What the types name is there when the program runs, by `require` and by
// `import`, and what is there has a type. Types are those beside the newest
// @types/node, since the API is the newest Node's on every Node.

const assert = require('node:assert');
const { EventEmitter } = require('node:events');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Duplex } = require('node:stream');
const { test } = require('node:test');
const { promisify } = require('node:util');
const ts = require('typescript');

const {
  createProgram,
  modules,
  releases,
  resolutions,
} = require('../helpers/type-program');

const root = path.resolve(__dirname, '../..');
const limit = { timeout: 120_000 };
const run = promisify(execFile);

const folder = fs.realpathSync(
  fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-named-')),
);
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
fs.mkdirSync(path.join(folder, 'node_modules/@types'), { recursive: true });
fs.symlinkSync(root, path.join(folder, 'node_modules/rust-net'));
fs.symlinkSync(
  path.join(modules, releases[26]),
  path.join(folder, 'node_modules/@types/node'),
);

/** Those that export something. */
const entries = [
  'rust-net',
  'bridge',
  'handles',
  'http',
  'legacy',
  'promises',
].map((name, i) => path.posix.join(i ? 'rust-net' : '', name));
const load = (entry) => require(entry.replace('rust-net', '../..'));

/** Node's own secrets, which @types/node does not name either. */
const secrets = ['_TransferredBoundSocket', '_setSimultaneousAccepts'];

/** Made on use. */
const later = {
  Socket: ['autoSelectFamilyAttemptedAddresses', 'proxy', 'timeout'],
  Server: [
    'acceptRate',
    'dropMaxConnection',
    'maxConnections',
    'maxConnectionsPerAddress',
    'proxyProtocol',
    'proxyTimeout',
    'trusted',
  ],
};
/** Gone from node since release 15, and still in @types/node. */
const gone = { Server: ['connections'] };
/** What a Server was made with: in node too, documented by nobody. */
const undocumented = {
  Server: [
    'allowHalfOpen',
    'highWaterMark',
    'keepAlive',
    'keepAliveInitialDelay',
    'noDelay',
    'pauseOnConnect',
  ],
};

const file = path.join(folder, 'index.ts');
fs.writeFileSync(
  file,
  entries.map((entry, i) => `export * as m${i} from '${entry}';\n`).join(''),
);
const program = createProgram(folder, [file], resolutions.node16);
const checker = program.getTypeChecker();

/** The module of each entry, as the compiler knows it. */
const typed = new Map(
  checker
    .getExportsOfModule(
      checker.getSymbolAtLocation(program.getSourceFile(file)),
    )
    .map((symbol, i) => [entries[i], checker.getTypeOfSymbol(symbol)]),
);

const sorted = (names) => [...names].sort();
const namesOf = (type) => type.getProperties().map(({ name }) => name);

for (const entry of entries) {
  test(`${entry}: what is exported has a type, and the reverse`, () => {
    const there = Object.keys(load(entry));
    assert.deepStrictEqual(
      sorted(namesOf(typed.get(entry))),
      sorted(there.filter((name) => !secrets.includes(name))),
    );
  });
}

/** The names that an object has from rust-net, not from stream or events. */
function membersOf(object) {
  const found = new Set();
  const ends = [Duplex.prototype, EventEmitter.prototype, Object.prototype];
  for (
    let each = object;
    !ends.includes(each);
    each = Object.getPrototypeOf(each)
  ) {
    for (const key of Reflect.ownKeys(each)) {
      const isPublic = typeof key === 'string' && !key.startsWith('_');
      if (isPublic && key !== 'constructor') found.add(key);
    }
  }
  return [...found];
}

/** Whether net's declarations say it, not those of stream or events. */
function isOfNet(symbol) {
  return symbol.declarations.some((declaration) => {
    const { fileName } = declaration.getSourceFile();
    const name = path.basename(fileName);
    return (
      fileName.startsWith(root) &&
      /^(net|index|legacy)\.d\.ts$/.test(name) &&
      (name === 'net.d.ts' || path.dirname(fileName) === root)
    );
  });
}

const classes = [
  'Socket',
  'Server',
  'BlockList',
  'SocketAddress',
  'BoundSocket',
];

for (const entry of ['rust-net', 'rust-net/legacy']) {
  for (const name of classes) {
    test(`${entry}: the members of a ${name}`, () => {
      const symbol = typed.get(entry).getProperty(name);
      const type = checker.getTypeOfSymbol(symbol);
      const [signature] = type.getConstructSignatures();
      const instance = signature.getReturnType();
      const Class = load(entry)[name];
      const object = new Class();

      const named = instance
        .getProperties()
        .filter((each) => isOfNet(each) && !each.name.startsWith('__@'))
        .map((each) => each.name);
      const excused = [...(later[name] ?? []), ...(gone[name] ?? [])];
      assert.ok(named.length > 3);
      assert.deepStrictEqual(
        named.filter((each) => !(each in object) && !excused.includes(each)),
        [],
        'typed, and not there',
      );

      const known = [...namesOf(instance), ...(undocumented[name] ?? [])];
      assert.deepStrictEqual(
        membersOf(object).filter((each) => !known.includes(each)),
        [],
        'there, and not typed',
      );

      const ofFunctions = ['length', 'name', 'prototype'];
      const statics = Object.getOwnPropertyNames(Class);
      assert.deepStrictEqual(
        statics.filter(
          (each) =>
            !ofFunctions.includes(each) && !namesOf(type).includes(each),
        ),
        [],
        'static, and not typed',
      );
      object.close?.();
    });
  }
}

test('import finds every name that require does', limit, async () => {
  const program = `
    import { createRequire } from 'node:module';
    import assert from 'node:assert';
    const require = createRequire(import.meta.url);
    for (const entry of ${JSON.stringify(entries)}) {
      const all = await import(entry);
      const whole = require(entry);
      assert.strictEqual(all.default, whole, entry);
      for (const name of Object.keys(whole)) {
        assert.ok(name in all, entry + ': ' + name);
        assert.strictEqual(all[name], whole[name], entry + ': ' + name);
      }
    }
    console.log('seen');
  `;
  const at = path.join(folder, 'every.mjs');
  fs.writeFileSync(at, program);
  assert.strictEqual((await run(process.execPath, [at])).stdout, 'seen\n');
});

test('a program of imports runs', limit, async () => {
  const source = path.join(__dirname, '../types/named.mts');
  const { outputText } = ts.transpileModule(fs.readFileSync(source, 'utf8'), {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2022,
    },
  });
  const at = path.join(folder, 'named.mjs');
  fs.writeFileSync(at, `${outputText}console.log('seen');\n`);
  assert.strictEqual((await run(process.execPath, [at])).stdout, 'seen\n');
});
