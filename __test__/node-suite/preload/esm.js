'use strict';

/**
 * The swap for `import`. It uses module.registerHooks where that exists (>=
 * 22.15), in this thread and without a warning. Otherwise it uses
 * module.register (>= 18.19), whose hooks run in another thread. Only tests
 * that import use it, because tests of handles and async ids would see that
 * thread.
 */

const Module = require('node:module');
const { pathToFileURL } = require('node:url');

const hooks = require('./esm-hooks.js');
const { exportedNames } = require('./swap.js');

/** Installs the hooks for this thread. */
function install() {
  const module = /** @type {any} */ (Module);
  const exported = exportedNames();
  hooks.initialize({ exported });
  if (module.registerHooks) {
    module.registerHooks({ resolve: hooks.resolve, load: hooks.load });
  } else {
    const url = pathToFileURL(require.resolve('./esm-hooks.js'));
    module.register(url, { data: { exported } });
  }
  // child_process and worker_threads were patched: update their ES module
  // exports.
  module.syncBuiltinESMExports();
}

module.exports = { install };
