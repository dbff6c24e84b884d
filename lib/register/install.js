'use strict';

const Module = require('module');
const { pathToFileURL } = require('url');

const { swapCommonJs } = require('./common-js');
const { resolve } = require('./hooks');
const { isOwnFile } = require('./own-files');
const { findRefusal, isRefusal, warn } = require('./refusal');
const { overrideHooks } = require('./override-hooks');
// Before the swap: what it loads for us is not swapped.
const ipc = require('../bridge/ipc-receive');
const activeHandles = require('../node/active-handles');
const { keepLoaded, loadOwn } = require('../node/loader');
const { isRegisterOff, warnOfSettings } = require('../common/settings');

// In the process's symbol registry: a second copy of this package finds it too.
const kInstalled = Symbol.for('rust-net.register');

// Node 22 and 23 have it too, but there it fails beside an asynchronous loader
// of the program's (module.register), which is what most loaders are.
const kHasSyncHooks = parseInt(process.versions.node, 10) >= 24;

function swapImport() {
  const module = /** @type {any} */ (Module);
  if (kHasSyncHooks) {
    module.registerHooks({ resolve });
    return;
  }
  try {
    module.register(pathToFileURL(require.resolve('./hooks')).href);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    // There can be no other asynchronous loader either, without a thread.
    if (module.registerHooks) module.registerHooks({ resolve });
    else warn("rust-net/register leaves node's net to `import`", error);
  }
}

/**
 * Hands rust-net out as net, from here on and in this thread, to all code but
 * node's own. A second call does nothing, nor does any with
 * `RUST_NET_REGISTER=off` in the environment. Where node does not let the addon
 * be loaded, it warns and node's net stays.
 */
function install() {
  keepLoaded();
  const marks = /** @type {any} */ (process);
  if (isRegisterOff() || marks[kInstalled]) return;
  warnOfSettings();
  Object.defineProperty(marks, kInstalled, { value: true });
  const refusal = findRefusal();
  if (refusal !== null) {
    warn("rust-net/register leaves node's net in place", refusal);
    return;
  }
  // Before a program can replace node's answers.
  if (marks.permission) loadOwn(() => require('../node/permission'));
  ipc.install(() => loadOwn(() => require('../net')).loadSockets());
  activeHandles.install();
  // Loaded on first use: a program that never asks for net does not pay for it.
  const answer = (file) =>
    isOwnFile(file) ? undefined : loadOwn(() => require('../net')).net;
  swapCommonJs(answer);
  overrideHooks(answer);
  swapImport();
}

module.exports = { install };
