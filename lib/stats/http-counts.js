'use strict';

/*
 * What node:http and the built-in fetch have of rust-net in this thread. The native
 * side does not count by user, nor what cluster's primary accepts for a worker.
 */

module.exports = { isInstalled: false, accepted: 0, opened: 0, idleDropped: 0 };
