'use strict';

/*
 * Node's own net, taken once. The rest of rust-net takes it from here: where
 * `net` has been swapped, mocked or hooked, a `require` could give another.
 */

const { loadOwn } = require('./loader');

// By the name that no cache answers.
module.exports = loadOwn(() => require('node:net'));
