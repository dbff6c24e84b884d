'use strict';

/**
 * Hides globals that the common/ of every test reads but no selected test uses.
 * Reading them leaves traces that tests of async hooks take for leaks. For
 * WebSocket, Node 22 compiles a parser in the background. localStorage, which
 * Node has by default since 25, warns in a tick that it has no file.
 */
function hide() {
  const major = parseInt(process.versions.node, 10);
  const globals = /** @type {any} */ (globalThis);
  if (major === 22) delete globals.WebSocket;
  if (major >= 25) delete globals.localStorage;
}

module.exports = { hide };
