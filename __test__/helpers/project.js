'use strict';

// Programs in a folder that has rust-net among its node_modules, as a user's
// project has.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { endAll } = require('./child');
const { folder } = require('./wire');

const root = path.resolve(__dirname, '../..');
const limit = 20_000;

/**
 * A new project.
 *
 * @param {object} t the test, at whose end it goes
 * @param {Record<string, string>} [files] their texts by their paths in it
 * @returns {string} its folder
 */
function inProject(t, files = {}) {
  const made = fs.realpathSync(folder(t));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(made, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
  const modules = path.join(made, 'node_modules');
  fs.mkdirSync(modules, { recursive: true });
  // On Windows only this kind may be made by everybody.
  fs.symlinkSync(root, path.join(modules, 'rust-net'), 'junction');
  return made;
}

/**
 * Runs node there; it must end by itself, well, and say nothing on stderr.
 *
 * @param {string} cwd
 * @param {string[]} args
 * @param {{ flags?: string[], env?: object }} [options]
 * @returns {Promise<{ lines: string[] }>} what it printed
 */
async function program(cwd, args, { flags = [], env } = {}) {
  const inherited = { ...process.env };
  // Only in a test's own process do these two mean what they say.
  delete inherited.NODE_TEST_CONTEXT;
  delete inherited.NODE_OPTIONS;
  const child = spawn(process.execPath, [...flags, ...args], {
    cwd,
    env: { ...inherited, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const timer = setTimeout(() => endAll(child), limit);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  assert.deepStrictEqual(
    { code, signal, stderr: output.stderr },
    { code: 0, signal: null, stderr: '' },
  );
  return { lines: output.stdout.split('\n').filter(Boolean) };
}

module.exports = { inProject, program };
