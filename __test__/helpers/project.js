'use strict';

// Runs programs in a folder with rust-net in its node_modules, like a user's
// project.

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
 * Makes a project.
 *
 * @param {object} t the test; the project is removed when it ends
 * @param {Record<string, string>} [files] the contents of its files by path
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
  // On Windows, other kinds of links need privileges.
  fs.symlinkSync(root, path.join(modules, 'rust-net'), 'junction');
  return made;
}

/**
 * Runs node in a project. It must exit by itself, with code 0, and print nothing
 * to stderr.
 *
 * @param {string} cwd
 * @param {string[]} args
 * @param {{ flags?: string[], env?: object }} [options]
 * @returns {Promise<{ lines: string[] }>} what it printed
 */
async function program(cwd, args, { flags = [], env } = {}) {
  const inherited = { ...process.env };
  // These two are meant for the test's own process only.
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
