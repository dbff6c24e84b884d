'use strict';

/*
 * Swaps net and `net/promises` for `require`, `module.createRequire` and
 * `process.getBuiltinModule`. Node's internals use none of these, so they keep
 * their own net.
 */

const Module = require('module');

const { callerOf } = require('../node/caller');

/**
 * Returns true when a request names net, with or without `node:`.
 *
 * @param {unknown} request
 * @returns {boolean}
 */
function isNet(request) {
  return request === 'net' || request === 'node:net';
}

/**
 * Returns true when a request names `net/promises`, with or without `node:`.
 *
 * @param {unknown} request
 * @returns {boolean}
 */
function isNetPromises(request) {
  return request === 'net/promises' || request === 'node:net/promises';
}

/**
 * Returns what a request for net, or for `net/promises`, gets.
 *
 * @param {unknown} request
 * @param {() => Record<string, unknown> | undefined} find returns net, or undefined
 *   where node's stays
 * @returns {unknown} undefined where node's stays, or for any other request
 */
function answer(request, find) {
  if (isNet(request)) return find();
  return isNetPromises(request) ? find()?.promises : undefined;
}

/** @param {(file: string | undefined) => any} netFor */
function swapLoad(netFor) {
  const module = /** @type {any} */ (Module);
  const load = module._load;
  module._load = function (request, parent) {
    const find = () => netFor(parent?.filename ?? undefined);
    return answer(request, find) ?? Reflect.apply(load, this, arguments);
  };
}

/** @param {(file: string | undefined) => any} netFor */
function swapGetBuiltinModule(netFor) {
  const { getBuiltinModule } = /** @type {any} */ (process);
  // Newer than Node 18.
  if (getBuiltinModule === undefined) return;
  const swapped = {
    getBuiltinModule(id) {
      // Node passes no caller, so the caller is read off the stack.
      const { getBuiltinModule: below } = swapped;
      const found = answer(id, () => netFor(callerOf(below).file));
      return found ?? getBuiltinModule.call(process, id);
    },
  };
  /** @type {any} */ (process).getBuiltinModule = swapped.getBuiltinModule;
}

/**
 * Makes CommonJS code in this thread get net from `netFor`.
 *
 * @param {(file: string | undefined) => any} netFor gets the path or URL of the
 *   requiring file; when it returns undefined, that file gets node's net
 */
function swapCommonJs(netFor) {
  swapLoad(netFor);
  swapGetBuiltinModule(netFor);
}

module.exports = { isNet, swapCommonJs };
