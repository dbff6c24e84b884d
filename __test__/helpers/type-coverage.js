'use strict';

// Finds the package's declarations that no type test uses: exports, members,
// options, and each overload.

const path = require('node:path');
const ts = require('typescript');

const scopes = [
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.InterfaceDeclaration,
];
const signatures = [
  ts.SyntaxKind.CallSignature,
  ts.SyntaxKind.Constructor,
  ts.SyntaxKind.ConstructSignature,
];

const named = [
  ...scopes,
  ts.SyntaxKind.ExportSpecifier,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.VariableDeclaration,
];
const members = [
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.MethodSignature,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.PropertySignature,
];

/** Returns true for a declaration that users can name or call. */
function isPublic(node) {
  if (signatures.includes(node.kind) || members.includes(node.kind)) {
    return true;
  }
  const isExported =
    ts.isExportSpecifier(node) ||
    ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export;
  return named.includes(node.kind) && Boolean(isExported);
}

/** Returns the public declarations of a file, with their names in the report. */
function declarations(file) {
  const found = new Map();
  function visit(node, owner) {
    const name = node.name?.getText(file) ?? '()';
    if (isPublic(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      const base = path.basename(file.fileName);
      found.set(node, `${base}:${line + 1} ${owner}${name}`);
      // Names inside a function's type are not public.
      if (ts.isFunctionLike(node)) return;
    }
    const isScope = scopes.includes(node.kind);
    ts.forEachChild(node, (child) =>
      visit(child, isScope ? `${name}.` : owner),
    );
  }
  visit(file, '');
  return found;
}

/** Returns the lines that must not compile. They do not count as uses. */
function wrongLines(file) {
  return new Set(
    file.text
      .split('\n')
      .flatMap((line, i) => (line.includes('@ts-expect-error') ? [i + 1] : [])),
  );
}

/** Returns the symbols of an identifier or a key. */
function symbolsAt(checker, node) {
  const { parent } = node;
  const isKey =
    ts.isObjectLiteralElementLike(parent) &&
    parent.name === node &&
    ts.isObjectLiteralExpression(parent.parent);
  if (isKey) {
    const type = checker.getContextualType(parent.parent);
    const types = type?.isUnion() ? type.types : [type];
    return types.flatMap((each) => each?.getProperty(node.text) ?? []);
  }
  const found = checker.getSymbolAtLocation(node);
  if (!found) return [];
  return found.flags & ts.SymbolFlags.Alias
    ? [found, checker.getAliasedSymbol(found)]
    : [found];
}

function usedIn(file, checker, used) {
  const wrong = wrongLines(file);
  function visit(node) {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    const isName = ts.isIdentifier(node) || ts.isStringLiteral(node);
    if (isName && !wrong.has(line)) {
      for (const symbol of symbolsAt(checker, node)) {
        const all = symbol.declarations ?? [];
        const forms = all.filter((each) => ts.isFunctionLike(each));
        // With several overloads, only a call shows which one is used.
        const meant = forms.length > 1 ? [] : all;
        for (const each of meant) used.add(each);
      }
    }
    const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
    if (isCall && !wrong.has(line)) {
      used.add(checker.getResolvedSignature(node)?.declaration);
    }
    ts.forEachChild(node, visit);
  }
  visit(file);
}

/**
 * Lists the public declarations that no type test uses.
 *
 * @param {any} program
 * @param {any[]} declaring the package's files
 * @param {any[]} testing the type tests
 * @returns {string[]} one line each
 */
function unused(program, declaring, testing) {
  const checker = program.getTypeChecker();
  const used = new Set();
  for (const file of testing) usedIn(file, checker, used);
  return declaring.flatMap((file) =>
    [...declarations(file)]
      .filter(([node]) => !used.has(node))
      .map(([, name]) => name),
  );
}

module.exports = { unused };
