'use strict';

/*
 * Node's permission model, which checks what node's own net does in C++: a
 * native addon would pass it by. Where there is no model, or one without a
 * scope for the network, nothing is asked.
 */

const nodeNet = require('./net');

const { _createServerHandle: createServerHandle } = /** @type {any} */ (
  nodeNet
);

// Taken now: a program can put its own answers in their place later on.
const { permission } = /** @type {any} */ (process);
const has = permission?.has;
const hasScope =
  has !== undefined && process.allowedNodeEnvironmentFlags.has('--allow-net');

// No address, so that nothing is bound where node does not mind.
const kNoAddress = '-';

/** Node's own refusal, null where it only audits, undefined before it is asked. */
let refusal;

/**
 * With `--permission-audit` the scope is denied and node goes on all the same,
 * which nothing says but an attempt. Audits see it once, as a bind.
 */
function askNode() {
  try {
    createServerHandle(kNoAddress, 0, 4);
    return null;
  } catch (error) {
    return error;
  }
}

/**
 * @param {string} resource an address or a path, or '' for the scope as a whole
 * @returns {Error | null} node's error where the network is denied
 */
function findDenial(resource) {
  if (has('net', resource === '' ? undefined : resource)) return null;
  if (refusal === undefined) refusal = askNode();
  if (refusal === null) return null;
  const { message, code, permission: scope } = refusal;
  return Object.assign(new Error(message), {
    code,
    permission: scope,
    resource,
  });
}

function checkDenial(resource) {
  const denial = findDenial(resource);
  if (denial !== null) throw denial;
}

const findNothing = () => null;
function checkNothing() {}

module.exports = {
  /** As `findDenial`, and throws what it finds. */
  checkNet: hasScope ? checkDenial : checkNothing,
  findNetDenial: hasScope ? findDenial : findNothing,
};
