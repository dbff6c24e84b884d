'use strict';

/*
 * The variants of a row: node:net, rust-net (in more than one mode where the
 * row says so), the bare servers, and other runtimes.
 */

const fs = require('node:fs');
const path = require('node:path');

const subjects = path.join(__dirname, '..', 'subjects');

/** The name of the other build that `--against` adds. */
const BEFORE = 'before';

/** The environment variables of each mode of rust-net. */
const modes = {
  'write-through': { RUST_NET_COALESCE: '0' },
  'no-relay': { RUST_NET_RELAY: '0' },
  offload: { RUST_NET_OFFLOAD: '1' },
  'busy-poll': { RUST_NET_BUSY_POLL: '50' },
  // Of the rows of threads.
  'reuse-port': { BENCH_WAY: 'reuse-port' },
};

/** The arguments with which another runtime runs a script. */
const runtimes = { bun: [], deno: ['run', '--allow-all', '--quiet'] };

// Memory per connection is measured after a garbage collection.
const flags = { memory: ['--expose-gc'] };

/**
 * @param {string} name
 * @returns {string | undefined} the program, of npm's packages in `.cache/peers`
 *   or on the PATH
 */
function findProgram(name) {
  const own = path.join(__dirname, '../../.cache/peers/node_modules/.bin');
  const folders = [own, ...(process.env.PATH ?? '').split(path.delimiter)];
  const files = folders.map((folder) => path.join(folder, name));
  return files.find((candidate) => fs.existsSync(candidate));
}

/**
 * Finds the other runtimes that are installed.
 *
 * @returns {Record<string, string>} programs by name
 */
function findPeers() {
  const found = {};
  for (const name of Object.keys(runtimes)) {
    const file = findProgram(name);
    if (file) found[name] = file;
  }
  return found;
}

function script(row, moduleId, args = []) {
  const [file, ...rest] = row.subject;
  return [path.join(subjects, file), moduleId, ...rest, ...args];
}

// Rows about memory and start-up compare modules on Node alone.
const ofNodeAlone = ['memory', 'sustained', 'startUp'];

/** Returns the peers that can run this row. */
function peersOf(row, options) {
  if (ofNodeAlone.includes(row.kind)) return [];
  return Object.entries(options.peers).map(([name, file]) => ({
    name,
    command: [file, ...runtimes[name], ...script(row, 'node:net')],
    mayFail: true,
  }));
}

/** Returns the environment in which the row judges rust-net. */
const beforeModeOf = (row) => modes[row.judged] ?? {};

/**
 * Returns the variants of a row. The others are compared with the first.
 *
 * @param {any} row
 * @param {{ node: string, module: string, against?: string, load: string,
 *   driver?: string, peers: Record<string, string> }} options
 * @returns {{ name: string, command: string[], env?: Record<string, string>,
 *   mayFail?: boolean }[]}
 */
function variantsOf(row, options) {
  const node = [options.node, ...(flags[row.kind] ?? [])];
  const driver = options.driver ? { RUST_NET_DRIVER: options.driver } : {};
  const rust = (name, env, module = options.module) => ({
    name,
    command: [...node, ...script(row, module)],
    env: { ...driver, ...env },
  });
  const base = row.baseArgs
    ? {
        name: 'base',
        command: [...node, ...script(row, options.module, row.baseArgs)],
        env: driver,
      }
    : { name: 'node', command: [...node, ...script(row, 'node:net')] };
  return [
    base,
    rust('default', {}),
    ...(options.against
      ? [rust(BEFORE, beforeModeOf(row), options.against)]
      : []),
    ...(row.modes ?? []).map((mode) => rust(mode, modes[mode])),
    ...Object.entries(row.bare ?? {}).map(([name, args]) => ({
      name,
      command: [options.load, ...args],
    })),
    ...peersOf(row, options),
  ];
}

module.exports = { BEFORE, findPeers, findProgram, runtimes, variantsOf };
