'use strict';

// Runs the TypeScript compiler on a user's project: the packed package, installed
// with one release of @types/node.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const ts = require('typescript');

const modules = path.resolve(__dirname, '../../node_modules');

/** The package with a release's @types/node, by major version. */
const releases = { 18: 'types-node-18', 20: '@types/node' };
for (const major of [22, 24, 26]) releases[major] = `types-node-${major}`;

/** The compiler options of each way to resolve modules. */
const resolutions = {
  node16: {
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
  },
  nodenext: {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  },
  bundler: {
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  },
};

/**
 * Installs the package.
 *
 * @param {string} at a folder that does not exist yet
 * @param {string} tarball of the package
 * @param {string | number} major of @types/node
 */
function install(at, tarball, major) {
  const inside = path.join(at, 'node_modules');
  const target = path.join(inside, 'rust-net');
  fs.mkdirSync(path.join(inside, '@types'), { recursive: true });
  fs.mkdirSync(target);
  execFileSync('tar', ['xzf', tarball, '--strip=1', '-C', target]);
  fs.symlinkSync(
    path.join(modules, releases[major]),
    path.join(inside, '@types/node'),
  );
}

/**
 * Makes the compiler's program for a project.
 *
 * @param {string} at the project
 * @param {string[]} files its sources
 * @param {object} options override those that all projects have
 */
function createProgram(at, files, options) {
  return ts.createProgram(files, {
    // `types` are looked up from here, instead of from the working directory.
    configFilePath: path.join(at, 'tsconfig.json'),
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
    ...options,
  });
}

/** Returns the files of a program that belong to the project or the package. */
function ownFiles(program, at) {
  const foreign = path.join(at, 'node_modules/@types');
  return program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(at + path.sep))
    .filter(({ fileName }) => !fileName.startsWith(foreign));
}

/**
 * Returns the compiler's diagnostics, one line each.
 *
 * @param {any} program
 * @param {any[]} [files] the files to check; by default all, including @types/node
 *   and the language's own declarations
 */
function complaints(program, files) {
  const found = (files ?? [undefined]).flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]);
  const all = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...found,
  ];
  return all.map(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (!file) return text;
    const { line } = file.getLineAndCharacterOfPosition(start);
    return `${path.basename(file.fileName)}:${line + 1} ${text}`;
  });
}

module.exports = {
  complaints,
  createProgram,
  install,
  modules,
  ownFiles,
  releases,
  resolutions,
};
