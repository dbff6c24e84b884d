'use strict';

/*
 * Swaps net for `require`, `module.createRequire` and
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

/** @param {(file: string | undefined) => any} netFor */
function swapLoad(netFor) {
  const module = /** @type {any} */ (Module);
  const load = module._load;
  module._load = function (request, parent) {
    if (isNet(request)) {
      const net = netFor(parent?.filename ?? undefined);
      if (net !== undefined) return net;
    }
    return Reflect.apply(load, this, arguments);
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
      const net = isNet(id)
        ? netFor(callerOf(swapped.getBuiltinModule).file)
        : undefined;
      return net ?? getBuiltinModule.call(process, id);
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
