'use strict';

require('./lib/common/host').expectNode();

const { loadOwn } = require('./lib/node/loader');

const { net } = loadOwn(() => require('./lib/net'));

module.exports = net;

// Never called. Node reads the export names of a CommonJS module from its text;
// these make `import { connect } from 'rust-net'` work.
void function names() {
  exports.BlockList = exports.BoundSocket = exports.Server = undefined;
  exports.Socket = exports.SocketAddress = exports.Stream = undefined;
  exports._TransferredBoundSocket = exports._createServerHandle = undefined;
  exports._normalizeArgs = exports._setSimultaneousAccepts = undefined;
  exports.connect = exports.createConnection = undefined;
  exports.createServer = exports.getDefaultAutoSelectFamily = undefined;
  exports.getDefaultAutoSelectFamilyAttemptTimeout = undefined;
  exports.getStats = undefined;
  exports.isIP = exports.isIPv4 = exports.isIPv6 = undefined;
  exports.promises = undefined;
  exports.setDefaultAutoSelectFamily = undefined;
  exports.setDefaultAutoSelectFamilyAttemptTimeout = undefined;
};
