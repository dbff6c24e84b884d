'use strict';

/**
 * The common/ of every test looks at globals that no test of ours uses, and
 * that leave traces which tests of async hooks take for leaks: behind
 * WebSocket, Node 22 compiles a parser in the background, and localStorage,
 * which Node has by default since 25, warns in a tick that it has no file.
 */
function hide() {
  const major = parseInt(process.versions.node, 10);
  const globals = /** @type {any} */ (globalThis);
  if (major === 22) delete globals.WebSocket;
  if (major >= 25) delete globals.localStorage;
}

module.exports = { hide };
