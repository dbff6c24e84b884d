'use strict';

const util = require('node:util');

/**
 * Implements `util.getCallSites(count)` of Node >= 22.12.
 *
 * @param {number} [count]
 */
function getCallSites(count = 8) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = count;
    Error.prepareStackTrace = (error, sites) => sites;
    const holder = /** @type {any} */ ({});
    Error.captureStackTrace(holder, getCallSites);
    return holder.stack.map((/** @type {NodeJS.CallSite} */ site) => ({
      functionName: site.getFunctionName() || '',
      scriptId: '0',
      scriptName: site.getFileName() || '',
      lineNumber: site.getLineNumber(),
      column: site.getColumnNumber(),
      columnNumber: site.getColumnNumber(),
    }));
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Supplies the function with which suites of Node >= 22.9 name the caller of a
 * failed `mustCall`: `getCallSite` at first, `getCallSites` since 22.12.
 */
function supply() {
  for (const name of ['getCallSite', 'getCallSites']) {
    if (name in util) continue;
    Object.defineProperty(util, name, {
      value: getCallSites,
      configurable: true,
      writable: true,
    });
  }
}

module.exports = { supply };
