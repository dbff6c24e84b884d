'use strict';

/*
 * The subjects that are compared with node:net: rust-net with each of its
 * drivers and settings.
 */

const { asEnvironment } = require('./own-options');

/** Options of rust-net that no program of the model reaches the limits of. */
const limits = asEnvironment({
  server: { maxConnectionsPerAddress: 1e6, acceptRate: 1e6 },
  client: { connectTimeout: 60_000 },
});
const shared = asEnvironment({ listen: { shared: true } });

/** The environments by name. Each program is played over the first two. */
const subjects = {
  'on-loop': { RUST_NET_DRIVER: 'on-loop' },
  threaded: { RUST_NET_DRIVER: 'threaded' },
  offload: { RUST_NET_DRIVER: 'on-loop', RUST_NET_OFFLOAD: '1' },
  'offload, threaded': { RUST_NET_DRIVER: 'threaded', RUST_NET_OFFLOAD: '1' },
  'write-through': { RUST_NET_DRIVER: 'on-loop', RUST_NET_COALESCE: '0' },
  'busy-poll': { RUST_NET_DRIVER: 'on-loop', RUST_NET_BUSY_POLL: '50' },
  'no relay': { RUST_NET_DRIVER: 'on-loop', RUST_NET_RELAY: '0' },
  'copied writes': { RUST_NET_DRIVER: 'on-loop', RUST_NET_COPY_WRITES: '1' },
  'parallel race': {
    RUST_NET_DRIVER: 'on-loop',
    RUST_NET_AUTO_SELECT_FAMILY: 'parallel',
  },
  limits: { RUST_NET_DRIVER: 'on-loop', ...limits },
  'shared port': { RUST_NET_DRIVER: 'on-loop', ...shared },
};

/**
 * @param {string | undefined} filter a name, or several with commas
 * @returns {string[]} the names
 * @throws {Error} for an unknown name
 */
function namesOf(filter) {
  const names = Object.keys(subjects);
  if (!filter) return names;
  // A name may contain a comma.
  const chosen = names.includes(filter) ? [filter] : filter.split(',');
  const unknown = chosen.find((name) => !names.includes(name));
  if (unknown === undefined) return chosen;
  throw new Error(`no subject '${unknown}': ${names.join('; ')}`);
}

/**
 * @param {string[]} names all that take part
 * @param {number} seed
 * @returns {string[]} the subjects that play the program of this seed: the
 *   drivers, and one of the others in turn
 */
function playersOf(names, seed) {
  const drivers = names.filter((name) =>
    ['on-loop', 'threaded'].includes(name),
  );
  const others = names.filter((name) => !drivers.includes(name));
  const turn = others.length > 0 ? [others[seed % others.length]] : [];
  return [...drivers, ...turn];
}

module.exports = { namesOf, playersOf, subjects };
