'use strict';

/**
 * The swap for `import`: module.registerHooks where it exists (>= 22.15), in
 * this thread and without a warning; else module.register (>= 18.19), whose
 * hooks run in a thread of their own. Only tests that import pay for it: the
 * hooks' thread is a resource that tests of handles and async ids would see.
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
  // child_process and worker_threads were patched: tell their ES twins.
  module.syncBuiltinESMExports();
}

module.exports = { install };
