'use strict';

/*
 * What node can forbid rust-net: loading its addon (`--permission` without
 * `--allow-addons`, or `--no-addons`), reading its files, and running a loader
 * thread.
 */

const { getEnvironmentData, setEnvironmentData } = require('worker_threads');

const { loadBinary } = require('../handle/binary');

const kCodes = new Set(['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']);

// Environment data is passed on to workers, so that they do not warn again.
const kWarned = 'rust-net.register.warned';

/**
 * Returns true when node has forbidden something, as opposed to a broken
 * installation. Looks at the causes too.
 *
 * @param {any} error
 * @returns {boolean}
 */
function isRefusal(error) {
  if (!(error instanceof Error)) return false;
  const { code, cause } = /** @type {any} */ (error);
  return kCodes.has(code) || isRefusal(cause);
}

// True when node may forbid the addon. Only then is it loaded early, because
// loading takes time.
function mayBeRefused() {
  if (/** @type {any} */ (process).permission !== undefined) return true;
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  return flags.some((flag) => flag.includes('--no-addons'));
}

/**
 * Returns the error with which node forbids loading the addon, or null.
 *
 * @returns {Error | null}
 */
function findRefusal() {
  if (!mayBeRefused()) return null;
  try {
    loadBinary();
    return null;
  } catch (error) {
    // Any other error is thrown again when the program requires net.
    return isRefusal(error) ? error : null;
  }
}

/**
 * Emits RUST_NET_REFUSED, once in a process.
 *
 * @param {string} consequence
 * @param {Error} refusal
 */
function warn(consequence, refusal) {
  if (getEnvironmentData(kWarned)) return;
  setEnvironmentData(kWarned, true);
  const [reason] = refusal.message.split('\n');
  process.emitWarning(`${consequence}: ${reason}`, {
    type: 'RustNetWarning',
    code: 'RUST_NET_REFUSED',
  });
}

module.exports = { findRefusal, isRefusal, warn };
