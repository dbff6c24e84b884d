'use strict';

/*
 * Monitoring hooks into `require` and keeps what it has seen of each module. Where
 * it was there before us and has seen node's net, it goes on giving that.
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
 * Gives rust-net to whoever gets node's net from a hook. Anything else that a
 * hook gives, such as a mock, is left to it.
 *
 * @param {(file: string | undefined) => any} answer as for `swapCommonJs`
 */
function overrideHooks(answer) {
  const { prototype } = /** @type {any} */ (Module);
  const ask = prototype.require;
  prototype.require = function (id) {
    const found = Reflect.apply(ask, this, arguments);
    if (!isNet(id)) return found;
    const nodeNet = loadOwn(() => require('../node/net'));
    if (found !== nodeNet) return found;
    const net = answer(this.filename ?? undefined);
    if (net === undefined) return found;
    warn();
    return net;
  };
}

module.exports = { overrideHooks };
