'use strict';

// The rule engine of an addon built with the feature `faults`: see
// src/sys/faults. Only the binary exports these functions; lib/ does not use
// them.

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

/** Returns the functions of the binary that this process has loaded. */
function engine() {
  const binding = require(path.resolve(process.env.RUST_NET_BINARY ?? ''));
  return {
    /** Sets the rules and resets the counts. Without a rule no call fails. */
    arm: (...rules) => binding.setFaultRules(rules),
    /** Returns how often each call was reached since then, by name. */
    reached: () => binding.reachedCalls(),
    /** Returns how many calls have failed since then. */
    struck: () => binding.struckCalls(),
  };
}

module.exports = { engine, faultsBinary };
