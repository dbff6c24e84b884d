'use strict';

// One small echo program, in every way by which a program is started under
// `rust-net/register`, and in all that it starts.

const assert = require('node:assert');
const path = require('node:path');
const { alone } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');

const workers = ['worker CommonJS', 'worker eval', 'worker module'];

/** Each program, and who answers from it. */
const programs = {
  'common.js': ['CommonJS'],
  'module.mjs': ['module'],
  'worker.js': workers,
  'fork.js': ['CommonJS', 'module', ...workers],
  'cluster.js': ['cluster 1', 'cluster 2'],
};

const ways = {
  '-r': { flags: ['-r', 'rust-net/register'] },
  '--import': { flags: ['--import', 'rust-net/register'] },
  NODE_OPTIONS: { env: { NODE_OPTIONS: '-r rust-net/register' } },
};

for (const [way, options] of Object.entries(ways)) {
  for (const [name, answers] of Object.entries(programs)) {
    alone(`${way} ${name}`, async (net, t) => {
      const file = path.join(__dirname, '../fixtures/register', name);
      const { lines } = await program(inProject(t), [file], options);
      // Node does not load what --import names in a worker made of a text.
      const isLoaded = (line) => way !== '--import' || !/ eval /.test(line);
      const expected = answers.map((who) => `${who} hello rust-net`);
      assert.strictEqual(lines.length, expected.length);
      assert.deepStrictEqual(
        lines.filter(isLoaded).sort(),
        expected.filter(isLoaded).sort(),
      );
    });
  }
}

for (const name of ['common.js', 'module.mjs']) {
  alone(`${name} without it is on node:net`, async (net, t) => {
    const file = path.join(__dirname, '../fixtures/register', name);
    const { lines } = await program(inProject(t), [file]);
    assert.match(lines.join(), /^\w+ hello node:net$/);
  });
}
