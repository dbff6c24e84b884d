'use strict';

const js = require('@eslint/js');

const commonJs = ['require', 'module', 'exports', '__filename', '__dirname'];
const globals = Object.fromEntries(
  [...Object.getOwnPropertyNames(globalThis), ...commonJs].map((name) => [
    name,
    'readonly',
  ]),
);

module.exports = [
  { ignores: ['binding.d.ts', 'target/', '.cache/'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: {
      ecmaVersion: 2022,
      sourceType: 'commonjs',
      globals,
    },
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'max-lines-per-function': ['warn', { max: 60, skipComments: true }],
      'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'none' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      strict: ['error', 'global'],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { ecmaVersion: 2022, sourceType: 'module', globals },
  },
  {
    // A test file is one list of cases: its callbacks are long by nature.
    files: ['__test__/**', 'benchmark/**'],
    rules: { 'max-lines-per-function': 'off' },
  },
];
