'use strict';

/*
 * Monitoring agents hook `require` and cache each module that they saw. An agent
 * that was installed before rust-net and saw node's net keeps returning it.
 */

const Module = require('module');

const { loadOwn } = require('../node/loader');
const { isNet } = require('./common-js');

let hasWarned = false;

function warn() {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    "A hook on require() had loaded node's net; what it adds to net is " +
      'missing. Load rust-net/register before the hook.',
    { code: 'RUST_NET_HOOK' },
  );
}

/**
 * Returns rust-net where a hook on `require` returns node's net. Anything else
 * that a hook returns, such as a mock, stays.
 *
 * @param {(file: string | undefined) => any} netFor as for `swapCommonJs`
 */
function overrideHooks(netFor) {
  const { prototype } = /** @type {any} */ (Module);
  const hooked = prototype.require;
  prototype.require = function (id) {
    const found = Reflect.apply(hooked, this, arguments);
    if (!isNet(id)) return found;
    const nodeNet = loadOwn(() => require('../node/net'));
    if (found !== nodeNet) return found;
    const net = netFor(this.filename ?? undefined);
    if (net === undefined) return found;
    warn();
    return net;
  };
}

module.exports = { overrideHooks };
