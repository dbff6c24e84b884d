'use strict';

/*
 * Other runtimes. They load addons for Node, but have no libuv, or parts of it that
 * abort the process. Every entry point looks here before it loads anything else.
 */

/** @type {Record<string, string>} */
const hosts = { bun: 'Bun', deno: 'Deno' };

/**
 * Returns the error with which rust-net refuses another runtime.
 *
 * @returns {Error | undefined} undefined on Node
 */
function findHostError() {
  const { versions } = process;
  const host = Object.keys(hosts).find((name) => versions[name] !== undefined);
  if (host === undefined) return undefined;
  const error = new Error(
    `rust-net runs on Node only, and this is ${hosts[host]} ${versions[host]}. ` +
      "Use the runtime's own net, under the name 'node:net'.",
  );
  return Object.assign(error, { code: 'RUST_NET_HOST' });
}

/**
 * Checks that this is Node.
 *
 * @throws {Error} RUST_NET_HOST on another runtime
 */
function expectNode() {
  const error = findHostError();
  if (error !== undefined) throw error;
}

module.exports = { expectNode, findHostError };
