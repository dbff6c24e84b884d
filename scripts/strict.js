'use strict';

// Checks the types of lib/ with `tsc --strict`. strict.json counts the
// remaining errors of each file, together with its `{any}` and `@ts-ignore`.
// The counts may only shrink, and a file without a count must have no error.
//
//   node scripts/strict.js           compares
//   node scripts/strict.js --write   writes the counts, where none has grown

const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const root = path.resolve(__dirname, '..');
const file = path.join(__dirname, 'strict.json');
/** Matches untyped declarations and unchecked lines. */
const loose = /\{any(?:\[\])?\}|@type \{any\}|@ts-ignore|@ts-expect-error/g;

function readProgram() {
  const config = path.join(root, 'tsconfig.json');
  const { config: given } = ts.readConfigFile(config, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(
    given,
    ts.sys,
    root,
  );
  return ts.createProgram(fileNames, { ...options, strict: true });
}

const nameOf = (source) => path.relative(root, source.fileName);

/** @returns {Record<string, { errors: number, loose: number }>} by file */
function count() {
  const program = readProgram();
  const counts = {};
  const sources = program.getSourceFiles().map((source) => ({
    name: nameOf(source).split(path.sep).join('/'),
    source,
  }));
  for (const { name, source } of sources) {
    if (!name.endsWith('.js') || /^\.\.|node_modules/.test(name)) continue;
    const errors = ts.getPreEmitDiagnostics(program, source).length;
    const marks = source.text.match(loose)?.length ?? 0;
    if (errors + marks > 0) counts[name] = { errors, loose: marks };
  }
  return counts;
}

const none = { errors: 0, loose: 0 };

/**
 * Compares the counts with the allowed ones; returns one line for each
 * difference.
 */
function compare(counts, allowed) {
  const names = [...new Set([...Object.keys(counts), ...Object.keys(allowed)])];
  const differences = { grown: [], shrunk: [] };
  for (const name of names.sort()) {
    for (const key of Object.keys(none)) {
      const now = (counts[name] ?? none)[key];
      const limit = (allowed[name] ?? none)[key];
      const line = `${name}: ${key} ${limit} > ${now}`;
      if (now > limit) differences.grown.push(line);
      if (now < limit) differences.shrunk.push(line);
    }
  }
  return differences;
}

function total(counts, key) {
  return Object.values(counts).reduce((sum, each) => sum + each[key], 0);
}

function write(counts) {
  const sorted = Object.fromEntries(Object.entries(counts).sort());
  fs.writeFileSync(file, `${JSON.stringify(sorted, null, 2)}\n`);
}

function main() {
  const counts = count();
  const isNew = !fs.existsSync(file);
  const allowed = isNew ? counts : JSON.parse(fs.readFileSync(file, 'utf8'));
  const { grown, shrunk } = compare(counts, allowed);
  for (const line of grown) console.log(`has grown: ${line}`);
  const writes = process.argv.includes('--write') && grown.length === 0;
  if (writes) write(counts);
  for (const line of shrunk) console.log(`has shrunk: ${line}`);
  if (shrunk.length > 0 && !writes) {
    console.log('lower the counts by: node scripts/strict.js --write');
  }
  console.log(
    `${total(counts, 'errors')} errors of tsc --strict and ` +
      `${total(counts, 'loose')} loose types in ${Object.keys(counts).length} files`,
  );
  process.exitCode = grown.length + (writes ? 0 : shrunk.length) > 0 ? 1 : 0;
}

main();
