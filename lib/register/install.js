'use strict';

const Module = require('module');
const { pathToFileURL } = require('url');

const { swapCommonJs } = require('./common-js');
const { resolve } = require('./hooks');
const { isRefusal, warn } = require('./availability');
const { findNet, findSockets, mayBeFound, netFor } = require('./find-net');
const { overrideHooks } = require('./override-hooks');
// Loaded before the swap, so that these modules get node's net.
const ipc = require('../bridge/ipc-receive');
const activeHandles = require('../node/active-handles');
const { mock, runsInJest } = require('../node/jest');
const { keepLoaded, loadOwn } = require('../node/loader');
const { isMainThread } = require('../node/main-thread');
const nodeNet = require('../node/net');
const { isAtLeast } = require('../node/release');
const {
  isHttpOn,
  isRegisterOff,
  warnOfSettings,
} = require('../common/settings');

// In the global symbol registry: a second copy of this package finds it too.
const kInstalled = Symbol.for('rust-net.register');

// Node 22 and 23 also have registerHooks. There it fails when the program uses
// an asynchronous loader (module.register), as most loaders are.
const kHasSyncHooks = isAtLeast(24);

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
    // Node refused the loader thread, so no other asynchronous loader can exist.
    if (module.registerHooks) module.registerHooks({ resolve });
    else warn("rust-net/register leaves node's net to `import`", error);
  }
}

/**
 * Gives rust-net as net to all code in this thread except node's own, from now
 * on. Does nothing on a second call, or with `RUST_NET_REGISTER=off` in the
 * environment. Where the addon cannot be loaded, it warns and node's net stays.
 */
function install() {
  keepLoaded();
  const marks = /** @type {any} */ (process);
  if (isRegisterOff() || marks[kInstalled]) return;
  warnOfSettings(isMainThread);
  Object.defineProperty(marks, kInstalled, { value: true });
  if (!mayBeFound()) return;
  // Before a program can replace node's functions.
  if (marks.permission) loadOwn(() => require('../node/permission'));
  ipc.install(() => loadOwn(() => require('../net')).loadSockets());
  activeHandles.install();
  if (runsInJest()) {
    const findOrLeave = () => findNet() ?? nodeNet;
    for (const name of ['net', 'node:net']) mock(name, findOrLeave);
  } else {
    swapCommonJs(netFor);
    overrideHooks(netFor);
    swapImport();
  }
  if (isHttpOn()) {
    loadOwn(() => require('../http/install')).installEarly(findSockets);
  }
}

module.exports = { install };
