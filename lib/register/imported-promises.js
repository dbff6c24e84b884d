'use strict';

/*
 * What `import 'net/promises'` resolves to, as in imported-net.js. Where rust-net
 * cannot be loaded, it is node's; older Nodes have none, and then this throws what
 * they throw.
 */

const { findNet } = require('./find-net');

// A name that the types do not know: not each release has it.
const name = 'node:net/promises';

if (findNet() === undefined) module.exports = require(name);
else module.exports = require('../../promises');
