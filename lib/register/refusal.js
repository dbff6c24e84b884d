'use strict';

/*
 * What node forbids rust-net: to load its addon (`--permission` without
 * `--allow-addons`, `--no-addons`), to read its files, to run a loader's thread.
 */

const { getEnvironmentData, setEnvironmentData } = require('worker_threads');

const { loadBinary } = require('../handle/binary');

const kCodes = new Set(['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']);

// Passed on to workers, which need not say it again.
const kWarned = 'rust-net.register.warned';

/**
 * @param {any} error
 * @returns {boolean} whether node has forbidden something, and nothing is broken
 */
function isRefusal(error) {
  if (!(error instanceof Error)) return false;
  const { code, cause } = /** @type {any} */ (error);
  return kCodes.has(code) || isRefusal(cause);
}

// Not asked of everybody: to load the addon takes time.
function mayBeRefused() {
  if (/** @type {any} */ (process).permission !== undefined) return true;
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  return flags.some((flag) => flag.includes('--no-addons'));
}

/**
 * @returns {Error | null} why node does not let the addon be loaded
 */
function findRefusal() {
  if (!mayBeRefused()) return null;
  try {
    loadBinary();
    return null;
  } catch (error) {
    // What else is wrong is told to whoever asks for net.
    return isRefusal(error) ? error : null;
  }
}

/**
 * Warns once in a process.
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
