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

/** @returns {boolean} true in a cluster worker that can ask its primary */
function hasPrimary() {
  return !getCluster().isPrimary && hasGetServer() !== undefined;
}

/**
 * Asks the cluster's primary for a handle that listens.
 *
 * @param {any} server
 * @param {object} query
 * @param {(status: number, handle: any) => void} done
 */
function askPrimary(server, query, done) {
  getCluster()._getServer(server, query, done);
}

module.exports = { askPrimary, hasPrimary };
