'use strict';

/*
 * The variants of a shape: node:net, rust-net with each driver and, on request,
 * the bare server and node:net of other runtimes.
 */

const path = require('node:path');

const { BEFORE, runtimes } = require('../harness/variants');

const subjects = path.join(__dirname, '..', 'subjects');
const shape = path.join(subjects, 'shape.js');
const library = path.join(subjects, 'library.js');

/** The name of node:net, which the others are compared with. */
const BASE = 'node';

/**
 * Returns the environment of rust-net by driver; of one driver if one was
 * selected.
 */
function driversOf({ driver, quick }) {
  if (driver) return { [driver]: { RUST_NET_DRIVER: driver } };
  // The smoke run takes the default driver.
  if (quick) return { 'on-loop': {} };
  return {
    'on-loop': { RUST_NET_DRIVER: 'on-loop' },
    threaded: { RUST_NET_DRIVER: 'threaded' },
  };
}

/**
 * @param {any} row
 * @param {any} options of the run
 * @returns {{ name: string, command: string[], env?: Record<string, string>,
 *   bare?: boolean, mayFail?: boolean, swaps?: boolean }[]} the first is node:net;
 *   `swaps` where the subject must find rust-net under the name of net
 */
function variantsOf(row, options) {
  const isLibrary = row.work === 'library';
  const script = (net) => (isLibrary ? [library] : [shape, net]);
  const preload = (module) =>
    isLibrary ? ['-r', path.join(module, 'register.js')] : [];
  const rustOf = (name, env, module) => ({
    name,
    command: [options.node, ...preload(module), ...script(module)],
    env,
    swaps: isLibrary,
  });
  const drivers = Object.entries(driversOf(options));
  const rust = drivers.map(([name, env]) => rustOf(name, env, options.module));
  const before = options.against
    ? [rustOf(BEFORE, drivers[0][1], options.against)]
    : [];
  const others = Object.entries(options.peers).map(([name, file]) => ({
    name,
    command: [file, ...runtimes[name], ...script('node:net')],
    mayFail: true,
  }));
  const bare = row.bare
    ? [{ name: 'bare', command: [options.load, ...row.bare], bare: true }]
    : [];
  return [
    { name: BASE, command: [options.node, ...script('node:net')] },
    ...rust,
    ...before,
    ...others,
    ...bare,
  ];
}

/** Returns the peer of the subject: always node:net on the Node of the run. */
const peerOf = ({ node }) => ({ command: [node, shape, 'node:net'] });

module.exports = { BASE, peerOf, variantsOf };
