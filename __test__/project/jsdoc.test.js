'use strict';

// Every public declaration of ours says what it is, in the place where an editor
// looks for it.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const ts = require('typescript');

const root = path.resolve(__dirname, '../..');
const files = fs
  .readdirSync(root)
  .filter((name) => name.endsWith('.d.ts') && name !== 'binding.d.ts');

const documented = [
  ts.SyntaxKind.ClassDeclaration,
  ts.SyntaxKind.FunctionDeclaration,
  ts.SyntaxKind.InterfaceDeclaration,
  ts.SyntaxKind.TypeAliasDeclaration,
  ts.SyntaxKind.GetAccessor,
  ts.SyntaxKind.MethodDeclaration,
  ts.SyntaxKind.MethodSignature,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.PropertySignature,
  ts.SyntaxKind.VariableDeclaration,
];

/** The names without a word, each with its line. */
function silent(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
  const spoken = new Set();
  const found = [];
  function visit(node, owner) {
    // What a type is made of within a line is said where the line is.
    if (ts.isTypeLiteralNode(node)) return;
    const name = node.name?.getText(source);
    if (documented.includes(node.kind) && name) {
      const full = `${owner}${name}`;
      // One word does for all overloads.
      if (ts.getJSDocCommentsAndTags(node).length > 0) spoken.add(full);
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push({ full, at: `${file}:${line + 1} ${full}` });
    }
    const isScope = ts.isClassLike(node) || ts.isInterfaceDeclaration(node);
    ts.forEachChild(node, (child) =>
      visit(child, isScope ? `${name}.` : owner),
    );
  }
  visit(source, '');
  return found.filter(({ full }) => !spoken.has(full)).map(({ at }) => at);
}

for (const file of files) {
  test(`${file}: everything public is described`, () => {
    assert.deepStrictEqual(silent(file), []);
  });
}
