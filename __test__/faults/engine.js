'use strict';

// The rule engine of an addon that was built with the feature `faults`: see
// src/sys/faults. Its functions are the binary's own; lib/ knows nothing of them.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..', '..');
const folder = path.join(root, 'target', 'faults', 'addon');

/** @returns {string | undefined} the binary that `npm run build:faults` makes */
function faultsBinary() {
  if (!fs.existsSync(folder)) return undefined;
  const name = fs.readdirSync(folder).find((file) => file.endsWith('.node'));
  return name && path.join(folder, name);
}

/** The functions of the binary that this process runs on. */
function engine() {
  const binding = require(path.resolve(process.env.RUST_NET_BINARY ?? ''));
  return {
    /** Sets the rules, and counts from zero. Nothing fails without a rule. */
    arm: (...rules) => binding.setFaultRules(rules),
    /**
     * How often each call was reached since then, was answered with EAGAIN, and
     * was that for no reason (`futile_calls`): a number a name.
     */
    counts: () => ({
      reached: binding.reachedCalls(),
      blocked: binding.blockedCalls(),
      futile: binding.futileCalls(),
    }),
    /** How many calls have failed since then. */
    struck: () => binding.struckCalls(),
  };
}

module.exports = { engine, faultsBinary };
