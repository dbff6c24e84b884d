'use strict';

/*
 * The options that only rust-net's servers have.
 */

const { assignLimits } = require('./limits');
const { assignProxy } = require('./proxy');
const { readNamedOptions } = require('../common/named-options');
const {
  kCoalesce,
  kCopyWrites,
  kHandOver,
  kNamedOptions,
  kOffload,
  kRelays,
} = require('../common/symbols');
const { assignBlockList } = require('../socket/options');

/**
 * Takes a server's options of rust-net, and `blockList`. Throws node's errors for those
 * that are invalid.
 *
 * @param {Record<PropertyKey, any>} server
 * @param {Record<PropertyKey, any>} options
 */
function assignOwnOptions(server, options) {
  if (options.coalesce === false) server[kCoalesce] = false;
  if (options.relay === false) server[kRelays] = false;
  if (options.handOver === false) server[kHandOver] = false;
  if (typeof options.offload === 'boolean') server[kOffload] = options.offload;
  if (typeof options.copyWrites === 'boolean') {
    server[kCopyWrites] = options.copyWrites;
  }
  const named = readNamedOptions(options);
  if (named !== undefined) server[kNamedOptions] = named;
  assignBlockList(server, options);
  assignLimits(server, options);
  assignProxy(server, options);
}

module.exports = { assignOwnOptions };
