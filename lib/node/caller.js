'use strict';

/**
 * Returns who called a function, read off the stack.
 *
 * @param {Function} above the function whose caller is wanted
 * @returns {{ file?: string, name?: string }} the caller's file and its own name
 */
function callerOf(above) {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 1;
    Error.prepareStackTrace = (error, sites) => sites;
    /** @type {{ stack?: any }} */
    const holder = {};
    Error.captureStackTrace(holder, above);
    const [site] = holder.stack;
    return {
      file: site?.getFileName() || undefined,
      name: site?.getFunctionName() || undefined,
    };
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

module.exports = { callerOf };
