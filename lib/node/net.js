'use strict';

/*
 * Node's own net, loaded once. All of rust-net imports it from here: after `net`
 * was swapped, mocked or hooked, a `require` could return another module.
 */

const { actual, runsInJest } = require('./jest');
const { loadOwn } = require('./loader');

// With the `node:` prefix, for which node consults no cache. Jest may load this file
// again after `rust-net/register` has mocked net.
module.exports = runsInJest()
  ? /** @type {typeof import('net')} */ (actual('node:net'))
  : loadOwn(() => require('node:net'));
