'use strict';

/*
 * Reports that rust-net cannot take the place of node's net in this process.
 * Loads nothing that another runtime may not have.
 */

const { getEnvironmentData, setEnvironmentData } = require('worker_threads');

const { isRegisterStrict } = require('../common/settings');
const { explain } = require('../handle/binary-failure');

const kHost = 'RUST_NET_HOST';
const kRefusals = new Set(['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']);

// Environment data is passed on to workers, so that they do not warn again.
const kWarned = 'rust-net.register.warned';

/**
 * Returns true when node has forbidden something, as opposed to a broken
 * installation. Looks at the causes too.
 *
 * @param {unknown} error
 * @returns {boolean}
 */
function isRefusal(error) {
  if (!(error instanceof Error)) return false;
  const { code, cause } = /** @type {NodeJS.ErrnoException} */ (error);
  return kRefusals.has(code ?? '') || isRefusal(cause);
}

/**
 * Returns the first line of node's own words, or the doctor's words.
 *
 * @param {NodeJS.ErrnoException} error
 */
function reasonOf(error) {
  if (isRefusal(error)) return error.message.split('\n', 1)[0];
  const { reason, details } = explain(error);
  // The last cause is the system's error.
  return [reason, ...details.slice(-1)].join(' ');
}

/**
 * Returns the code of the warning.
 *
 * @param {NodeJS.ErrnoException} error
 */
function codeOf(error) {
  if (error.code === kHost) return kHost;
  return isRefusal(error) ? 'RUST_NET_REFUSED' : 'RUST_NET_UNAVAILABLE';
}

/**
 * Emits a warning, once in a process.
 *
 * @param {string} consequence
 * @param {Error} error
 */
function warn(consequence, error) {
  if (getEnvironmentData(kWarned)) return;
  setEnvironmentData(kWarned, true);
  process.emitWarning(`${consequence}: ${reasonOf(error)}`, {
    type: 'RustNetWarning',
    code: codeOf(error),
  });
}

/**
 * Warns that node's net stays.
 *
 * @param {NodeJS.ErrnoException} error why rust-net cannot be loaded
 * @throws {Error} that error, with `RUST_NET_REGISTER=strict`
 */
function reportUnavailable(error) {
  if (isRegisterStrict()) throw error;
  const owner = codeOf(error) === kHost ? "the runtime's" : "node's";
  warn(`rust-net/register leaves ${owner} net in place`, error);
}

module.exports = { isRefusal, reportUnavailable, warn };
