'use strict';

// Which of the package's declarations no type test makes use of: each export,
// member and option, and of what is overloaded each form.

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

/** Whether others can name it, or call it. */
function isPublic(node) {
  if (signatures.includes(node.kind) || members.includes(node.kind)) {
    return true;
  }
  const isExported =
    ts.isExportSpecifier(node) ||
    ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export;
  return named.includes(node.kind) && Boolean(isExported);
}

/** The declarations of a file, by what they are called in a report. */
function declarations(file) {
  const found = new Map();
  function visit(node, owner) {
    const name = node.name?.getText(file) ?? '()';
    if (isPublic(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
      const base = path.basename(file.fileName);
      found.set(node, `${base}:${line + 1} ${owner}${name}`);
      // What stands inside a function's type is no name of ours.
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

/** The lines that are expected not to compile: they prove nothing. */
function wrongLines(file) {
  return new Set(
    file.text
      .split('\n')
      .flatMap((line, i) => (line.includes('@ts-expect-error') ? [i + 1] : [])),
  );
}

/** The symbols that an identifier, or a key, stands for. */
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
        // Of several forms only a call says which is meant.
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
 * @param {any} program
 * @param {any[]} declaring the package's files
 * @param {any[]} testing the type tests
 * @returns {string[]} a line for each declaration that is not used
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
