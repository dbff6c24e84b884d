'use strict';

// Tests of the preload with a stand-in for rust-net: every way in which a test
// may load net, in every process that it may start.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const names = require('./environment.js');

const preload = path.join(__dirname, 'preload.js');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rn-swap-'));
const inFolder = (...parts) => path.join(folder, ...parts);
const write = (name, text) => {
  fs.mkdirSync(path.dirname(inFolder(name)), { recursive: true });
  fs.writeFileSync(inFolder(name), text);
};

write(
  'package/index.js',
  `const net = require('net');
   const own = Object.getOwnPropertyDescriptors(net);
   module.exports = Object.defineProperties({}, own);
   module.exports.isSwapped = !net.isSwapped;`,
);
write(
  'package/handles.js',
  `module.exports = { tcp_wrap: 'tcp', pipe_wrap: 'pipe', stream_wrap: 's' };`,
);
write('say.js', `console.log(require('net').isSwapped === true);`);
write('say.mjs', `import net from 'net'; console.log(net.isSwapped === true);`);

function run(name, { flags = [], args = [], esm = '' } = {}) {
  const marks = fs.mkdtempSync(inFolder('marks-'));
  const env = {
    ...process.env,
    NODE_OPTIONS: `-r ${JSON.stringify(preload)}`,
    [names.SUBJECT]: 'rust-net',
    [names.ENTRY]: inFolder('package/index.js'),
    [names.MARKS]: marks,
    [names.ROOT]: folder,
    [names.ESM]: esm,
  };
  delete env.NODE_TEST_CONTEXT;
  const command = [...flags, inFolder(name), ...args];
  const options = { cwd: folder, encoding: 'utf8', env };
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    command,
    options,
  );
  assert.strictEqual(stderr, '');
  assert.strictEqual(status, 0);
  return { out: stdout.trim(), marks: fs.readdirSync(marks) };
}

/** Runs a source and expects it to print `true` `times` times. */
function sees(source, { name = 'main.js', times = 1, ...rest } = {}) {
  write(name, source);
  const { out, marks } = run(name, rest);
  assert.strictEqual(out, Array(times).fill('true').join('\n'));
  assert.notStrictEqual(marks.length, 0);
}

test.after(() => fs.rmSync(folder, { recursive: true }));

test('require of net and node:net', () => {
  sees(
    `console.log(require('net').isSwapped && require('node:net').isSwapped)`,
  );
});

test('createRequire', () => {
  sees(
    `const { createRequire } = require('module');
     console.log(createRequire(__filename)('net').isSwapped)`,
  );
});

test('process.getBuiltinModule', { skip: !process.getBuiltinModule }, () => {
  sees(`console.log(process.getBuiltinModule('node:net').isSwapped)`);
});

test('import, static and dynamic, with named exports', () => {
  sees(
    `import net, { Socket } from 'node:net';
     import * as all from 'net';
     const later = await import('net');
     console.log(net.isSwapped && all.default === net);
     console.log(later.Socket === Socket && all.isSwapped);`,
    { name: 'main.mjs', esm: '1', times: 2 },
  );
});

test('import() in CommonJS', () => {
  sees(`import('net').then((net) => console.log(net.isSwapped))`, { esm: '1' });
});

test('the children, whatever environment they are given', () => {
  sees(
    `const cp = require('child_process');
     const show = { stdio: 'inherit' };
     const say = require('path').join(__dirname, 'say.js');
     const none = { ...show, env: {} };
     const own = { ...show, env: { NODE_OPTIONS: '--no-warnings' } };
     cp.fork(say);
     cp.fork(say, none);
     cp.fork(say, { execArgv: [], env: {} });
     cp.spawn(process.execPath, [say], own);
     cp.spawnSync(process.execPath, [say], none);
     cp.spawnSync(process.execPath, [say], own);
     cp.execFileSync(process.execPath, [say], none);
     cp.execSync(process.execPath + ' ' + say, none);
     require('net');`,
    { times: 8 },
  );
});

test('the grandchildren', () => {
  write(
    'middle.js',
    `require('child_process').fork(__dirname + '/say.js', { env: {} })`,
  );
  sees(`require('child_process').fork(__dirname + '/middle.js', { env: {} });`);
});

test('cluster workers', () => {
  sees(
    `const cluster = require('cluster');
     if (cluster.isPrimary) cluster.fork();
     else {
       console.log(require('net').isSwapped);
       cluster.worker.disconnect();
     }`,
  );
});

test('worker threads, whatever environment they are given', () => {
  sees(
    `const { SHARE_ENV, Worker } = require('worker_threads');
     const options = [
       undefined, { env: {} }, { execArgv: [] }, { env: SHARE_ENV },
       { env: {}, execArgv: [] },
     ];
     for (const option of options) new Worker(__dirname + '/say.js', option);`,
    { times: 5 },
  );
});

test('an ES module in a worker and in a child', () => {
  sees(
    `const { Worker } = require('worker_threads');
     new Worker(__dirname + '/say.mjs');
     new Worker(__dirname + '/say.mjs', { env: {} });
     require('child_process').fork(__dirname + '/say.mjs', { env: {} });`,
    { esm: '1', times: 3 },
  );
});

test('the bindings of the handles, and no other', () => {
  sees(
    `const { internalBinding } = require('internal/test/binding');
     console.log(internalBinding('tcp_wrap') === 'tcp');
     console.log(internalBinding('stream_wrap') === 's');
     console.log(typeof internalBinding('uv').UV_EOF === 'number');`,
    { times: 3, flags: ['--expose-internals', '--no-warnings'] },
  );
});

test('the symbol of internal/net is the one that marks the arguments', () => {
  sees(
    `const { normalizedArgsSymbol } = require('internal/net');
     const args = require('net')._normalizeArgs([]);
     console.log(args[normalizedArgsSymbol]);`,
    { flags: ['--expose-internals', '--no-warnings'] },
  );
});

test('what the suite itself asks for is no proof', () => {
  write('test/common/index.js', `module.exports = require('net').isSwapped;`);
  write('main.js', `console.log(require('./test/common'));`);
  assert.deepStrictEqual(run('main.js'), { out: 'true', marks: [] });
});

test('util.getCallSites is there', () => {
  write(
    'main.js',
    `const [site] = require('util').getCallSites();
     console.log(site.scriptName === __filename, site.lineNumber);`,
  );
  assert.strictEqual(run('main.js').out, 'true 1');
});
