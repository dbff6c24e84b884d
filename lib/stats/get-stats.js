'use strict';

const { codes } = require('../common/errors');
const { listensHere } = require('../node/http-server');
const { isOwnInstance } = require('../node/instance-of');
const { Server } = require('../server/server');
const { Socket } = require('../socket/socket');
const { environmentStats, serverStats, socketStats } = require('./stats');

const { ERR_INVALID_ARG_TYPE } = codes;

/**
 * Returns the counters of this thread, or of one socket or server.
 *
 * @param {any} target undefined, or a Socket or Server of rust-net
 * @returns {object} see docs/api.md
 * @throws {Error} ERR_INVALID_ARG_TYPE for anything else
 */
function getStats(target) {
  if (target === undefined) return environmentStats();
  if (isOwnInstance(Socket, target)) return socketStats(target);
  if (isOwnInstance(Server, target) || listensHere(target)) {
    return serverStats(target);
  }
  throw new ERR_INVALID_ARG_TYPE('target', ['Socket', 'Server'], target);
}

module.exports = { getStats };
