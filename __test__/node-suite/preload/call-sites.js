'use strict';

const util = require('node:util');

/**
 * What `util.getCallSites(count)` of Node >= 22.12 answers.
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
 * The suites of Node >= 22.9 name the caller of a failed `mustCall` by it: as
 * `getCallSite` at first, as `getCallSites` since 22.12.
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
