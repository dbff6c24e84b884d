'use strict';

// Every block of code in the README and the other pages is run, in a folder
// that has rust-net among its node_modules; links and names of scripts lead
// somewhere.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { scripts } = require('../../package.json');
const { inProject, program } = require('../helpers/project');

const root = path.resolve(__dirname, '../..');
const fixtures = path.join(__dirname, '../fixtures/docs');
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...fs
    .readdirSync(path.join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

const textOf = (page) => fs.readFileSync(path.join(root, page), 'utf8');

/** The blocks of a page: their language, text and first line. */
function blocksOf(page) {
  const blocks = [];
  let open = null;
  textOf(page)
    .split('\n')
    .forEach((line, i) => {
      const fence = /^\s*```(.*)$/.exec(line);
      if (!fence) open?.lines.push(line);
      else if (open) {
        blocks.push(open);
        open = null;
      } else open = { language: fence[1], line: i + 1, lines: [] };
    });
  assert.strictEqual(open, null, `${page}: a block has no end`);
  return blocks.map(({ lines, ...rest }) => ({
    ...rest,
    code: `${lines.join('\n')}\n`,
  }));
}

/** A user's project, with programs and with stand-ins for npm and npx. */
function projectFor(t) {
  const app = fs.readFileSync(path.join(fixtures, 'app.js'), 'utf8');
  const files = { 'app.js': app, 'app.mjs': "import './app.js';\n" };
  for (const name of ['npm', 'npx']) {
    const file = path.join(fixtures, `${name}.js`);
    files[`bin/${name}`] =
      `#!/bin/sh\nexec '${process.execPath}' '${file}' "$@"\n`;
  }
  const made = inProject(t, files);
  for (const name of ['npm', 'npx']) {
    fs.chmodSync(path.join(made, 'bin', name), 0o755);
  }
  fs.symlinkSync(path.join(root, '__test__'), path.join(made, '__test__'));
  return made;
}

async function runShell(cwd, code) {
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  // The driver is what a page says it is.
  delete env.RUST_NET_DRIVER;
  const node = path.dirname(process.execPath);
  env.PATH = [path.join(cwd, 'bin'), node, env.PATH].join(path.delimiter);
  const child = spawn('sh', ['-eu', '-c', code], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const [status] = await once(child, 'close');
  assert.strictEqual(status, 0, output);
}

const runners = {
  js: (cwd, code) => runScript(cwd, 'block.js', code),
  mjs: (cwd, code) => runScript(cwd, 'block.mjs', code),
  sh: runShell,
};

async function runScript(cwd, name, code) {
  fs.writeFileSync(path.join(cwd, name), code);
  await program(cwd, [name]);
}

for (const page of pages) {
  for (const { language, line, code } of blocksOf(page)) {
    if (language === 'text') continue;
    test(`${page}:${line}, ${language}`, { timeout: 60_000 }, async (t) => {
      assert.ok(runners[language], `'${language}' is no language that is run`);
      await runners[language](projectFor(t), code);
    });
  }
}

test('there is something to run', () => {
  const found = pages.flatMap(blocksOf).map(({ language }) => language);
  for (const language of Object.keys(runners)) {
    assert.ok(found.includes(language), language);
  }
});

/** A heading's anchor, as it is made where the pages are read. */
const anchorOf = (heading) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

/** A page without its blocks, where '#' begins a comment. */
const proseOf = (page) => textOf(page).replace(/^\s*```[^]*?^\s*```$/gm, '');

test('links lead somewhere', () => {
  const headings = (page) =>
    [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
      anchorOf(text),
    );
  for (const page of pages) {
    const links = proseOf(page).matchAll(/\]\(([^)\s]+)\)/g);
    for (const [, link] of links) {
      if (/^https?:/.test(link)) continue;
      const [file, anchor] = link.split('#');
      const target = file
        ? path.posix.join(path.posix.dirname(page), file)
        : page;
      assert.ok(fs.existsSync(path.join(root, target)), `${page}: ${link}`);
      const isThere = !anchor || headings(target).includes(anchor);
      assert.ok(isThere, `${page}: ${link}`);
    }
  }
});

test('ARCHITECTURE.md stays short', () => {
  const lines = textOf('ARCHITECTURE.md').trimEnd().split('\n');
  assert.ok(lines.length <= 150, `${lines.length} lines`);
  assert.deepStrictEqual(
    lines.filter((line) => line.length > 100),
    [],
  );
});

/** Private words, and the name that the project uses instead. */
const glossary = new Map([
  ['coalesce', /\bgather(?:s|ed|ing)?\b/i],
  ['loop iteration', /\bturns? of the loop\b/i],
  ['wake', /\b(?:door)?bells?\b/i],
  ['reject', /\bturn(?:s|ed|ing)? away\b/i],
  ['duplicate', /\btwins?\b/i],
  ['transfer token', /\btickets?\b/i],
]);

test('a concept has one name in all pages', () => {
  for (const page of [...pages, 'benchmark/README.md']) {
    for (const [name, other] of glossary) {
      assert.doesNotMatch(textOf(page), other, `${page}: write '${name}'`);
    }
  }
});

test('scripts that are named exist', () => {
  for (const page of pages) {
    for (const [, name] of textOf(page).matchAll(/npm run ([\w:]+)/g)) {
      assert.ok(Object.hasOwn(scripts, name), `${page}: npm run ${name}`);
    }
  }
});

test('everything of ours is in docs/api.md', () => {
  const api = textOf('docs/api.md');
  const { exports: entries } = require('../../package.json');
  for (const entry of Object.keys(entries)) {
    if (entry === '.' || entry.endsWith('.json')) continue;
    assert.ok(api.includes(`rust-net/${entry.slice(2)}`), entry);
  }
  const names = new Set();
  const add = (folder) => {
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        add(file);
        continue;
      }
      const text = fs.readFileSync(file, 'utf8');
      for (const [name] of text.matchAll(/\bRUST_NET_[A-Z_]+\b/g)) {
        names.add(name);
      }
    }
  };
  add(path.join(root, 'lib'));
  assert.ok(names.size >= 3);
  for (const name of names) {
    assert.ok(api.includes(`\`${name}\``), `docs/api.md: ${name}`);
    assert.ok(textOf('README.md').includes(name), `README.md: ${name}`);
  }
});
