'use strict';

/*
 * Node's permission model. Node checks its own net in C++, which a native addon
 * bypasses; so rust-net checks here. Without a permission model, or with one that
 * has no network scope, nothing is checked.
 */

const { isAtLeast } = require('./release');
const { serverHandleCreator } = require('./server-handle');

// Taken at load time, before a program can replace them.
const { permission } = /** @type {any} */ (process);
const has = permission?.has;
const hasScope =
  has !== undefined && process.allowedNodeEnvironmentFlags.has('--allow-net');

// Not an address, so that nothing is bound when node allows the attempt.
const kNoAddress = '-';

/** Node's own error; null when node only audits; undefined before it is asked. */
let refusal;

/** The error where node cannot be asked; its members are those of node's. */
const ownRefusal = {
  message: 'Access to this API has been restricted.',
  code: 'ERR_ACCESS_DENIED',
  permission: 'Net',
};

/**
 * Returns node's error for a denied network, or null with `--permission-audit`.
 * There `has()` denies the scope but node proceeds, which only an attempt shows.
 * The audit reports that attempt once, as a bind.
 */
function askNode() {
  const createServerHandle = serverHandleCreator();
  if (createServerHandle === undefined) return ownRefusal;
  try {
    createServerHandle(kNoAddress, 0, 4);
    return null;
  } catch (error) {
    return error;
  }
}

/**
 * Returns the error with which node denies a resource.
 *
 * @param {string} resource an address or a path, or '' for the scope as a whole
 * @returns {Error | null} ERR_ACCESS_DENIED; null when it is allowed
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

/** Node 26.12 denies `open()` of a descriptor; 26.10 does not. */
const deniesOpen = isAtLeast(26, 12);

module.exports = {
  /** As `checkNet`, for a descriptor that a program opens. */
  checkOpen: hasScope && deniesOpen ? checkDenial : checkNothing,
  /** Throws ERR_ACCESS_DENIED when node denies the resource. */
  checkNet: hasScope ? checkDenial : checkNothing,
  /** Returns that error, or null when the resource is allowed. */
  findNetDenial: hasScope ? findDenial : findNothing,
};
