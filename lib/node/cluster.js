'use strict';

const { functionOf, internal } = require('./internals');
const { loadOwn } = require('./loader');

const getCluster = () => /** @type {any} */ (loadOwn(() => require('cluster')));

const hasGetServer = internal(
  'cluster._getServer',
  'each cluster worker listens by itself',
  () => {
    const cluster = getCluster();
    // The primary has none.
    return cluster.isPrimary || functionOf(cluster._getServer);
  },
);

/**
 * Returns true in a cluster worker that can ask its primary for handles.
 *
 * @returns {boolean}
 */
function hasPrimary() {
  return !getCluster().isPrimary && hasGetServer() !== undefined;
}

/**
 * Asks the cluster's primary for a listening handle.
 *
 * @param {any} server
 * @param {object} query as `cluster._getServer` takes it
 * @param {(status: number, handle: any) => void} done gets 0 or a negative errno
 */
function askPrimary(server, query, done) {
  getCluster()._getServer(server, query, done);
}

module.exports = { askPrimary, hasPrimary };
