'use strict';

/*
 * Finds rust-net for those who ask for net. It is loaded on first use: a program
 * that never requires net does not pay for it.
 */

const { isRegisterStrict } = require('../common/settings');
const { loadBinary } = require('../handle/binary');
const { loadOwn } = require('../node/loader');
const { reportUnavailable } = require('./availability');
const { isOwnFile } = require('./own-files');

/**
 * Rust-net, or null where it cannot be loaded; undefined before the first search.
 *
 * @type {typeof import('../net').net | null | undefined}
 */
let found;

/**
 * Returns the result of `act`, or null after reporting what it has thrown.
 *
 * @template T
 * @param {() => T} act
 */
function attempt(act) {
  try {
    return act();
  } catch (error) {
    reportUnavailable(/** @type {Error} */ (error));
    return null;
  }
}

// Loads the binary too, which otherwise loads with the first socket: by then the
// program has rust-net, and it is too late for node's net.
function load() {
  loadOwn(loadBinary);
  return loadOwn(() => require('../net')).net;
}

/**
 * Returns rust-net.
 *
 * @returns {typeof import('../net').net | undefined} undefined where it cannot be
 *   loaded, which is reported once
 */
function findNet() {
  if (found === undefined) found = attempt(load);
  return found ?? undefined;
}

/**
 * Returns the modules of sockets and servers.
 *
 * @returns {ReturnType<typeof import('../net').loadSockets> | undefined} undefined
 *   where rust-net cannot be loaded
 */
function findSockets() {
  if (findNet() === undefined) return undefined;
  return loadOwn(() => require('../net')).loadSockets();
}

/**
 * Returns net for a file.
 *
 * @param {string | undefined} file a path or URL
 * @returns {typeof import('../net').net | undefined} undefined when that file gets
 *   node's
 */
function netFor(file) {
  return isOwnFile(file) ? undefined : findNet();
}

// True when the answer is due at the start, or when node may forbid the addon.
// Otherwise the binary is not loaded early, because loading takes time.
function mustKnow() {
  if (isRegisterStrict()) return true;
  if (Reflect.get(process, 'permission') !== undefined) return true;
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  return flags.some((flag) => flag.includes('--no-addons'));
}

/**
 * Returns false when it is known that rust-net cannot be loaded, which is then
 * reported.
 *
 * @returns {boolean}
 */
function mayBeFound() {
  return !mustKnow() || attempt(() => loadOwn(loadBinary)) !== null;
}

module.exports = { findNet, findSockets, mayBeFound, netFor };
