'use strict';

/*
 * Node's own net, loaded once. All of rust-net imports it from here: after `net`
 * was swapped, mocked or hooked, a `require` could return another module.
 */

const { loadOwn } = require('./loader');

// With the `node:` prefix, for which node consults no cache.
module.exports = loadOwn(() => require('node:net'));
