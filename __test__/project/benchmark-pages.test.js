'use strict';

// What the README and docs/performance.md say of speed is written from the results
// that are kept, never by hand.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { makePages } = require('../../benchmark/write/pages');

const root = path.resolve(__dirname, '../..');

test('the pages about speed are what the kept results make of them', async () => {
  const pages = await makePages();
  assert.ok(Object.hasOwn(pages, 'README.md'));
  for (const [file, text] of Object.entries(pages)) {
    const found = fs.readFileSync(path.join(root, file), 'utf8');
    assert.strictEqual(
      found,
      text,
      `${file}: run \`npm run bench -- --write\``,
    );
  }
});
