'use strict';

/*
 * The swap for whoever asks by `require`, `module.createRequire` or
 * `process.getBuiltinModule`. Node's internals ask in none of these ways, and
 * so keep their own net.
 */

const Module = require('module');

/**
 * @param {unknown} request
 * @returns {boolean}
 */
function isNet(request) {
  return request === 'net' || request === 'node:net';
}

/**
 * @param {Function} above
 * @returns {string | undefined} the file that called this function
 */
function callerFile(above) {
  const { prepareStackTrace } = Error;
  try {
    Error.prepareStackTrace = (error, sites) => sites;
    const holder = /** @type {any} */ ({});
    Error.captureStackTrace(holder, above);
    const name = holder.stack[0] && holder.stack[0].getFileName();
    return name || undefined;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

/** @param {(file: string | undefined) => any} answer */
function swapLoad(answer) {
  const module = /** @type {any} */ (Module);
  const load = module._load;
  module._load = function (request, parent) {
    if (isNet(request)) {
      const net = answer(parent?.filename ?? undefined);
      if (net !== undefined) return net;
    }
    return Reflect.apply(load, this, arguments);
  };
}

/** @param {(file: string | undefined) => any} answer */
function swapGetBuiltinModule(answer) {
  const { getBuiltinModule } = /** @type {any} */ (process);
  // Newer than Node 18.
  if (getBuiltinModule === undefined) return;
  const swapped = {
    getBuiltinModule(id) {
      // It is given no caller, so that one is read off the stack.
      const net = isNet(id)
        ? answer(callerFile(swapped.getBuiltinModule))
        : undefined;
      return net ?? getBuiltinModule.call(process, id);
    },
  };
  /** @type {any} */ (process).getBuiltinModule = swapped.getBuiltinModule;
}

/**
 * Has this thread's code ask `answer` for net.
 *
 * @param {(file: string | undefined) => any} answer is told who asks, a path
 *   or a URL; undefined leaves node's net
 */
function swapCommonJs(answer) {
  swapLoad(answer);
  swapGetBuiltinModule(answer);
}

module.exports = { isNet, swapCommonJs };
